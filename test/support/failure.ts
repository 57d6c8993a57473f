// What a test means to fail, and what it fails with.

/** How it fails; with anything else, or not at all, the test does. */
export async function failureOf<E extends Error>(
  work: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof kind) return error;
  throw new Error(`failed as no ${kind.name}`, { cause: error });
}
