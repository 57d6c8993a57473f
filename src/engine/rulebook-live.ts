// What went live last, as the store remembers it, and what its claims say: rule files are compared with both before they go
// live, and what went live is written down first. Many processes share one record: whoever goes live later is compared with
// whoever did before, and nothing that was live once is forgotten.

import { isRecovered } from '../core/audit/claim-of-number.ts';
import { Fault, type Finding, findingAt } from '../core/base/error.ts';
import { openId } from '../core/base/event.ts';
import { t } from '../core/base/words/words.ts';
import type { Claim } from '../core/decide/decision.ts';

import { commitmentOf, seedsFrom } from '../core/decide/draw.ts';
import { PROGRESS } from '../core/decide/said.ts';
import { LINTS, type Severity, type Warning } from '../core/lint/catalogue.ts';
import {
  type ClaimedCampaign,
  type ClaimsOf,
  type Counted,
  compareLive,
  type Evidence,
  type LiveFinding,
  recordOfClaims,
  sidesOf,
} from '../core/live/live.ts';
import { type LiveRecord, recordAfter, recordFrom } from '../core/live/record.ts';
import { SEND_RULE } from '../core/payout/bulk.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import { Places } from '../core/yaml/path-position.ts';
import type { Clock, Store } from '../ports.ts';
import type { Verdict } from './rulebook.ts';

/** The note of this lease is the record. A move to another store takes it along. */
export const LIVE = 'rules:live';
/** Longer than a note takes to be written. */
const LEASE_MS = 5000;
const LEASE_TRIES = 40;
const LEASE_PAUSE_MS = 150;
/** Followers of one thing are told apart up to so many. */
const FOLLOWERS_MAX = 10_000;

type LivePorts = {
  readonly store: Pick<Store, 'facts' | 'snapshot' | 'note' | 'lease' | 'release'>;
  readonly clock: Clock;
  /** The secret of the seeds. */
  readonly secret: string;
  readonly holder: string;
  readonly sleep: (ms: number) => Promise<void>;
  /** The notes under which programs of before kept the print of the files they had live. */
  readonly formerPrints: readonly string[];
  /** How grave bot.yaml takes a change that only costs something. */
  readonly severity?: Severity | undefined;
};

/** Campaigns with the texts they were read from, and the print of all their files. */
export type Going = {
  readonly campaigns: readonly Campaign[];
  readonly texts: ReadonlyMap<string, string>;
  readonly print: string;
  /** Not all the files there are. */
  readonly isPart?: boolean;
};

export type LiveBook = {
  /** What keeps them from going live, next to what was live last. Writes nothing. */
  judge(going: Going): Promise<Verdict>;
  /** The same; and without a finding the record says from now on that they are live. */
  enter(going: Going): Promise<Verdict>;
};

export function liveBook(ports: LivePorts): LiveBook {
  const { store, clock, holder, sleep } = ports;
  const seedOf = seedsFrom(ports.secret);
  const commitment = (campaign: string): string => commitmentOf(seedOf(campaign));
  /** Where nothing that is compared has changed since, the store is not asked: words may change while it is away. */
  let entered: string | undefined;
  let runs = 0;

  const judge = async (going: Going, note: string | undefined): Promise<Verdict> => {
    const record = recordFrom(note) ?? (await withoutRecord(ports, going));
    return record ? verdictOf(await findingsOf(ports, record, going, commitment), going, ports.severity) : NOTHING;
  };
  const takeLease = async () => {
    const me = `${holder}/live/${++runs}`;
    for (let tries = 0; tries < LEASE_TRIES; tries++) {
      const lease = await store.lease(LIVE, me, LEASE_MS, clock());
      if (lease) return lease;
      await sleep(LEASE_PAUSE_MS);
    }
    throw new Fault('store', 'safe', 'rules-live', t`another process is going live with rules just now`);
  };
  return {
    judge: async going => judge(going, await store.note(LIVE)),
    async enter(going) {
      const sides = sidesOf(going.campaigns, commitment);
      const print = JSON.stringify(sides.map(({ live }) => live));
      if (print === entered) return NOTHING;
      for (;;) {
        const note = await store.note(LIVE);
        const verdict = await judge(going, note);
        if (verdict.findings.length > 0) return verdict;
        const next = JSON.stringify(
          recordAfter(
            recordFrom(note),
            sides.map(({ live }) => live),
          ),
        );
        if (next !== note) {
          const lease = await takeLease();
          // Somebody else went live in between: compared with that.
          const isSame = (await store.note(LIVE)) === note;
          const isWritten = await store.release(lease, clock(), isSame ? next : undefined);
          if (!isSame || !isWritten) continue;
        }
        entered = print;
        return verdict;
      }
    },
  };
}

const NOTHING: Verdict = { findings: [], warnings: [] };

