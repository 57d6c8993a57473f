// What people do at the dashboard: the same functions as the commands use. Whoever acts has the role, has given the password
// lately where money moves, and where much moves somebody else agrees. Each act is written down before it is done, and is done
// once however often it is sent.

import { randomBytes } from 'node:crypto';
import type { AdminConfig, Operator, Role } from '../../config/admin.ts';
import type { TrialWords } from '../../core/analysis/trial-words.ts';
import { BadInput, Fault } from '../../core/base/error.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { oneLine } from '../../core/base/text.ts';
import { beijingText, HOUR, type Instant, instant, later } from '../../core/base/time.ts';
import { inLang, t, type Wording } from '../../core/base/words/words.ts';
import { voucherPayer } from '../../core/decide/limits.ts';
import { readAlarms } from '../../core/ops/alarm.ts';
import type { Diagnosis } from '../../core/ops/diagnosis.ts';
import { ASKED_BY_HAND, askNowStep } from '../../core/payout/ask-now.ts';
import { readReason } from '../../core/payout/operator-steps.ts';
import { asBillNo, type Payout } from '../../core/payout/payout.ts';
import { pauseOf } from '../../core/rules/campaign-query.ts';
import { pauseCampaign, resumeCampaign } from '../../engine/operate/campaigns.ts';
import { haltMerchant } from '../../engine/operate/merchants.ts';
import { type CancelPorts, cancelPayout, payoutOf, retryPayout, whyNotAmongAll } from '../../engine/operate/payouts.ts';
import { ALARMS_NOTE, takeAlarms } from '../../engine/ops/alarms.ts';
import type { OverviewPorts } from '../../engine/overview/ports.ts';
import type { PendingView } from '../../engine/overview/view.ts';
import type { LiveBook } from '../../engine/rulebook-live.ts';
import type { Trial } from '../../engine/trials/trials.ts';
import { createMemory } from '../../lib/rate-limiter.ts';
import { doctorRoutes } from './doctor-desk.ts';
import { type Asker, Denied, type DoorPorts, mayAs, type Route } from './door.ts';
import { RULES_BYTES_MAX, type RulesDesk } from './rules-desk.ts';
import { CONFIRMED_MS } from './sessions.ts';

/** Of one act at once. */
const TOGETHER_MAX = 200;
const TOKENS_MAX = 2000;
const PENDING_MAX = 100;
const PENDING_MS = HOUR;
const ALARM_KEY_MAX = 200;
/** The newest ones, where somebody asks who was faster. */
const ACTS_LOOKED = 100;
/** Payouts that wait at a merchant, of which the sum is taken. */
const WAITING_MAX = 5000;
/** Whenever they are due. */
const LAST_DAY = instant(8.64e15);

export type ActPorts = {
  readonly overview: OverviewPorts;
  readonly admin: AdminConfig;
  /** WeChat Pay, for what only it can tell. */
  readonly payer: CancelPorts['payer'];
  /** Something may be due. */
  readonly nudge: () => void;
  readonly writeDown: DoorPorts['writeDown'];
  /** Examines the set-up, beside the events. */
  readonly doctor: () => Promise<readonly Diagnosis[]>;
  /** What rules go live beside, and who puts files there; `trial`: a draft is tried, beside the events. */
  readonly rules: {
    readonly trial: (trial: Trial) => Promise<TrialWords>;
    readonly live: LiveBook;
    readonly holder: string;
    readonly sleep: (ms: number) => Promise<void>;
  };
};

type Result = { readonly billNo: string; readonly ok: boolean; readonly text: string };
/** An act as it was asked for: looked at whole before anything is done. */
export type Act = {
  readonly what: string;
  readonly about: string;
  readonly reason: string;
  /** What it moves, fen. */
  readonly sum: number;
  /** What whoever agrees is shown of it, line by line. */
  readonly shows: readonly string[];
  /** Who agrees needs it, too; absent: an operator. */
  readonly role?: Role;
  /** For whoever waits for its answer; `agreed`: the second person. */
  readonly run: (to: Pick<Asker, 'lang'>, agreed?: string) => Promise<object>;
};
type Became = { readonly ok: boolean; readonly result: Wording };
type Pending = Act & { readonly id: string; readonly by: string; readonly at: number };
type Body = Record<string, unknown>;

