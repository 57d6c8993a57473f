// What the page knows, and how it changes: one immutable model, the simulator's stream, and the follower's acts.

import { useEffect, useState } from 'preact/hooks';
import type {
  Account,
  Change,
  ClockChange,
  Faults,
  Line,
  Merchant,
  Packet,
  Person,
  ShopOrder,
} from '../../simulator/shared/protocol.ts';
import type { Act, Push } from '../../simulator/shared/protocol-push.ts';
import { ApiError, api, type BotLine, bot, type CampaignLine, type HaltLine, STREAM_URL } from './api.ts';
import { type Deed, deedsOf } from './event-trail.ts';
import { type Lang, readLang, tagOf, wordsOf } from './text/zh.ts';

/** Words that did not reach the simulator. */
export type Unsent = { readonly id: string; readonly at: number; readonly text: string };

export type Model = {
  readonly lang: Lang;
  readonly link: 'connecting' | 'live' | 'lost';
  readonly loaded: boolean;
  /** Is our bot behind the account, or somebody else's? */
  readonly bot: 'unknown' | 'here' | 'absent';
  /** The simulator's clock less the browser's. */
  readonly skew: number;
  readonly offsetMs: number;
  readonly accounts: readonly Account[];
  readonly merchants: readonly Merchant[];
  readonly people: readonly Person[];
  readonly packets: ReadonlyMap<string, Packet>;
  readonly faults: Faults;
  readonly shopOrders: readonly ShopOrder[];
  /** By follower, newest first. */
  readonly pushes: Readonly<Record<string, readonly Push[]>>;
  readonly timelines: Readonly<Record<string, readonly BotLine[]>>;
  readonly campaigns: readonly CampaignLine[];
  /** Nothing is sent for the merchant. */
  readonly halt: HaltLine | undefined;
  /** By follower: what could not be sent, oldest first. */
  readonly unsent: Readonly<Record<string, readonly Unsent[]>>;
  /** Who one is. */
  readonly me: string | undefined;
  /** The event under the glass; `undefined`: always the latest. */
  readonly selected: string | undefined;
  readonly unread: Readonly<Record<string, number>>;
  /** The packet that is held in both hands. */
  readonly opening: string | undefined;
  readonly toast: string | undefined;
  /** A page to be opened in the phone. */
  readonly web: string | undefined;
  /** Printed codes that were made to be tried. */
  readonly codes: readonly string[];
  /** Whether somebody has looked behind the scenes. */
  readonly hasLooked: boolean;
  /** On a narrow screen: what covers the phone. */
  readonly sheet: 'people' | 'details' | 'tools' | undefined;
};

export const packetKey = (packet: { readonly mchId: string; readonly billNo: string }): string =>
  `${packet.mchId}/${packet.billNo}`;

let model: Model = {
  lang: readLang(),
  link: 'connecting',
  loaded: false,
  bot: 'unknown',
  skew: 0,
  offsetMs: 0,
  accounts: [],
  merchants: [],
  people: [],
  packets: new Map(),
  faults: { pay: [], platform: [] },
  shopOrders: [],
  pushes: {},
  timelines: {},
  campaigns: [],
  halt: undefined,
  unsent: {},
  me: undefined,
  selected: undefined,
  unread: {},
  opening: undefined,
  toast: undefined,
  web: undefined,
  codes: [],
  hasLooked: false,
  sheet: undefined,
};
const watchers = new Set<() => void>();

export const getModel = (): Model => model;

export function update(patch: Partial<Model>): void {
  model = { ...model, ...patch };
  for (const watcher of [...watchers]) watcher();
}

/** The model, drawn again with every change. */
export function useModel(): Model {
  const [seen, show] = useState(model);
  useEffect(() => {
    const watcher = (): void => show(model);
    watchers.add(watcher);
    watcher();
    return () => void watchers.delete(watcher);
  }, []);
  return seen;
}

export const virtualNow = (m: Model): number => Date.now() + m.skew;
export const personOf = (m: Model): Person | undefined => m.people.find(person => person.openid === m.me);
export const accountOf = (m: Model, person = personOf(m)): Account | undefined =>
  m.accounts.find(account => account.name === person?.account) ?? m.accounts[0];
const pushesOf = (m: Model): readonly Push[] => (m.me && m.pushes[m.me]) || [];
export const timelineOf = (m: Model): readonly BotLine[] => (m.me && m.timelines[m.me]) || [];

