// The page's script: opens the red packet, keeps the visitor's prizes up to date, and has transfers confirmed. Small, and
// as old browsers understand it (ES2017).
import './h5/page.css';
import type { Confirm, Result } from '../http/h5/html/view.ts';

type Word =
  | 'opening'
  | 'busy'
  | 'offline'
  | 'stale'
  | 'again'
  | 'drawHint'
  | 'confirming'
  | 'confirmFailed'
  | 'ending'
  | 'endFailed';
type Data = {
  readonly path: string;
  readonly tap?: string;
  readonly isMoving: boolean;
  /** Another tap may come to something else. */
  readonly isRepeated: boolean;
  readonly words: Readonly<Record<Word, string>>;
  readonly confirm?: Pick<Confirm, 'config' | 'transfers'>;
};
type Own = { readonly mine: string; readonly isMoving: boolean };
type Drawn = Result & Own & { readonly tap: string };
/** What WeChat's browser brings along, and what its script adds. */
type Bridge = {
  invoke(name: string, given: object, done: (answer: { err_msg?: string }) => void): void;
  call(name: string): void;
};
type Wx = { config(given: object): void; ready(done: () => void): void; error(done: () => void): void };
declare const wx: Wx | undefined;

/** The coin turns so long at least, so that one sees that something happens. */
const TURN_MS = 900;
/** How long after a change one looks again, while something is on its way. */
const LOOKS_MS = [1500, 2000, 3000, 5000, 8000, 13000, 20000, 30000];

const byId = (id: string): HTMLElement => document.getElementById(id)!;
const data = JSON.parse(byId('data').textContent || '{}') as Data;
const { path, words } = data;
const lang = document.documentElement.lang === 'en' ? 'en' : 'zh';
const stage = byId('stage');
const coin = document.getElementById('draw') as HTMLButtonElement | null;
const wait = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms));
const bridge = (): Bridge | undefined => (window as unknown as { WeixinJSBridge?: Bridge }).WeixinJSBridge;
const isCalm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

let tap = data.tap;
let looks = 0;

/** Who is no longer known, or has an old page, begins anew: with WeChat's word that takes a moment. */
class Stale extends Error {}

async function ask<T>(what: string, body?: object): Promise<T> {
  const given =
    body === undefined
      ? undefined
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(
    `${path}/${what}?lang=${lang}`,
    Object.assign({ credentials: 'same-origin' as const }, given),
  );
  if (answer.status === 401 || answer.status === 403) throw new Stale();
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
}

// ── The draw ─────────────────────────────────────────────────────────────────────────────────────────────────

async function draw(): Promise<void> {
  if (!coin || tap === undefined || stage.dataset.state !== 'shut') return;
  stage.dataset.state = 'turning';
  coin.setAttribute('aria-disabled', 'true');
  byId('hint').textContent = words.opening;
  try {
    // The token stays the same until there is an answer: a tap that is repeated is the same tap.
    const [drawn] = await Promise.all([ask<Drawn>('draw', { tap }), wait(isCalm() ? 0 : TURN_MS)]);
    tap = drawn.tap;
    show(drawn);
  } catch (error) {
    stage.dataset.state = 'shut';
    coin.removeAttribute('aria-disabled');
    byId('hint').textContent = explain(error);
  }
}

function explain(error: unknown): string {
  if (error instanceof Stale) {
    setTimeout(() => location.reload(), 1200);
    return words.stale;
  }
  return error instanceof TypeError ? words.offline : words.busy;
}

function show(drawn: Drawn): void {
  const amount = byId('result-amount');
  amount.hidden = drawn.amount === undefined;
  amount.firstElementChild!.textContent = drawn.amount || '';
  byId('result-title').textContent = drawn.title;
  stage.dataset.kind = drawn.kind;
  stage.dataset.state = 'open';
  byId('hint').textContent = '';
  // Read aloud in one go: what, how much, and what to do.
  byId('result').textContent = drawn.text;
  byId('again').hidden = !data.isRepeated;
  byId('chat').hidden = drawn.kind !== 'won' || !bridge();
  showOwn(drawn);
  looks = 0;
}

function shut(): void {
  stage.dataset.state = 'shut';
  byId('result').textContent = '';
  byId('hint').textContent = words.drawHint;
  byId('again').hidden = true;
  byId('chat').hidden = true;
  if (!coin) return;
  coin.removeAttribute('aria-disabled');
  coin.focus();
}

// ── Own prizes ───────────────────────────────────────────────────────────────────────────────────────────────

let looking: number | undefined;

function showOwn({ mine, isMoving }: Own): void {
  const box = byId('mine');
  // A list that is the same stays, with whatever has the focus in it.
  if (box.dataset.text !== mine) box.innerHTML = mine;
  box.dataset.text = mine;
  if (looking !== undefined) clearTimeout(looking);
  looking = isMoving && looks < LOOKS_MS.length ? window.setTimeout(look, LOOKS_MS[looks]) : undefined;
}

function look(): void {
  looks++;
  ask<Own>('mine').then(showOwn, () => undefined);
}

// ── Transfers ────────────────────────────────────────────────────────────────────────────────────────────────

let isReady = false;

function prepare(): void {
  if (!data.confirm || typeof wx === 'undefined') return;
  wx.config(Object.assign({ debug: false, jsApiList: ['requestMerchantTransfer'] }, data.confirm.config));
  wx.ready(() => {
    isReady = true;
  });
  wx.error(() => {
    isReady = false;
  });
}

function confirm(button: HTMLButtonElement): void {
  const billNo = button.dataset.confirm!;
  const transfer = data.confirm?.transfers.find(each => each.billNo === billNo);
  // What was won just now is not signed for yet: the page anew has it.
  if (!transfer) {
    location.reload();
    return;
  }
  const native = bridge();
  const note = button.previousElementSibling!;
  if (!isReady || !native) {
    note.textContent = words.confirmFailed;
    return;
  }
  button.disabled = true;
  const { mchId, appId, package: text } = transfer;
  native.invoke('requestMerchantTransfer', { mchId, appId, package: text }, ({ err_msg: outcome }) => {
    button.disabled = false;
    if (outcome !== 'requestMerchantTransfer:ok') return;
    // That the page was shown is all it says: whether the money came, WeChat Pay knows.
    looks = 0;
    ask<Own>('confirmed', { tap, billNo }).then(
      own => showOwn({ mine: own.mine, isMoving: true }),
      () => undefined,
    );
  });
}

// ── Payment without a tap ────────────────────────────────────────────────────────────────────────────────────

function end(button: HTMLButtonElement): void {
  const note = button.nextElementSibling!;
  note.textContent = words.ending;
  button.disabled = true;
  ask<Own>('end-authorization', { tap }).then(showOwn, () => {
    note.textContent = words.endFailed;
    button.disabled = false;
  });
}

// ── Begin ────────────────────────────────────────────────────────────────────────────────────────────────────

if (coin) coin.addEventListener('click', () => void draw());
byId('again').addEventListener('click', shut);
byId('chat').addEventListener('click', () => {
  const native = bridge();
  if (native) native.call('closeWindow');
});
byId('mine').addEventListener('click', event => {
  const button = (event.target as Element).closest<HTMLButtonElement>('[data-confirm]');
  if (button) confirm(button);
  const ending = (event.target as Element).closest<HTMLButtonElement>('[data-end]');
  if (ending) end(ending);
});
// A page that comes back out of the browser's memory shows what was true then.
window.addEventListener('pageshow', event => {
  if (event.persisted) location.reload();
});
prepare();
if (data.isMoving) looking = window.setTimeout(look, LOOKS_MS[0]);