export function actRoutes(ports: ActPorts, rules: RulesDesk): Map<string, Route> {
  const desk = new Desk(ports);
  const money = (make: (body: Body) => Promise<Act>): Route =>
    post('operator', (who, body) => desk.move(who, body, make));
  const ofRules = (role: Role, run: (who: Asker, body: Body) => Promise<object>): Route => ({
    ...post(role, run),
    bytesMax: RULES_BYTES_MAX,
  });
  const publish = (who: Asker, body: Body): Promise<object> =>
    desk.move(who, body, async () => rules.publish(who, body, reasonIn(body)));
  const revert = (who: Asker, body: Body): Promise<object> =>
    desk.move(who, body, async () => rules.revert(who, body, reasonIn(body)));
  const routes: readonly (readonly [string, Route])[] = [
    // Nothing leaves any more: that is done at once, and asks for no password.
    ['halt', post('operator', (who, body) => desk.halt(who, body))],
    ['resume', money(body => desk.resume(body))],
    ['retry', money(body => desk.retry(body))],
    ['cancel', money(body => desk.cancel(body))],
    ['pause', post('operator', (who, body) => desk.pause(who, body))],
    ['go-on', post('operator', (who, body) => desk.goOn(who, body))],
    ['take', post('operator', (who, body) => takeAlarm(ports, who, body))],
    ['ask', post('operator', (who, body) => desk.ask(who, body))],
    ['pending', { role: 'operator', run: async (_, who) => ({ pending: desk.waiting(who) }) } satisfies Route],
    ['draft', ofRules('operator', (who, body) => rules.draft(who, body))],
    ['backtest', ofRules('operator', (who, body) => rules.trial(who, body, 'backtest'))],
    ['simulate', ofRules('operator', (who, body) => rules.trial(who, body, 'simulate'))],
    ['back', ofRules('operator', (who, body) => rules.back(who, body))],
    ['publish', ofRules('publisher', publish)],
    ['revert', ofRules('publisher', revert)],
    ['agree', post('operator', (who, body) => desk.agree(who, body))],
    ['decline', post('operator', (who, body) => desk.decline(who, body))],
    ['revoke', post('owner', (who, body) => desk.revoke(who, body))],
    ...doctorRoutes(ports),
    // Answered at the door, which has the passwords.
    ['confirm', post('viewer', async () => ({}))],
  ];
  return new Map(routes.map(each => sayingByWhom(ports, each)));
}

function post(role: Role, run: (who: Asker, body: Body) => Promise<object>): Route {
  return { role, method: 'POST', run: (_, who, body) => run(who, body) };
}

/** Who was too late is told who was faster, where the log of acts knows. */
function sayingByWhom({ overview }: ActPorts, [name, route]: readonly [string, Route]): readonly [string, Route] {
  if (route.method !== 'POST') return [name, route];
  const run: Route['run'] = async (ctx, who, body) => {
    try {
      return await route.run(ctx, who, body);
    } catch (error) {
      if (!(error instanceof Denied) || error.word !== 'changed' || error.message !== '') throw error;
      const by = await byWhom(overview, thingsIn(body), who.session.name);
      throw new Denied(409, 'changed', by ?? '');
    }
  };
  return [name, { ...route, run }];
}

/** What an act is about, as the log names it. */
function thingsIn({ merchant, campaign, file, numbers, number, key }: Body): string[] {
  const all = [merchant, campaign, file, number, key, ...(Array.isArray(numbers) ? numbers : [])];
  return all.filter(each => each !== undefined && each !== '').map(String);
}

async function byWhom(
  { store, clock }: OverviewPorts,
  things: readonly string[],
  own: string,
): Promise<string | undefined> {
  const acts = await store.acts.list({ limit: ACTS_LOOKED });
  const isAbout = (about: string): boolean => things.some(each => ` ${about} `.includes(` ${each} `));
  const since = later(clock(), -PENDING_MS);
  return acts.find(({ by, at, what, about }) => at >= since && by !== own && changes(what) && isAbout(about))?.by;
}

/** What was only looked at, asked for or refused has changed nothing. */
function changes(what: string): boolean {
  return !/^(asked|declined|refused|follower|explain|winners|payouts export|login)/.test(what);
}

class Desk {
  private readonly ports: ActPorts;
  private readonly pending = new Map<string, Pending>();
  private readonly alone = sumsWithinTheHour();
  /** What came of an act, by its token: sent twice it is done once. */
  private readonly done = createMemory<Promise<object>>(TOKENS_MAX);

  constructor(ports: ActPorts) {
    this.ports = ports;
  }

  // ── Merchants ──────────────────────────────────────────────────────────────────────────────────────────────