const NOBODY: readonly Deed[] = [];
let joined: { pushes: readonly Push[]; lines: readonly BotLine[]; deeds: readonly Deed[] } | undefined;

/** What happened to who one is, newest first; the same list while nothing has changed. */
export function deedsNow(m: Model): readonly Deed[] {
  if (!m.me) return NOBODY;
  const [pushes, lines] = [pushesOf(m), timelineOf(m)];
  if (joined?.pushes !== pushes || joined.lines !== lines) joined = { pushes, lines, deeds: deedsOf(pushes, lines) };
  return joined.deeds;
}

/** The one under the glass. */
export function deedShown(m: Model): Deed | undefined {
  const deeds = deedsNow(m);
  return deeds.find(deed => deed.id === m.selected) ?? deeds[0];
}

const SUGGESTIONS_MAX = 8;
/** The first of each list, then the second of each: every campaign has its turn. */
const unique = (lists: readonly (readonly string[])[]): string[] => {
  const longest = Math.max(0, ...lists.map(list => list.length));
  const turns = Array.from({ length: longest }, (_, n) => lists.flatMap(list => list.slice(n, n + 1)));
  return [...new Set(turns.reduce((all, turn) => all.concat(turn), []))].slice(0, SUGGESTIONS_MAX);
};

/** What one could say. */
export const keywordsOf = (m: Model): readonly string[] => unique(m.campaigns.map(campaign => campaign.keywords));

/** What one could scan: listed stores, the codes that exist, and what the rules wait for. `poster-*` stands for any. */
export const scenesOf = (m: Model): readonly string[] => {
  const wanted = m.campaigns.map(({ stores, scenes }) =>
    stores.length > 0 ? stores.map(store => store.scene) : scenes.map(scene => scene.replace(/\*$/, '1')),
  );
  const known = (accountOf(m)?.qrcodes ?? []).map(code => code.scene);
  return unique([...wanted, known]);
};

/** What a code is called: a store by its name. */
export const sceneName = (m: Model, scene: string): string | undefined =>
  m.campaigns.flatMap(({ stores }) => stores).find(store => store.scene === scene)?.name;

// ── What comes from the stream ───────────────────────────────────────────────────────────────────────────

let waiting: Change[] | undefined; // while the whole state is being fetched

function receive(change: Change): void {
  if (waiting) waiting.push(change);
  else apply(change);
}

function apply(change: Change): void {
  switch (change.kind) {
    case 'person':
      update({ people: withPerson(change.person) });
      break;
    case 'line':
      applyLine(change.openid, change.line);
      break;
    case 'push':
      applyPush(change.push);
      break;
    case 'packet':
      update({ packets: new Map(model.packets).set(packetKey(change.packet), change.packet) });
      look(change.packet.openid);
      break;
    case 'merchant': {
      const rest = model.merchants.filter(each => each.mchId !== change.merchant.mchId);
      update({ merchants: [...rest, change.merchant] });
      break;
    }
    case 'clock':
      update({ skew: change.now - Date.now(), offsetMs: change.offsetMs });
      look(model.me);
      break;
    case 'faults':
      update({ faults: change.faults });
      break;
    case 'shopOrder': {
      const rest = model.shopOrders.filter(({ transactionId }) => transactionId !== change.order.transactionId);
      update({ shopOrders: [...rest, change.order] });
      look(change.order.openid);
      break;
    }
    case 'account': {
      const rest = model.accounts.filter(account => account.name !== change.account.name);
      update({ accounts: [...rest, change.account] });
      break;
    }
  }
}

function withPerson(person: Omit<Person, 'chat'> & Partial<Person>): Person[] {
  const known = model.people.find(each => each.openid === person.openid);
  const merged: Person = { ...person, chat: person.chat ?? known?.chat ?? [] };
  return known ? model.people.map(each => (each === known ? merged : each)) : [...model.people, merged];
}

function applyLine(openid: string, line: Line): void {
  const people = model.people.map(person => {
    if (person.openid !== openid) return person;
    const chat = person.chat.filter(each => each.id !== line.id);
    return { ...person, chat: [...chat, line] };
  });
  const isElsewhere = openid !== model.me && line.from !== 'user';
  const unread = isElsewhere ? { ...model.unread, [openid]: (model.unread[openid] ?? 0) + 1 } : model.unread;
  update({ people, unread });
}