/** Each with its place. */
function verdictOf(found: readonly LiveFinding[], { texts }: Going, severity: Severity = 'warning'): Verdict {
  const places = new Map<string, Places>();
  const { basis } = LINTS['live-change'];
  const findings: Finding[] = [];
  const warnings: Warning[] = [];
  for (const { campaign, path, message, refused } of found) {
    const { file } = campaign;
    const known = places.get(file) ?? new Places(texts.get(file) ?? '');
    places.set(file, known);
    const finding = findingAt(file, known.at(path), message);
    if (refused || severity === 'error') findings.push(finding);
    else if (severity === 'warning') warnings.push({ ...finding, id: 'live-change', severity, basis });
  }
  return { findings, warnings };
}

// ── Evidence ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What has to be known of the store is heard from the comparison itself: where nothing changed, it is not asked at all. */
async function findingsOf(
  { store, clock }: LivePorts,
  record: LiveRecord,
  { campaigns, isPart = false }: Going,
  commitment: (campaign: string) => string,
): Promise<LiveFinding[]> {
  const now = clock();
  const counters = new Map<string, number>();
  let counts: ClaimCounts | undefined;
  for (;;) {
    const asked = { counters: new Set<string>(), claims: false };
    const evidence: Evidence = {
      claims(of) {
        asked.claims ||= counts === undefined;
        return counts?.counted(of) ?? { followers: 1, claims: 1 };
      },
      counter(name) {
        if (!counters.has(name)) asked.counters.add(name);
        return counters.get(name) ?? Number.MAX_SAFE_INTEGER;
      },
    };
    const found = compareLive(record, campaigns, { evidence, now, isPart, commitmentOf: commitment });
    if (!asked.claims && asked.counters.size === 0) return found;
    if (asked.claims) counts = await claimCountsOf(store);
    const wanted = { account: '', user: openId(''), merchant: undefined, claims: [], counters: [...asked.counters] };
    const { counters: values } = await store.facts(wanted);
    for (const name of asked.counters) counters.set(name, values.get(name) ?? 0);
  }
}

const NO_CLAIMS: Counted = { followers: 0, claims: 0 };

/** All claims of some campaigns, or of all, by what they are of. */
class ClaimCounts {
  private readonly sums = new Map<string, { claims: number; readonly followers: Set<string> }>();
  private readonly campaigns = new Map<string, { from: number; to: number; rules: Set<string>; prizes: Set<string> }>();

  add(claim: Claim): void {
    const { key, campaign, rule, prize, user, at } = claim;
    const occasion = key.slice(key.lastIndexOf('/') + 1);
    const keys = [nameOf({ campaign }), nameOf({ campaign, rule }), nameOf({ campaign, prize })];
    if (occasion.startsWith('round-')) keys.push(nameOf({ campaign, round: occasion.slice('round-'.length) }));
    for (const name of keys) {
      const sum = this.sums.get(name) ?? { claims: 0, followers: new Set<string>() };
      this.sums.set(name, sum);
      sum.claims++;
      if (sum.followers.size < FOLLOWERS_MAX) sum.followers.add(user);
    }
    const about = this.campaigns.get(campaign) ?? { from: at, to: at, rules: new Set(), prizes: new Set() };
    this.campaigns.set(campaign, about);
    about.from = Math.min(about.from, at);
    about.to = Math.max(about.to, at);
    if (rule !== SEND_RULE) about.rules.add(rule);
    if (prize !== PROGRESS && !prize.includes('/')) about.prizes.add(prize);
  }

  counted(of: ClaimsOf): Counted {
    const sum = this.sums.get(nameOf(of));
    return sum ? { claims: sum.claims, followers: sum.followers.size } : NO_CLAIMS;
  }

  claimed(): ClaimedCampaign[] {
    return [...this.campaigns].map(([id, { from, to, rules, prizes }]) => ({
      ...{ id, from, to },
      ...{ rules: [...rules], prizes: [...prizes] },
    }));
  }
}

function nameOf(of: ClaimsOf): string {
  if ('prize' in of) return JSON.stringify([of.campaign, 'prize', of.prize]);
  if ('round' in of) return JSON.stringify([of.campaign, 'round', of.round]);
  return JSON.stringify('rule' in of ? [of.campaign, 'rule', of.rule] : [of.campaign]);
}

async function claimCountsOf(store: LivePorts['store']): Promise<ClaimCounts> {
  const counts = new ClaimCounts();
  const snapshot = await store.snapshot();
  try {
    for await (const claim of snapshot.claims()) if (!isRecovered(claim)) counts.add(claim);
  } finally {
    await snapshot.close();
  }
  return counts;
}

/** A store from before there were records: what it holds was live, unless these very files were the last to be. */
async function withoutRecord(
  { store, formerPrints }: LivePorts,
  { campaigns, print }: Going,
): Promise<LiveRecord | undefined> {
  for (const name of formerPrints) if ((await store.note(name)) === print) return undefined;
  return recordOfClaims((await claimCountsOf(store)).claimed(), campaigns);
}