  async halt({ session }: Asker, body: Body): Promise<object> {
    const [name, reason] = [this.merchantIn(body), reasonIn(body)];
    const { overview, writeDown } = this.ports;
    // Somebody was faster: their reason stays. A halt of the bot's own is taken over.
    if ((await overview.store.halt(name))?.by === 'operator') throw new Denied(409, 'changed');
    await writeDown(session.name, 'merchant halt', name, reason);
    await haltMerchant(overview.store, name, `${reason} (${session.name})`.slice(0, 200), overview.clock());
    return {};
  }

  async resume(body: Body): Promise<Act> {
    const [name, reason] = [this.merchantIn(body), reasonIn(body)];
    const { store } = this.ports.overview;
    const before = await store.halt(name);
    if (!before || before.since !== Number(body.since)) throw new Denied(409, 'changed');
    const sum = await sumOf(this.ports.overview, name, this.ports.admin.secondPersonFrom);
    const run = async (): Promise<object> => {
      if (!(await store.halt(name)) || !(await store.resume(name, before))) throw new Denied(409, 'changed');
      this.ports.nudge();
      return {};
    };
    const shows = [`${name}: ${before.code} ${before.reason} (${beijingText(before.since)})`];
    return { what: 'merchant resume', about: name, reason, sum, shows, run };
  }

  // ── Campaigns ──────────────────────────────────────────────────────────────────────────────────────────────

  async pause({ session }: Asker, body: Body): Promise<object> {
    const [id, reason] = [this.campaignIn(body), reasonIn(body)];
    const { overview, writeDown } = this.ports;
    // What followers are told meanwhile was written by who paused it.
    if (await overview.store.halt(pauseOf(id))) throw new Denied(409, 'changed');
    await writeDown(session.name, 'campaigns pause', id, reason);
    await pauseCampaign(overview.store, id, '', overview.clock());
    return {};
  }

  async goOn({ session }: Asker, body: Body): Promise<object> {
    const [id, reason] = [this.campaignIn(body), reasonIn(body)];
    const { overview, writeDown } = this.ports;
    if (!(await overview.store.halt(pauseOf(id)))) throw new Denied(409, 'changed');
    await writeDown(session.name, 'campaigns resume', id, reason);
    await resumeCampaign(overview.store, id);
    return {};
  }

  private campaignIn({ campaign }: Body): string {
    const id = String(campaign ?? '');
    if (!this.ports.overview.book().campaigns.some(each => each.id === id)) throw new Denied(404, 'nowhere');
    return id;
  }

  private merchantIn({ merchant }: Body): string {
    const name = String(merchant ?? '');
    if (!this.ports.overview.config.merchants.has(name)) throw new Denied(404, 'nowhere');
    return name;
  }

  // ── Payouts ────────────────────────────────────────────────────────────────────────────────────────────────

  async retry(body: Body): Promise<Act> {
    const { store, clock } = this.ports.overview;
    const payouts = await this.chosen(body);
    const reason = reasonIn(body);
    const isOne = payouts.length === 1;
    const run: Act['run'] = async ({ lang }) => {
      await this.mustBeSame(payouts);
      const results: Result[] = [];
      for (const payout of payouts) {
        const no = isOne ? undefined : whyNotAmongAll(payout);
        const retried = (): Promise<Became> => retryPayout(store, payout, reason, clock);
        const { ok, result } = no === undefined ? await orWhyNot(retried) : { ok: false, result: no };
        results.push({ billNo: payout.billNo, ok, text: inLang(result, lang) });
      }
      this.ports.nudge();
      return { results };
    };
    return {
      what: 'payouts retry',
      about: namesOf(payouts),
      reason,
      sum: total(payouts),
      shows: linesOf(payouts),
      run,
    };
  }

  async cancel(body: Body): Promise<Act> {
    const { overview, payer } = this.ports;
    const payouts = await this.chosen(body);
    const reason = reasonIn(body);
    const ports = { store: overview.store, now: overview.clock, payer };
    const run: Act['run'] = async ({ lang }) => {
      await this.mustBeSame(payouts);
      const results: Result[] = [];
      for (const { billNo } of payouts) {
        const { ok, result } = await orWhyNot(async () => {
          const became = await cancelPayout(ports, billNo, reason);
          return 'cancelled' in became ? { ok: true, result: became.cancelled } : { ok: false, result: became.refused };
        });
        results.push({ billNo, ok, text: inLang(result, lang) });
      }
      return { results };
    };
    return {
      what: 'payouts cancel',
      about: namesOf(payouts),
      reason,
      sum: total(payouts),
      shows: linesOf(payouts),
      run,
    };
  }