function applyPush(push: Push): void {
  const known = model.pushes[push.person] ?? [];
  const isKnown = known.some(each => each.id === push.id);
  // By arrival: the clock may have been moved back.
  const pushes = isKnown ? known.map(each => (each.id === push.id ? push : each)) : [push, ...known];
  update({ pushes: { ...model.pushes, [push.person]: pushes } });
  look(push.person);
}

let source: EventSource | undefined;
let retryMs = 500;

function connect(): void {
  source = new EventSource(STREAM_URL);
  source.onopen = () => {
    retryMs = 500;
    void load();
  };
  source.onmessage = message => receive(JSON.parse(String(message.data)) as Change);
  source.onerror = () => {
    update({ link: 'lost' });
    if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    setTimeout(connect, retryMs);
    retryMs = Math.min(retryMs * 2, 8000);
  };
}

/** The whole state; changes that arrive meanwhile are applied after it. */
async function load(): Promise<void> {
  if (waiting) return; // it is being fetched already
  waiting = [];
  try {
    const state = await api.state();
    update({
      loaded: true,
      bot: 'unknown',
      link: 'live',
      skew: state.now - Date.now(),
      offsetMs: state.offsetMs,
      accounts: state.accounts,
      merchants: state.merchants,
      people: state.people,
      packets: new Map(state.packets.map(packet => [packetKey(packet), packet])),
      faults: state.faults,
      shopOrders: state.shopOrders,
    });
  } catch {
    update({ link: 'lost' });
    setTimeout(() => void load(), 2000);
    return;
  } finally {
    const changes = waiting ?? [];
    waiting = undefined;
    for (const change of changes) apply(change);
  }
  const isKnown = model.people.some(person => person.openid === model.me);
  const wanted = new URLSearchParams(location.search).get('person');
  const first = model.people.find(person => person.openid === wanted) ?? model.people[0];
  if (isKnown && model.me) await become(model.me);
  else if (first) await become(first.openid);
  else await newPerson();
}

export function start(): void {
  connect();
  setTimeout(() => {
    if (!model.loaded && !waiting) void load();
  }, 1500);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) look(model.me);
  });
}

// ── What the bot says about it ───────────────────────────────────────────────────────────────────────────

let lookTimer: ReturnType<typeof setTimeout> | undefined;
let eager = 0; // looks left for a journal line that follows with the next group commit

/** Something happened to this follower: read the bot's side of it, if they are the one shown. */
function look(openid: string | undefined): void {
  if (!openid || openid !== model.me || model.bot === 'absent') return;
  eager = 4;
  plan(60);
}

function plan(ms: number): void {
  clearTimeout(lookTimer);
  lookTimer = setTimeout(() => void readBot(), ms);
}

async function readBot(): Promise<void> {
  const person = personOf(model);
  if (!person) return;
  try {
    const [timeline, campaigns] = await Promise.all([bot.timeline(person.account, person.openid), bot.campaigns()]);
    if (!timeline) {
      update({ bot: 'absent', campaigns: campaigns?.campaigns ?? [] });
      return;
    }
    update({
      bot: 'here',
      timelines: { ...model.timelines, [person.openid]: timeline.lines },
      campaigns: campaigns?.campaigns ?? model.campaigns,
      halt: campaigns?.halt,
    });
  } catch {
    eager = Math.max(eager, 1); // the bot restarts: once more
  }
  const next = nextLook();
  if (next !== undefined && !document.hidden) plan(next);
}

/** When to look again by ourselves: while money is on its way, or a push has no journal line yet. */
function nextLook(): number | undefined {
  const latest = deedsNow(model)[0];
  const isMissing = latest !== undefined && latest.line === undefined;
  if (isMissing && eager-- > 0) return 350;
  if (watched > 0) return 1000;
  const states = timelineOf(model).map(line => line.payout?.state);
  if (states.some(state => state === 'planned' || state === 'sending' || state === 'unknown')) return 1000;
  if (model.halt) return 2000;
  return states.some(state => state === 'sent' || state === 'held') ? 4000 : undefined;
}

let watched = 0; // pages of the bot that are open in the phone: what is tapped there comes by no stream

/** While a page of the bot lies open. */
export function watchBot(): () => void {
  watched++;
  look(model.me);
  return () => {
    watched--;
    look(model.me);
  };
}

