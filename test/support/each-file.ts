// What every test file leaves behind it: files share a process, and whoever spoke Chinese must not be heard in the next one.
import { afterAll } from 'vitest';
import { speak } from '../../src/commands/shared/language.ts';

afterAll(() => speak('en'));