  async ask({ session }: Asker, body: Body): Promise<object> {
    const { store, clock } = this.ports.overview;
    const [payout] = await this.chosen(body);
    await this.ports.writeDown(session.name, 'payouts ask', payout!.billNo);
    const step = askNowStep(payout!, await store.history(payout!.billNo), clock(), ASKED_BY_HAND);
    if (step && (await store.advance(step)) !== 'moved') throw new Denied(409, 'changed');
    this.ports.nudge();
    return {};
  }

  /** All of them as they were shown, or nothing is done: `versions` beside `numbers`, and what they come to. */
  private async chosen({ numbers, versions, sum }: Body): Promise<Payout[]> {
    const isList = Array.isArray(numbers) && Array.isArray(versions) && numbers.length === versions.length;
    if (!isList || numbers.length === 0 || numbers.length > TOGETHER_MAX) throw new Denied(400, 'input');
    const unique = new Set(numbers.map(String));
    if (unique.size !== numbers.length) throw new Denied(400, 'input');
    const { store } = this.ports.overview;
    const payouts = await Promise.all([...unique].map(number => payoutOf(store, asBillNo(number))));
    const isSame = payouts.every(({ version }, n) => version === versions[n]) && total(payouts) === sum;
    if (!isSame) throw new Denied(409, 'changed');
    return payouts;
  }

  /** Once more when it is done: a second person may agree much later. */
  private async mustBeSame(payouts: readonly Payout[]): Promise<void> {
    const { store } = this.ports.overview;
    const now = await Promise.all(payouts.map(({ billNo }) => store.payout(billNo)));
    if (now.some((each, n) => each?.version !== payouts[n]!.version)) throw new Denied(409, 'changed');
  }

  // ── How money moves ────────────────────────────────────────────────────────────────────────────────────────

  /** Once for each token, after the password, and with a second person where it is much. */
  async move(who: Asker, body: Body, make: (body: Body) => Promise<Act>): Promise<object> {
    const { session } = who;
    const token = `${session.id} ${String(body.token ?? '')}`;
    if (!/^[\w-]{12} [\w-]{16,64}$/.test(token)) throw new Denied(400, 'input');
    const before = this.done.get(token);
    if (before !== undefined) return before;
    this.mustBeConfirmed(who);
    const doing = make(body).then(act => this.doOrWait(who, act));
    this.done.set(token, doing);
    return doing;
  }

  private mustBeConfirmed({ session }: Asker): void {
    const now = this.ports.overview.clock();
    if (now < session.confirmedAt || now >= later(session.confirmedAt, CONFIRMED_MS)) throw new Denied(403, 'password');
  }

  private async doOrWait({ session, lang }: Asker, act: Act): Promise<object> {
    const { admin, overview, writeDown } = this.ports;
    const detail = `${showFen(fen(act.sum))} ${act.reason}`;
    const [slices, now] = [`${session.name} ${act.what}`, overview.clock()];
    if (admin.secondPersonFrom === undefined || this.alone.sum(slices, now) + act.sum < admin.secondPersonFrom) {
      this.alone.add(slices, act.sum, now);
      await writeDown(session.name, act.what, act.about, detail);
      return act.run({ lang });
    }
    const mayAgree = ({ name, role }: Operator): boolean =>
      name !== session.name && mayAs(role, act.role ?? 'operator');
    if (!admin.operators.some(mayAgree)) throw new Denied(409, 'nosecond');
    this.sweep();
    if (this.pending.size >= PENDING_MAX) throw new Denied(429, 'busy');
    const id = randomBytes(9).toString('base64url');
    await writeDown(session.name, `asked: ${act.what}`, act.about, detail);
    this.pending.set(id, { ...act, id, by: session.name, at: overview.clock() });
    return { waits: id };
  }

  waiting({ session }: Asker): PendingView[] {
    this.sweep();
    return [...this.pending.values()].map(({ id, by, at, what, about, sum, reason, shows }) => ({
      ...{ id, by, at, what, about, sum, reason, shows },
      isOwn: by === session.name,
    }));
  }

  async agree(who: Asker, { id }: Body): Promise<object> {
    this.mustBeConfirmed(who);
    const { name } = who.session;
    const act = this.pendingOf(id);
    if (act.by === name) throw new Denied(403, 'sameperson');
    if (!mayAs(who.session.role, act.role ?? 'operator')) throw new Denied(403, 'role');
    this.pending.delete(act.id);
    const detail = `${showFen(fen(act.sum))} ${act.reason} (${act.by})`;
    await this.ports.writeDown(name, act.what, act.about, detail).catch((error: unknown) => {
      this.pending.set(act.id, act); // nothing was done: it waits on
      throw error;
    });
    return act.run(who, name);
  }

