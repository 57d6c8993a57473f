// What is said to people stands in both languages (`core/base/words`); a test looks for words of the English one.

/** As `expect.stringContaining`, for a text and for one in both languages. */
export function saying(words: string): string {
  const matcher = {
    $$typeof: Symbol.for('jest.asymmetricMatcher'),
    asymmetricMatch: (said: unknown): boolean => said !== undefined && String(said).includes(words),
    toString: () => 'saying',
    getExpectedType: () => 'string',
    toAsymmetricMatcher: () => `saying ${words}`,
  };
  return matcher as unknown as string;
}