// ── What one does ────────────────────────────────────────────────────────────────────────────────────────

let toastTimer: ReturnType<typeof setTimeout> | undefined;

export function toast(text: string): void {
  clearTimeout(toastTimer);
  update({ toast: text });
  toastTimer = setTimeout(() => update({ toast: undefined }), 2600);
}

export function complain(error: unknown): void {
  toast(error instanceof ApiError ? error.message : wordsOf(model.lang).lost);
}

export async function become(openid: string): Promise<void> {
  const { [openid]: _, ...unread } = model.unread;
  if (openid !== model.me) update({ selected: undefined });
  update({ me: openid, unread });
  const url = new URL(location.href);
  url.searchParams.set('person', openid);
  history.replaceState(null, '', url);
  look(openid);
  try {
    const pushes = await api.pushes(openid);
    const known = model.pushes[openid] ?? [];
    const fresher = (push: Push): Push =>
      known.find(each => each.id === push.id && each.tries.length > push.tries.length) ?? push;
    update({ pushes: { ...model.pushes, [openid]: pushes.map(fresher) } });
    look(openid);
  } catch (error) {
    complain(error);
  }
}

export async function newPerson(accountName?: string): Promise<void> {
  try {
    const account = accountName ?? accountOf(model)?.name;
    const person = await api.newPerson({ following: false, ...(account && { account }) });
    update({ people: withPerson(person) });
    await become(person.openid);
  } catch (error) {
    complain(error);
  }
}

/** Does it, and shows what comes of it: the panel follows the latest event again. */
export async function act(what: Act): Promise<void> {
  const { me } = model;
  if (!me) return;
  update({ selected: undefined });
  try {
    const push = await api.act(me, what);
    if (push?.id && !pushesOf(model).some(known => known.id === push.id)) applyPush(push);
  } catch (error) {
    if (what.kind === 'text' && !(error instanceof ApiError)) keepUnsent(me, what.text);
    else complain(error);
  }
}

let unsentCount = 0;

/** WeChat's red mark: the words stay, and a tap sends them again. */
function keepUnsent(openid: string, text: string): void {
  const mine = model.unsent[openid] ?? [];
  const one = { id: `unsent-${++unsentCount}`, at: virtualNow(model), text };
  update({ unsent: { ...model.unsent, [openid]: [...mine, one] } });
}

export async function sendAgain({ id, text }: Unsent): Promise<void> {
  const { me } = model;
  if (!me) return;
  update({ unsent: { ...model.unsent, [me]: (model.unsent[me] ?? []).filter(each => each.id !== id) } });
  await act({ kind: 'text', text });
}

/** Resolves to the packet as it is afterwards, or to the reason why it stays shut. */
export async function openPacket(packet: Packet): Promise<Packet | string> {
  try {
    const opened = await api.open(packet);
    apply({ kind: 'packet', packet: opened });
    return opened;
  } catch (error) {
    return error instanceof ApiError ? error.message : wordsOf(model.lang).lost;
  }
}

async function orComplain(work: () => Promise<void>): Promise<void> {
  await work().catch(complain);
}

export const moveClock = (change: ClockChange): Promise<void> =>
  orComplain(async () => apply({ kind: 'clock', ...(await api.clock(change)) }));

/** To this instant, forwards or back. */
export const jumpTo = (at: number): Promise<void> => moveClock({ advanceMs: Math.round(at - virtualNow(model)) });

export const setFaults = (faults: Faults): Promise<void> =>
  orComplain(async () => update({ faults: await api.faults(faults) }));

export const resume = (): Promise<void> =>
  orComplain(async () => {
    await bot.resume();
    look(model.me);
  });

/** Printed codes nobody has used, as the factory would have them. */
export const newCodes = async (batch: string): Promise<readonly string[]> => {
  try {
    return (await bot.codes(batch)).codes;
  } catch (error) {
    complain(error);
    return [];
  }
};

/** 数据格式: in which format the account's pushes come from now on. */
export const pushIn = ({ name }: Account, format: 'xml' | 'json'): Promise<void> =>
  orComplain(async () => apply({ kind: 'account', account: await api.pushing(name, { format }) }));

export function setLang(lang: Lang): void {
  const url = new URL(location.href);
  url.searchParams.set('lang', lang);
  history.replaceState(null, '', url);
  document.documentElement.lang = tagOf(lang);
  update({ lang });
}
