// What is said to people stands in both languages (`core/base/words`); a test looks for words of the English one.

/** As `expect.stringContaining` and `stringMatching`, for a text and for one in both languages. */
export function saying(words: string | RegExp): object {
  const fits = (text: string): boolean => (typeof words === 'string' ? text.includes(words) : words.test(text));
  return {
    $$typeof: Symbol.for('jest.asymmetricMatcher'),
    asymmetricMatch: (said: unknown): boolean => said !== undefined && fits(String(said)),
    toString: () => 'saying',
    getExpectedType: () => 'string',
    toAsymmetricMatcher: () => `saying ${words}`,
  };
}
