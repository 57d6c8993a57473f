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
  | 'endFailed'
  | 'left'
  | 'verified'
  | 'notVerified';
type Data = {
  readonly path: string;
  readonly tap?: string;
  /** SHA-256 of the seed. */
  readonly commitment: string;
  readonly isMoving: boolean;
  readonly words: Readonly<Record<Word, string>>;
  readonly confirm?: Pick<Confirm, 'config' | 'transfers'>;
};
type Own = { readonly mine: string; readonly isMoving: boolean; readonly transfers?: Confirm['transfers'] };
/** `shut`: another tap would come to nothing, and what stands in its place; else `hint` says what it might. */
type Drawn = Result & Own & { readonly tap: string; readonly hint: string; readonly shut: string };
/** What WeChat's browser brings along, and what its script adds. */
type Bridge = {
  invoke(name: string, given: object, done: (answer: { err_msg?: string }) => void): void;
  call(name: string): void;
};
type Wx = { config(given: object): void; ready(done: () => void): void; error(done: () => void): void };
declare const wx: Wx | undefined;
declare global {
  interface Window {
    readonly WeixinJSBridge?: Bridge;
  }
}

/** The coin turns so long at least, so that one sees that something happens. */
const TURN_MS = 900;
/** How long after a change one looks again, while something is on its way. */
const LOOKS_MS = [1500, 2000, 3000, 5000, 8000, 13000, 20000, 30000];

const byId = (id: string): HTMLElement => document.getElementById(id) || document.createElement('div');
const data = JSON.parse(byId('data').textContent || '{}') as Data;
const { path, words } = data;
const lang = document.documentElement.lang === 'en' ? 'en' : 'zh';
/** On a page that is about inviting there is none. */
const stage = document.getElementById('stage') || document.createElement('div');
const coin = document.getElementById('draw');
const wait = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms));
const bridge = (): Bridge | undefined => window.WeixinJSBridge;
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

let hint = byId('hint').textContent || words.drawHint;

function show(drawn: Drawn): void {
  hint = drawn.hint;
  looks = 0;
  // What was refused opens no packet: it is said, and what there is to do.
  if (drawn.kind === 'said' && drawn.shut !== '') {
    sayShut(drawn.shut);
    showOwn(drawn);
    return;
  }
  const amount = byId('result-amount');
  amount.hidden = drawn.amount === undefined;
  amount.firstElementChild!.textContent = drawn.amount || '';
  byId('result-title').textContent = drawn.title;
  stage.dataset.kind = drawn.kind;
  stage.dataset.state = 'open';
  byId('hint').textContent = '';
  // Read aloud in one go: what, how much, and what to do.
  byId('result').textContent = drawn.text;
  byId('again').hidden = drawn.shut !== '';
  byId('chat').hidden = drawn.kind !== 'won' || !bridge();
  showOwn(drawn);
}

function sayShut(text: string): void {
  byId('shut').innerHTML = text;
  byId('hint').textContent = '';
  stage.dataset.state = 'said';
  const notice = byId('shut').querySelector('h2');
  if (notice) {
    notice.tabIndex = -1;
    notice.focus();
  }
  countDown();
}

/** `1 12:03:09` until it begins; then the page anew has the coin. */
function countDown(): void {
  const clock = document.querySelector<HTMLElement>('.countdown');
  if (!clock) return;
  const end = Date.now() + Number(clock.dataset.left);
  const two = (n: number): string => (n < 10 ? `0${n}` : String(n));
  const tick = (): void => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const days = Math.floor(left / 86400);
    const time = [Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60].map(two).join(':');
    clock.textContent = `${words.left} ${days > 0 ? `${days}${lang === 'en' ? ' d' : ' 天'} ` : ''}${time}`;
    if (left === 0) location.reload();
    else setTimeout(tick, 1000);
  };
  if (end - Date.now() < 40 * 86400000) tick();
}

function shut(): void {
  stage.dataset.state = 'shut';
  byId('result').textContent = '';
  byId('hint').textContent = hint;
  byId('again').hidden = true;
  byId('chat').hidden = true;
  if (!coin) return;
  coin.removeAttribute('aria-disabled');
  coin.focus();
}

// ── Own prizes ───────────────────────────────────────────────────────────────────────────────────────────────

let looking: number | undefined;

function showOwn({ mine, isMoving, transfers: waiting }: Own): void {
  const box = byId('mine');
  if (waiting) transfers = waiting;
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
let transfers = data.confirm ? data.confirm.transfers : [];

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
  const transfer = transfers.find(each => each.billNo === billNo);
  // The page could not be signed when it was loaded: the page anew may be.
  if (!transfer || !data.confirm) {
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
      own => showOwn(Object.assign({}, own, { isMoving: true })),
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

// ── The draws, worked out again ──────────────────────────────────────────────────────────────────────────────

/** `openssl dgst -sha256 -hmac SEED` of each claim: where in [0, 1) it fell. WebCrypto is there on https and on this machine. */
async function verify(seed: string): Promise<void> {
  const { subtle } = crypto;
  const bytes = (text: string): BufferSource => new TextEncoder().encode(text);
  const hex = (sum: ArrayBuffer): string =>
    [...new Uint8Array(sum)].map(each => (each < 16 ? '0' : '') + each.toString(16)).join('');
  const said = byId('verified');
  if (hex(await subtle.digest('SHA-256', bytes(seed))) !== data.commitment) {
    said.textContent = words.notVerified;
    return;
  }
  const key = await subtle.importKey('raw', bytes(seed), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  said.textContent = words.verified;
  for (const claim of [...document.querySelectorAll('[data-claim]')]) {
    const sum = hex(await subtle.sign('HMAC', key, bytes(claim.textContent || '')));
    const note =
      claim.parentElement!.querySelector('em') || claim.parentElement!.appendChild(document.createElement('em'));
    note.textContent = ` ${((Number.parseInt(sum.slice(0, 12), 16) / 2 ** 48) * 100).toFixed(4)} %`;
  }
}

// ── Begin ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What of this kind was tapped; the tap may have hit a thing within. */
function tapped<E extends HTMLElement>({ target }: Event, kind: string): E | null {
  return target instanceof Element ? target.closest<E>(kind) : null;
}

if (coin) coin.addEventListener('click', () => void draw());
byId('again').addEventListener('click', shut);
byId('chat').addEventListener('click', () => {
  const native = bridge();
  if (native) native.call('closeWindow');
});
byId('shut').addEventListener('click', event => {
  if (tapped(event, '[data-reload]')) location.reload();
});
byId('mine').addEventListener('click', event => {
  const button = tapped<HTMLButtonElement>(event, '[data-confirm]');
  if (button) confirm(button);
  const ending = tapped<HTMLButtonElement>(event, '[data-end]');
  if (ending) end(ending);
});
// A page that comes back out of the browser's memory shows what was true then.
window.addEventListener('pageshow', event => {
  if (event.persisted) location.reload();
});
byId('verify').addEventListener('click', event => {
  const button = tapped(event, '[data-verify]');
  if (button) verify(button.dataset.verify!).catch(() => undefined);
});
document.body.className = '';
prepare();
countDown();
if (data.isMoving) looking = window.setTimeout(look, LOOKS_MS[0]);
