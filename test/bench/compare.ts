// Ours beside the peers and the floors of the same run, and what is promised of that.

import { havePeers, type Peer, type PeerName, startPeer } from './peers.ts';
import type { Mode } from './pushes.ts';
import { promised, row } from './report.ts';
import { type Measured, median, mediansOf, type Side, spreadOf } from './rounds.ts';

/** Beyond this a peer's own rounds say nothing. */
const SPREAD_MAX = 0.15;

export type Others = { readonly sides: readonly Side[]; readonly peer: Side | undefined; stop(): Promise<void> };

type OtherSpec = readonly [name: string, kind: PeerName, more?: Readonly<Record<string, string>>];

/** The peers, if they are there, and the floors; each says something to every push. */
export async function startOthers(
  mode: Mode,
  requests: Side['requests'],
  floors: readonly OtherSpec[],
): Promise<Others> {
  const specs: OtherSpec[] = havePeers()
    ? [['co-wechat on Koa 2', 'co-wechat'], ['node-easywechat', 'easywechat'], ...floors]
    : [...floors];
  const sides: Side[] = [];
  const started: Peer[] = [];
  for (const [name, kind, more] of specs) {
    const peer = await startPeer(kind, mode, more);
    started.push(peer);
    sides.push({
      name,
      ...peer,
      requests,
      expected: mode === 'safe' && more?.kind !== 'bare' ? '<Encrypt>' : '<Content>',
    });
  }
  return {
    sides,
    peer: sides.find(({ name }) => name.startsWith('co-wechat')),
    async stop() {
      for (const { process } of started) await process.end();
    },
  };
}

export function say(mode: Mode, all: ReadonlyMap<Side, readonly Measured[]>): void {
  for (const [{ name }, measured] of all) {
    const { perSecond, cpu, p50, p99, max } = mediansOf(measured);
    const times = [p50, p99, max].map(ms => ms.toFixed(1)).join(' / ');
    const spread = Math.round(100 * spreadOf(measured.map(each => each.perSecond)));
    const value = `${Math.round(perSecond)} /s, ${cpu.toFixed(1)} µs CPU, ${times} ms (p50/p99/max), spread ${spread} %`;
    row(`${mode}: ${name}`, value, { figure: cpu });
  }
}

/** The machine had other things to do: what the clock says of it is nobody's. */
export function isBusy(measured: readonly Measured[]): boolean {
  return spreadOf(measured.map(each => each.perSecond)) > SPREAD_MAX;
}

type Ratio = { readonly figure: number; readonly unsure?: string };

/**
 * So many times as fast as the other: the median of the rounds' own ratios. Where the other's rounds lie too far apart in time, by
 * the processor time a request, which what else the machine does disturbs less; where that does too, nobody can tell.
 */
function ratioOf(ours: readonly Measured[], theirs: readonly Measured[]): Ratio & { readonly by: string } {
  const ratios = (of: (ours: Measured, theirs: Measured) => number): number =>
    median(ours.map((each, round) => of(each, theirs[round]!)));
  if (!isBusy(theirs)) return { figure: ratios((one, other) => one.perSecond / other.perSecond), by: '' };
  const figure = ratios((one, other) => other.cpu / one.cpu);
  const spreadCpu = spreadOf(theirs.map(each => each.cpu));
  if (spreadCpu <= SPREAD_MAX) return { figure, by: ', by CPU' };
  return { figure, by: ', by CPU', unsure: `the peer's own rounds lie ${Math.round(100 * spreadCpu)} % apart` };
}

export function ratio(
  what: string,
  least: number | undefined,
  all: ReadonlyMap<Side, readonly Measured[]>,
  [ours, theirs]: readonly [Side, Side | undefined],
): boolean {
  if (!theirs) return true;
  const { figure, by, unsure } = ratioOf(all.get(ours)!, all.get(theirs)!);
  const name = `${what} × ${theirs.name}${by}`;
  if (least !== undefined)
    return promised(name, figure, { least, unit: ' ×', ...(unsure !== undefined && { unsure }) });
  row(name, `${figure.toFixed(2)} ×${unsure === undefined ? '' : `, ${unsure}`}`, { figure });
  return true;
}