  async decline({ session }: Asker, { id }: Body): Promise<object> {
    const act = this.pendingOf(id);
    await this.ports.writeDown(session.name, `declined: ${act.what}`, act.about, act.by);
    if (!this.pending.delete(act.id)) throw new Denied(409, 'changed');
    return {};
  }

  private pendingOf(id: unknown): Pending {
    this.sweep();
    const found = this.pending.get(String(id));
    if (!found) throw new Denied(409, 'changed');
    return found;
  }

  private sweep(): void {
    const now = this.ports.overview.clock();
    for (const [id, { at }] of this.pending) if (Math.abs(now - at) >= PENDING_MS) this.pending.delete(id);
  }

  async revoke({ session, sessions }: Asker, { id }: Body): Promise<object> {
    await this.ports.writeDown(session.name, 'session end', String(id).slice(0, 40));
    if (!sessions.revoke(String(id))) throw new Denied(409, 'changed');
    return {};
  }
}

/** An alarm is somebody's: nobody else is called for it any more, until it is over. */
async function takeAlarm({ overview, writeDown }: ActPorts, { session }: Asker, { key }: Body): Promise<object> {
  const { store, clock } = overview;
  const name = String(key ?? '').slice(0, ALARM_KEY_MAX);
  if (!readAlarms(await store.note(ALARMS_NOTE)).some(each => each.key === name)) throw new Denied(409, 'changed');
  await writeDown(session.name, 'alarms ack', name);
  const holder = `ack:${process.pid}:${randomBytes(6).toString('hex')}`;
  const taken = await takeAlarms({ store, clock, holder }, session.name, name);
  if (!taken) throw new Denied(429, 'busy'); // the bot looks just now
  return {};
}

export function reasonIn({ reason }: Body): string {
  const read = typeof reason === 'string' ? readReason(oneLine(reason)) : undefined;
  if (read === undefined) throw new Denied(400, 'reason');
  return read;
}

/** What somebody has moved alone of late: a large sum in slices is a large sum. */
function sumsWithinTheHour() {
  let all: { readonly of: string; readonly sum: number; readonly at: Instant }[] = [];
  return {
    add: (of: string, sum: number, at: Instant): void => void all.push({ of, sum, at }),
    sum(of: string, now: Instant): number {
      all = all.filter(({ at }) => Math.abs(now - at) < PENDING_MS);
      return all.reduce((sum, each) => (each.of === of ? sum + each.sum : sum), 0);
    },
  };
}

/** One of several that fails takes nothing from what came of the others. */
async function orWhyNot(run: () => Promise<Became>): Promise<Became> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof BadInput) return { ok: false, result: error.words };
    if (error instanceof Fault)
      return { ok: false, result: t`it is not known what came of it: ${error.words}; look again` };
    throw error;
  }
}

function total(payouts: readonly Payout[]): number {
  return payouts.reduce((sum, { amount }) => sum + amount, 0);
}

function namesOf(payouts: readonly Payout[]): string {
  const [first] = payouts;
  return payouts.length === 1 ? first!.billNo : `${payouts.length}: ${payouts.map(({ billNo }) => billNo).join(' ')}`;
}

function linesOf(payouts: readonly Payout[]): string[] {
  return payouts.map(({ billNo, amount, campaign, user, state }) =>
    [billNo, showFen(amount), campaign, user, state].join(' · '),
  );
}

/** A merchant's money, and its vouchers, have a gate each. */
function payersOf(merchant: string | undefined): readonly string[] {
  return merchant === undefined ? [] : [merchant, voucherPayer(merchant)];
}

/** What would leave if the merchant went on: all that its campaigns have promised. */
async function sumOf({ store, book, config }: OverviewPorts, merchant: string, much = 0): Promise<number> {
  const only = config.accounts.size === 1 ? [...config.accounts.keys()][0] : undefined;
  const mine = book().campaigns.filter(({ account }) =>
    payersOf(config.accounts.get(account ?? only ?? '')?.merchant).includes(merchant),
  );
  const buckets = await Promise.all(mine.map(({ id }) => store.buckets(id)));
  const promised = buckets.reduce((sum, { reserved }) => sum + reserved, 0);
  // Also where the file of its campaign is gone, or has another name. More than are counted are much.
  const waiting = await store.due(merchant, LAST_DAY, WAITING_MAX, 'send');
  return Math.max(promised, total(waiting), waiting.length === WAITING_MAX ? much : 0);
}
