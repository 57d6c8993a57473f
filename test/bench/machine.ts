// Processes of their own, each on the core that is its; and what they use of the machine.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** Whoever answers has one core, and whoever asks another: neither takes from the other. */
const CORES = { answers: '0', asks: '1' };
const canPin = availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0;
const ALL_CORES = `0-${availableParallelism() - 1}`;
let isPinned = false;
const hasProc = existsSync('/proc/self/stat');

/** From now on this process and its threads ask, and others answer; or everybody has the whole machine again. */
export function pinThis(isWanted: boolean): void {
  if (!canPin || isPinned === isWanted) return;
  isPinned = isWanted;
  spawnSync('taskset', ['-a', '-p', '-c', isPinned ? CORES.asks : ALL_CORES, String(process.pid)]);
}

export function machine(): string {
  const [cpu] = cpus();
  const pinned = canPin ? 'who answers and who asks have a core each in chat and claim' : 'cores are not pinned';
  return `${cpu?.model.trim()}, ${availableParallelism()} cores, ${process.platform} ${process.arch}, Node ${process.version}; ${pinned}`;
}

export type Process = {
  readonly child: ChildProcess;
  /** Its log, at most the last of it. */
  tail(): string;
  /** Stands still while others are measured. */
  rest(): void;
  wake(): void;
  /** Microseconds of processor time so far, of all its threads. */
  cpu(): number;
  /** Bytes of memory: now, and at most. */
  memory(): { readonly now: number; readonly most: number };
  /** Bytes that it had the disk write. */
  written(): number;
  end(signal?: NodeJS.Signals): Promise<void>;
};

const TAIL = 8000;

/** None outlives the bench, however that ends. */
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

export function startProcess(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Process {
  const [command, ...rest] = isPinned
    ? ['taskset', '-c', CORES.answers, process.execPath, ...args]
    : [process.execPath, ...args];
  const child = spawn(command!, rest, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  let tail = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      tail = (tail + String(part)).slice(-TAIL);
    });
  const proc = (file: string): string => readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
  const of = (file: string, name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(proc(file))![1]);
  return {
    child,
    tail: () => tail,
    rest: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    cpu: () => (hasProc ? cpuOf(child.pid!) : Number.NaN),
    memory: () =>
      hasProc
        ? { now: of('status', 'VmRSS') * 1024, most: of('status', 'VmHWM') * 1024 }
        : { now: Number.NaN, most: Number.NaN },
    written: () => (hasProc ? of('io', 'write_bytes') : Number.NaN),
    async end(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGCONT');
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

/** In hundredths of a second, as Linux keeps it, ended threads included. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
