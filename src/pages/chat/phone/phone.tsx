// The phone: its frame and status bar, and the one page of WeChat that lies open in it.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Account, Line, Person } from '../../../simulator/shared/protocol.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Back, Bars, Dots, Scan as ScanIcon, Sliders, StatusIcons } from '../parts/icons.tsx';
import { accountOf, personOf, update, useModel, virtualNow } from '../state.ts';
import { chatTime, clockText, fullText } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { Composer } from './composer.tsx';
import { ChatLine, tapOnLine } from './messages.tsx';
import { PacketDialog } from './red-packet.tsx';
import { ShopPage } from './shop.tsx';
import { AboutPage, PlacePage, Profile, ReaderPage, ScanPage, VoicePage, WebPage } from './wechat-pages.tsx';

/** What lies over the chat. */
export type PhonePage =
  | { readonly kind: 'about' | 'scan' | 'voice' | 'place' | 'shop' }
  | { readonly kind: 'web'; readonly url: string }
  /** The scanner of a button of the menu. */
  | { readonly kind: 'reader'; readonly key: string; readonly waiting: boolean };

/** The simulator's time, once a second. */
export function useNow(): number {
  const m = useModel();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick(n => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return virtualNow(m);
}

export function Phone() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const person = personOf(m);
  const account = accountOf(m);
  const [page, show] = useState<PhonePage | undefined>();
  useEffect(() => show(undefined), [m.me]);
  return (
    <section class="phone" aria-label={account ? account.title : words.title}>
      <div class="screen">
        <StatusBar />
        {person && account ? (
          <>
            <div class="app">
              <Header person={person} account={account} show={show} />
              {person.following ? (
                <>
                  <Chat person={person} account={account} show={show} />
                  <Composer account={account} show={show} />
                </>
              ) : (
                <Profile account={account} person={person} show={show} />
              )}
            </div>
            <Over page={page} person={person} account={account} show={show} />
            <PacketDialog />
          </>
        ) : (
          <div class="app waiting">
            <span class="spinner big" />
            <p>{m.link === 'lost' ? words.lost : words.connecting}</p>
          </div>
        )}
        <div class="home-bar" />
      </div>
    </section>
  );
}

function StatusBar() {
  const m = useModel();
  const now = useNow();
  return (
    <div class="status-bar">
      <time data-test="clock" data-now={now} data-offset={m.offsetMs} title={fullText(now)}>
        {clockText(now)}
      </time>
      <span class="island" />
      <StatusIcons />
      <NarrowTools />
    </div>
  );
}

/** On a narrow screen the status bar leads to what stands beside the phone on a wide one. */
function NarrowTools() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const person = personOf(m);
  const faults = m.faults.pay.length + m.faults.platform.length;
  return (
    <div class="narrow-tools">
      {person && (
        <button type="button" class="who" data-test="open-people" onClick={() => update({ sheet: 'people' })}>
          <Avatar name={person.nickname} seed={person.openid} />
          <span>{person.nickname}</span>
        </button>
      )}
      <button type="button" data-test="open-tools" onClick={() => update({ sheet: 'tools' })}>
        <Sliders size={19} />
        {words.tools}
        {faults > 0 && <i class="alarm-dot" />}
      </button>
      <button type="button" data-test="open-details" onClick={() => update({ sheet: 'details' })}>
        <Bars size={19} />
        {words.details}
      </button>
    </div>
  );
}

type PartProps = {
  readonly person: Person;
  readonly account: Account;
  readonly show: (page: PhonePage | undefined) => void;
};

function Header({ person, account, show }: PartProps) {
  const words = wordsOf(useModel().lang);
  const toPeople = (): void => {
    update({ sheet: 'people' });
    document.querySelector<HTMLElement>('.people [aria-current="true"]')?.focus();
  };
  return (
    <header class="chat-header">
      <button type="button" class="icon" onClick={toPeople} aria-label={words.people} title={words.people}>
        <Back />
      </button>
      {person.following && <h1>{account.title}</h1>}
      <button
        type="button"
        class="icon"
        data-test="scan"
        onClick={() => show({ kind: 'scan' })}
        aria-label={words.scan}
        title={words.scan}
      >
        <ScanIcon size={22} />
      </button>
      {person.following && (
        <button
          type="button"
          class="icon"
          data-test="about"
          onClick={() => show({ kind: 'about' })}
          aria-label={words.about}
          title={words.about}
        >
          <Dots />
        </button>
      )}
    </header>
  );
}

function Over({ page, person, account, show }: PartProps & { readonly page: PhonePage | undefined }) {
  const close = (): void => show(undefined);
  switch (page?.kind) {
    case 'about':
      return person.following ? <AboutPage account={account} close={close} /> : null;
    case 'scan':
      return <ScanPage account={account} person={person} close={close} />;
    case 'voice':
      return <VoicePage close={close} />;
    case 'place':
      return <PlacePage close={close} />;
    case 'shop':
      return <ShopPage openid={person.openid} close={close} />;
    case 'reader':
      return <ReaderPage button={page.key} waiting={page.waiting} close={close} />;
    case 'web':
      return <WebPage url={page.url} person={person} close={close} />;
    default:
      return null;
  }
}

const LINES_SHOWN = 120;
const QUIET_MS = 5 * 60_000;

/** Before which lines WeChat writes the time: the first, and after five quiet minutes. */
function timesOf(lines: readonly Line[]): ReadonlySet<string> {
  const times = new Set<string>();
  let last = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    if (Math.abs(line.at - last) > QUIET_MS) times.add(line.id);
    last = line.at;
  }
  return times;
}

function Chat({ person, account, show }: PartProps) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [more, setMore] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const lines = person.chat.slice(-LINES_SHOWN - more);
  const times = timesOf(lines);
  const last = lines[lines.length - 1]?.id;
  useLayoutEffect(() => {
    isAtEnd.current = true;
  }, [person.openid]);
  useLayoutEffect(() => {
    const box = list.current;
    if (box && (isAtEnd.current || lines[lines.length - 1]?.from === 'user')) box.scrollTop = box.scrollHeight;
  }, [last, person.openid, m.packets]);
  const shown = useRef(lines);
  shown.current = lines;
  useEffect(() => {
    const tap = (event: Event): void => tapOnLine(event, shown.current);
    const box = list.current;
    box?.addEventListener('click', tap);
    return () => box?.removeEventListener('click', tap);
  }, []);
  const onScroll = (): void => {
    const box = list.current;
    if (box) isAtEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  };
  const now = virtualNow(m);
  const openWeb = (url: string): void => show({ kind: 'web', url });
  return (
    <div
      class="chat"
      ref={list}
      onScroll={onScroll}
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label={words.chatLabel}
    >
      {lines.length < person.chat.length && (
        <button type="button" class="earlier" onClick={() => setMore(more + LINES_SHOWN)}>
          {words.earlier}
        </button>
      )}
      {lines.length === 0 && <p class="chat-empty">{words.chatEmpty}</p>}
      <ol>
        {lines.map(line => (
          <Timed key={line.id} time={times.has(line.id) ? chatTime(line.at, now, words.date) : undefined}>
            <ChatLine line={line} person={person} account={account} openWeb={openWeb} />
          </Timed>
        ))}
      </ol>
    </div>
  );
}

type TimedProps = { readonly time: string | undefined; readonly children: ComponentChildren };

function Timed({ time, children }: TimedProps) {
  return (
    <>
      {time && (
        <li class="time" aria-hidden="true">
          {time}
        </li>
      )}
      {children}
    </>
  );
}
