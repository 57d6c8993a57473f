// Everything the simulated WeChat knows, and the only place that changes it: each change is written to the journal,
// then applied, then told to whoever watches.

import { createHash } from 'node:crypto';
import { wireTime } from '../shared/clock.ts';
import type { AccountOptions, SimulatorOptions } from '../shared/options.ts';
import type { Account, Change, Line, Merchant, Packet, Person, QrCode, State } from '../shared/protocol.ts';
import type { Menu } from '../shared/protocol-menu.ts';
import type { Pushing } from '../shared/protocol-push.ts';
import { Refused } from '../shared/refusal.ts';
import { type AccountState, newAccount, shownAccount } from './account.ts';
import { AuthorizationBook } from './authorizations.ts';
import { booksAfter, type DaySum, DayTallies } from './balance.ts';
import { ConsoleBook, mediaTest } from './console.ts';
import { CouponBook } from './coupon.ts';
import { type FaultBox, faultBox } from './faults.ts';
import { type Entry, type Journal, openJournal, type StoredPerson } from './journal.ts';
import { bindApp, type MerchantState, newMerchant } from './merchant.ts';
import type { Grants } from './message-windows.ts';
import { nicknameOf } from './nicknames.ts';
import { isOver, keyOf, nextOf, type Order, type OrderKey, orderKey, packetOf } from './order.ts';
import { PushList } from './pushes.ts';
import { ShopBook } from './shop.ts';

const CHAT_MAX = 500;

/** A line before it has its number and time. */
export type NewLine = Line extends infer L ? (L extends Line ? Omit<L, 'id' | 'at'> : never) : never;

type PersonState = { person: StoredPerson; chat: Line[]; grants: Grants };

