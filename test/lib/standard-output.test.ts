// A log that cannot be written: its lines are lost, and nothing else. How a bot fares with one: `log.test.ts`.
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { standardOutput } from '../../src/lib/standard-output.ts';
import { ended } from '../support/ended.ts';

/** Takes so many bytes at a time, or throws what stands there. */
function disk(...answers: (number | string)[]) {
  const parts: Uint8Array[] = [];
  let tries = 0;
  const write = (bytes: Uint8Array): number => {
    tries++;
    const answer = answers.shift() ?? bytes.length;
    if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer });
    parts.push(bytes.slice(0, answer));
    return Math.min(answer, bytes.length);
  };
  return {
    output: standardOutput((lost, code) => `lost ${lost} ${code}\n`, write),
    text: () => Buffer.concat(parts).toString(),
    tries: () => tries,
  };
}

describe('a line', () => {
  test('is written whole, however little the other side takes at once', () => {
    const { output, text } = disk(1, 2);
    output.write('红包 a\n');
    output.write('b\n');
    expect(text()).toBe('红包 a\nb\n');
  });

  test('that there is no room for is lost, and how many were stands there once there is room again', () => {
    const { output, text } = disk(2, 'ENOSPC', 'ENOSPC', 'ENOSPC');
    for (const line of ['one\n', 'two\n', 'three\n', 'four\n']) output.write(line);
    expect(text()).toBe('on\nlost 3 ENOSPC\nfour\n');
  });

  test('waits a moment for whoever reads slowly, and not for ever', () => {
    const { output, text } = disk('EAGAIN', 'EAGAIN');
    output.write('one\n');
    expect(text()).toBe('one\n');
    const stuck = disk(...Array.from({ length: 1000 }, () => 'EAGAIN'));
    const began = performance.now();
    stuck.output.write('one\n');
    for (const line of ['two\n', 'three\n']) stuck.output.write(line);
    expect(stuck.tries()).toBeLessThan(30);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

test('a level that is none is refused in one sentence, and an empty one is none at all', async () => {
  const CLI = resolve(import.meta.dirname, '../../src/launch/hongbao.js');
  const child = spawn(process.execPath, [CLI, 'start'], {
    cwd: tmpdir(),
    env: { ...process.env, LOG_LEVEL: 'loud', PORT: '0', LANG: 'en_US.UTF-8' },
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
  });
  expect([await ended(child), said]).toEqual([
    2,
    expect.stringContaining('LOG_LEVEL=loud is no level; use trace, debug, info'),
  ]);
}, 60_000);
