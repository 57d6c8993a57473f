// The dashboard in the browser: where we are, what was fetched, and what the server says by itself.
import { useEffect, useRef, useState } from 'preact/hooks';
import { wordIn } from '../shared/word.ts';
import { en } from './text/en.ts';
import { type Words, zh } from './text/zh.ts';

type Role = 'viewer' | 'operator' | 'publisher' | 'owner';
type Shell = {
  readonly name: string;
  readonly role: Role;
  readonly csrf: string;
  readonly hasDigits: boolean;
  readonly isDemo: boolean;
  readonly lang: 'zh' | 'en';
  readonly secondPersonFrom?: number;
};

export const shell = JSON.parse(document.getElementById('shell')!.textContent!) as Shell;
export const words: Words = shell.lang === 'en' ? en : zh;
export const isAble = shell.role !== 'viewer';

// ── Where we are ─────────────────────────────────────────────────────────────────────────────────────────────

export type Place = { readonly page: string; readonly query: URLSearchParams };

function placeNow(): Place {
  const page = location.pathname.replace(/^\/admin\/?/, '') || 'today';
  return { page, query: new URLSearchParams(location.search) };
}

const watchers = new Set<() => void>();
const told = (): void => {
  for (const watcher of [...watchers]) watcher();
};
addEventListener('popstate', told);

export function addressOf(page: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) all.set(name, value);
  if (new URLSearchParams(location.search).has('lang')) all.set('lang', shell.lang);
  const text = all.toString();
  return `/admin/${page}${text && `?${text}`}`;
}

export function go(page: string, query: Readonly<Record<string, string | undefined>> = {}): void {
  history.pushState(null, '', addressOf(page, query));
  told();
  scrollTo(0, 0);
}

export function usePlace(): Place {
  const [place, set] = useState(placeNow);
  useEffect(() => {
    const watcher = (): void => set(placeNow());
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  }, []);
  return place;
}

// ── What is fetched ──────────────────────────────────────────────────────────────────────────────────────────

export class Refused extends Error {
  readonly status: number;
  readonly word: string;
  constructor(status: number, word: string, text: string) {
    super(text);
    this.status = status;
    this.word = word;
  }
}

/** How far the bot's clock is from this browser's, and from that of its own machine: the demo's may be moved. */
let [ahead, moved] = [0, 0];
const MOVED_MS = 2 * 60_000;

/** What is "now" to the bot. */
export const now = (): number => Date.now() + ahead;
/** `undefined`: its clock is that of its machine. */
export const movedTo = (): number | undefined => (Math.abs(moved) < MOVED_MS ? undefined : now());

function setClock({ headers }: Response): void {
  const [bot, machine] = [Number(headers.get('x-now')), Date.parse(headers.get('date') ?? '')];
  if (!(bot > 0)) return;
  ahead = bot - Date.now();
  const before = moved;
  moved = Number.isNaN(machine) ? 0 : bot - machine;
  if (Math.abs(moved - before) >= MOVED_MS) told();
}

async function answerOf<T>(response: Response): Promise<T> {
  setClock(response);
  if (response.ok) return (await response.json()) as T;
  if (response.status === 401) location.assign('/admin');
  const said = (await response.json().catch(() => ({}))) as { error?: string; text?: string };
  throw new Refused(response.status, said.error ?? 'failed', said.text ?? '');
}

export async function ask<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
  const all = new URLSearchParams({ lang: shell.lang });
  for (const [name, value] of Object.entries(query)) if (value) all.set(name, value);
  return answerOf<T>(await fetch(`/admin/api/${path}?${all}`));
}

export async function tell<T>(path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-csrf': shell.csrf };
  return answerOf<T>(
    await fetch(`/admin/${path}?lang=${shell.lang}`, { method: 'POST', headers, body: JSON.stringify(body) }),
  );
}

export const newToken = (): string => crypto.randomUUID().replaceAll('-', '');

export type Loaded<T> = {
  readonly value?: T;
  /** When it was so. */
  readonly at?: number;
  readonly trouble?: string;
  readonly reload: () => void;
};

/** Keeps the old numbers while it asks again, and where that fails says of when they are. */
export function useLoaded<T>(
  path: string | undefined,
  query: Readonly<Record<string, string | undefined>> = {},
  news = 0,
): Loaded<T> {
  const [seen, set] = useState<Omit<Loaded<T>, 'reload'> & { readonly key?: string }>({});
  const [turn, again] = useState(0);
  const heard = useRef(news);
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    if (path === undefined) return undefined;
    let isOver = false;
    // What a page asks by itself keeps nobody signed in.
    const isQuiet = heard.current !== news;
    heard.current = news;
    ask<T>(path, { ...query, ...(isQuiet && { quiet: '1' }) }).then(
      value => isOver || set({ key, value, at: now() }),
      (error: unknown) =>
        isOver || set(before => ({ ...(before.key === key ? before : { key }), trouble: troubleText(error) })),
    );
    return () => {
      isOver = true;
    };
  }, [key, turn, news]);
  const reload = (): void => again(each => each + 1);
  return seen.key === key ? { ...seen, reload } : { reload };
}

export function troubleText(error: unknown): string {
  if (!(error instanceof Refused)) return words.offline;
  // What was written wrongly is said as it is.
  if (error.word === 'input' && error.message) return error.message;
  if (error.word === 'changed' && error.message) return words.changedBy(error.message);
  const known = wordIn(words.refused, error.word);
  return known ?? (error.message || words.failed);
}

// ── What the server says by itself ───────────────────────────────────────────────────────────────────────────

export type Pulse = {
  readonly counts?: Readonly<Record<string, number>>;
  readonly halted?: readonly string[];
  readonly away?: boolean;
  /** Grows with all that is new. */
  readonly news: number;
  readonly isLost: boolean;
};

export function usePulse(): Pulse {
  const [pulse, set] = useState<Pulse>({ news: 0, isLost: false });
  useEffect(() => {
    let source: EventSource | undefined;
    const open = (): void => {
      source = new EventSource('/admin/api/live');
      source.onmessage = ({ data }) => {
        const said = JSON.parse(String(data)) as Omit<Pulse, 'news' | 'isLost'>;
        set(({ news }) => ({ ...said, news: news + 1, isLost: false }));
      };
      source.onerror = () => set(before => ({ ...before, isLost: true }));
      source.addEventListener('gone', () => location.assign('/admin'));
    };
    // A tab that nobody sees listens to nothing: a browser has six connections for all of them, and the seventh tab would wait.
    const turn = (): void => {
      source?.close();
      source = undefined;
      if (!document.hidden) open();
    };
    turn();
    document.addEventListener('visibilitychange', turn);
    return () => {
      document.removeEventListener('visibilitychange', turn);
      source?.close();
    };
  }, []);
  return pulse;
}