/** Nothing in it is random, and it reads no clock but the one given: numbers and openids are counted or hashed. */
export class World {
  readonly clock: SimulatorOptions['clock'];
  readonly faults: FaultBox;
  /** In which whoever talks to us lives: what is signed or issued for a while counts in it. */
  readonly wireNow: () => number;
  readonly knowsMedia: (account: string, id: string) => boolean;
  readonly pushes = new PushList(this);
  readonly console = new ConsoleBook(entry => this.#write({ is: 'console', ...entry }));
  readonly shop = new ShopBook(entry => this.#write({ is: 'shop', ...entry }), this);
  readonly authorizations = new AuthorizationBook(entry => this.#write(entry), this);
  readonly coupons = new CouponBook(entry => this.#write({ is: 'coupon', ...entry }));
  readonly #journal: Journal;
  readonly #accounts = new Map<string, AccountState>();
  readonly #merchants = new Map<string, MerchantState>();
  readonly #people = new Map<string, PersonState>();
  readonly #orders = new Map<OrderKey, Order>();
  /** Those that time still changes. */
  readonly #unfinished = new Set<OrderKey>();
  /** No order is due before this: a million that wait cost nothing every second. */
  #nextDue = Number.POSITIVE_INFINITY;
  /** `transfer_bill_no` → the order. */
  readonly #bills = new Map<string, OrderKey>();
  readonly #days = new DayTallies();
  readonly #watchers = new Set<(change: Change) => void>();
  #lines = 0;

  constructor(options: SimulatorOptions) {
    this.clock = options.clock;
    this.wireNow = wireTime(options);
    this.knowsMedia = mediaTest(options, this);
    this.faults = faultBox(faults => this.tell({ kind: 'faults', faults }));
    for (const account of options.accounts) this.#accounts.set(account.name, newAccount(account));
    for (const merchant of options.merchants) this.#merchants.set(merchant.mchId, newMerchant(merchant));
    this.#journal = openJournal(options.folder);
    for (const entry of this.#journal.past) this.#apply(entry);
  }

  close(): void {
    this.#watchers.clear();
    this.#journal.close();
  }

  now(): number {
    return this.clock.now();
  }

  watch(watcher: (change: Change) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  tell(change: Change): void {
    for (const watcher of this.#watchers) watcher(change);
  }

  #write(entry: Entry): void {
    this.#journal.append(entry);
    this.#apply(entry);
  }

  /** Replay and daily work go the same way, so that a restart cannot know anything else. */
  #apply(entry: Entry): void {
    switch (entry.is) {
      case 'person': {
        const known = this.#people.get(entry.person.openid);
        if (known) known.person = entry.person;
        else if (this.#accounts.has(entry.person.account)) {
          this.#people.set(entry.person.openid, { person: entry.person, chat: [], grants: {} });
        }
        return;
      }
      case 'line': {
        this.#lines = Math.max(this.#lines, Number(entry.line.id.slice(1)));
        const chat = this.#people.get(entry.openid)?.chat;
        chat?.push(entry.line);
        if (chat && chat.length > CHAT_MAX) chat.splice(0, chat.length - CHAT_MAX);
        return;
      }
      case 'grants':
        Object.assign(this.#people.get(entry.openid) ?? {}, { grants: entry.grants });
        return;
      case 'order':
        if (entry.card) this.#apply({ is: 'line', openid: entry.order.openid, line: entry.card });
        this.#applyOrder(entry.order, entry.balance);
        return;
      case 'balance': {
        const merchant = this.#merchants.get(entry.mchId);
        if (!merchant) return;
        merchant.topUps.push({ at: entry.at ?? 0, amount: entry.balance - merchant.books.balance });
        merchant.books = { ...merchant.books, balance: entry.balance };
        return;
      }
      case 'menu':
        Object.assign(this.#accounts.get(entry.account) ?? {}, { menu: entry.menu });
        return;
      case 'qrcode':
        this.#accounts
          .get(entry.account)
          ?.qrcodes.set(entry.qrcode.ticket, { ...entry.qrcode, permanent: entry.permanent });
        return;
      case 'clock':
        this.clock.setOffset(entry.offsetMs);
        return;
      case 'shop':
        this.shop.apply(entry);
        return;
      case 'console':
        this.console.apply(entry);
        return;
      case 'account':
        this.#accounts.set(entry.options.name, newAccount(entry.options));
        bindApp(this.#merchants.values(), entry.options.appId);
        return;
      case 'coupon':
        this.coupons.apply(entry);
        return;
      case 'authorization':
        this.authorizations.apply(entry.authorization);
    }
  }

  #applyOrder(order: Order, balance: number): void {
    const key = keyOf(order);
    const before = this.#orders.get(key);
    this.#orders.set(key, order);
    if (order.bill) this.#bills.set(order.listId, key);
    const merchant = this.#merchants.get(order.mchId);
    if (!merchant) return;
    if (isOver(order)) this.#unfinished.delete(key);
    else this.#unfinished.add(key);
    this.#nextDue = Math.min(this.#nextDue, nextOf(order, merchant.limits)?.at ?? this.#nextDue);
    merchant.books = booksAfter(merchant.books, before, order, balance);
    if (order.sentAt !== undefined && before?.sentAt === undefined) this.#days.count(order);
  }

  // ── Accounts ───────────────────────────────────────────────────────────────────────────────────────────

  accountBy(test: (account: AccountOptions) => boolean): AccountOptions | undefined {
    for (const { options } of this.#accounts.values()) if (test(options)) return options;
    return undefined;
  }

  account(name: string): AccountState {
    const account = this.#accounts.get(name);
    if (!account) throw new Refused(404, `no account "${name}"`);
    return account;
  }

  showAccount(name: string): Account {
    return shownAccount(name, this.account(name));
  }

  /** One more than it was started with. */
  addAccount(options: AccountOptions): Account {
    if (this.#accounts.has(options.name)) throw new Refused(409, `there is already an account "${options.name}"`);
    this.#write({ is: 'account', options });
    return this.#tellAccount(options.name);
  }

  setPushing(name: string, pushing: Partial<Pushing>): Account {
    const state = this.account(name);
    state.options = { ...state.options, ...pushing };
    return this.#tellAccount(name);
  }

  #tellAccount(name: string): Account {
    const account = this.showAccount(name);
    this.tell({ kind: 'account', account });
    return account;
  }

  setWebhook(name: string, url: string): void {
    this.account(name).webhook = url;
    this.#tellAccount(name);
  }

  setMenu(name: string, menu: Menu): void {
    this.#write({ is: 'menu', account: name, menu });
    this.#tellAccount(name);
  }

  addQrCode(name: string, qrcode: QrCode, permanent: boolean): void {
    this.#write({ is: 'qrcode', account: name, qrcode, permanent });
    this.#tellAccount(name);
  }

  // ── People ─────────────────────────────────────────────────────────────────────────────────────────────

  /** `openid` is for tests that need a certain one. */
  addPerson(account: string, given: { nickname?: string | undefined; openid?: string | undefined } = {}): StoredPerson {
    const { appId } = this.account(account).options;
    const index = this.#people.size;
    const nickname = given.nickname ?? nicknameOf(index);
    const openid = given.openid ?? newOpenId(appId, index, this.#people);
    if (this.#people.has(openid)) throw new Refused(409, `there is already a person ${openid}`);
    const person: StoredPerson = { openid, account, nickname, following: false };
    this.changePerson(person);
    return person;
  }

  changePerson(person: StoredPerson): void {
    this.#write({ is: 'person', person });
    const { scene: _scene, ...shown } = person;
    this.tell({ kind: 'person', person: shown });
  }

  findPerson(openid: string): StoredPerson | undefined {
    return this.#people.get(openid)?.person;
  }

  person(openid: string): StoredPerson {
    const person = this.findPerson(openid);
    if (!person) throw new Refused(404, `no person "${openid}"`);
    return person;
  }

  showPerson(openid: string): Person {
    const { scene: _scene, ...person } = this.person(openid);
    return { ...person, chat: [...this.#people.get(openid)!.chat] };
  }

  /** In the order in which they came into being. */
  *followersOf(account: string): Iterable<StoredPerson> {
    for (const { person } of this.#people.values()) if (person.account === account && person.following) yield person;
  }

  say(openid: string, line: NewLine): Line {
    const full = this.#numbered(line);
    this.#write({ is: 'line', openid, line: full });
    this.tell({ kind: 'line', openid, line: full });
    return full;
  }

  #numbered(line: NewLine): Line {
    return { id: `l${this.#lines + 1}`, at: this.now(), ...line };
  }

  grantsOf(openid: string): Grants {
    return this.#people.get(openid)?.grants ?? {};
  }

  setGrants(openid: string, grants: Grants): void {
    this.#write({ is: 'grants', openid, grants });
  }

  // ── Money ──────────────────────────────────────────────────────────────────────────────────────────────

  findMerchant(mchId: string): MerchantState | undefined {
    return this.#merchants.get(mchId);
  }

  merchant(mchId: string): MerchantState {
    const merchant = this.#merchants.get(mchId);
    if (!merchant) throw new Refused(404, `no merchant "${mchId}"`);
    return merchant;
  }

  merchantOfApp(appId: string): string | undefined {
    return [...this.#merchants.values()].find(({ options }) => options.appIds.includes(appId))?.options.mchId;
  }

  setBalance(mchId: string, balance: number): Merchant {
    const merchant = this.merchant(mchId);
    this.#write({ is: 'balance', mchId, balance, at: this.now() });
    this.tell({ kind: 'merchant', merchant: merchant.books });
    return merchant.books;
  }

  countFreqLimit(mchId: string): void {
    const merchant = this.merchant(mchId);
    merchant.books = { ...merchant.books, freqLimits: merchant.books.freqLimits + 1 };
    this.tell({ kind: 'merchant', merchant: merchant.books });
  }

  order(mchId: string, billNo: string, channel?: Packet['channel']): Order | undefined {
    return this.#orders.get(orderKey(mchId, billNo, channel));
  }

  /** By WeChat's own number (`transfer_bill_no`). */
  billOf(mchId: string, transferBillNo: string): Order | undefined {
    const order = this.#orders.get(this.#bills.get(transferBillNo) ?? '');
    return order?.mchId === mchId ? order : undefined;
  }

  /** In the order in which they came into being. */
  *ordersOf(mchId: string): Iterable<Order> {
    for (const order of this.#orders.values()) if (order.mchId === mchId) yield order;
  }

  /** Those to which something is due by now. */
  ordersDue(): Order[] {
    if (this.now() < this.#nextDue) return [];
    this.#nextDue = Number.POSITIVE_INFINITY;
    const due: Order[] = [];
    for (const key of this.#unfinished) {
      const order = this.#orders.get(key)!;
      const next = nextOf(order, this.merchant(order.mchId).limits);
      if (next && next.at <= this.now()) due.push(order);
      else if (next) this.#nextDue = Math.min(this.#nextDue, next.at);
    }
    return due;
  }

  /** `pays` is what the merchant's balance gains (refund) or loses (send), `card` what the chat shows. */
  putOrder(order: Order, pays = 0, card?: NewLine): void {
    const merchant = this.merchant(order.mchId);
    const line = card && this.#numbered(card);
    this.#write({ is: 'order', order, balance: merchant.books.balance + pays, ...(line ? { card: line } : {}) });
    this.tell({ kind: 'packet', packet: packetOf(order) });
    if (line) this.tell({ kind: 'line', openid: order.openid, line });
    if (pays !== 0 || order.status === 'RECEIVED' || order.shares)
      this.tell({ kind: 'merchant', merchant: merchant.books });
  }

  orderCount(): number {
    return this.#orders.size;
  }

  /** What a merchant sent on the Beijing day of `at`: to one person, or to all. */
  tally(at: number, mchId: string, openid?: string): Readonly<DaySum> {
    return this.#days.of(at, mchId, openid);
  }

  // ── Time ───────────────────────────────────────────────────────────────────────────────────────────────

  moveClock(offsetMs: number): void {
    this.clock.setOffset(offsetMs);
    this.#journal.append({ is: 'clock', offsetMs: this.clock.offsetMs() });
    this.tell({ kind: 'clock', now: this.now(), offsetMs: this.clock.offsetMs() });
  }

  state(): State {
    return {
      now: this.now(),
      offsetMs: this.clock.offsetMs(),
      accounts: [...this.#accounts.keys()].map(name => this.showAccount(name)),
      merchants: [...this.#merchants.values()].map(({ books }) => books),
      people: [...this.#people.keys()].map(openid => this.showPerson(openid)),
      packets: [...this.#orders.values()].map(packetOf),
      faults: this.faults.get(),
      shopOrders: this.shop.latest(),
      authorizations: this.authorizations.list(),
    };
  }
}

/** A given one may stand where the counted one would. */
function newOpenId(appId: string, index: number, taken: ReadonlyMap<string, unknown>): string {
  let openid = openidOf(appId, index);
  for (let n = 1; taken.has(openid); n++) openid = openidOf(appId, index + n / 1000);
  return openid;
}

/** 28 characters that begin with `o`: the same on every run, so that a failing seed repeats. */
function openidOf(appId: string, index: number): string {
  return `o${createHash('sha256').update(`${appId}\n${index}`).digest('base64url').slice(0, 27)}`;
}
