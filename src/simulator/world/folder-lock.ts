// One simulator a folder: two would each write what the other does not know.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BadInput } from '../../core/base/error.ts';

/** Whoever was just killed needs a moment to be gone. */
const TRIES = 20;
const PAUSE_MS = 50;

/** Folders of this process. */
const ours = new Set<string>();

/** The answer opens it again. What a process that is gone left locked is open. */
export async function lockFolder(folder: string | undefined): Promise<() => void> {
  if (folder === undefined) return () => undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'simulator.lock');
  for (let n = 0; ours.has(file) || isHeld(file); n++) {
    if (ours.has(file) || n === TRIES)
      throw new BadInput(
        `${folder}: another simulator (process ${ownerOf(file)}) is at work in it; give this one --folder, or --memory`,
      );
    await pause(PAUSE_MS);
  }
  writeFileSync(file, `${process.pid}\n`, { mode: 0o600 });
  ours.add(file);
  return () => {
    if (!ours.delete(file)) return;
    rmSync(file, { force: true });
  };
}

function isHeld(file: string): boolean {
  const owner = ownerOf(file);
  return owner !== undefined && owner !== process.pid && isAlive(owner);
}

function ownerOf(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
