// How the tests run: two at a time, as real processes, without a fresh world for each file.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/setup.ts'],
    setupFiles: ['test/support/each-file.ts'],
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    // A shared machine may stall for seconds; what is wrong is wrong three times.
    retry: process.env.CI ? 2 : 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // What a page shows may take longer than a second there; what never comes fails all the same.
    expect: { poll: { timeout: 10_000 } },
    reporters: ['default', './test/support/reporter.ts'],
  },
});
