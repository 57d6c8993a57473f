// The phone: its frame and status bar, and the one page of WeChat that lies open in it.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Account, Line, Person } from '../../../simulator/shared/protocol.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Back, Bars, Dots, Scan as ScanIcon, Sliders, StatusIcons } from '../parts/icons.tsx';
import { accountOf, personOf, sendAgain, type Unsent, update, useModel, virtualNow } from '../state.ts';
import { chatTime, clockText, fullText } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { Composer } from './composer.tsx';
import { onGlassKey } from './glass-keys.ts';
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
  useEffect(() => {
    if (m.web === undefined) return;
    show({ kind: 'web', url: m.web });
    update({ web: undefined });
  }, [m.web]);
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
      <button type="button" data-test="open-details" onClick={() => update({ sheet: 'details', hasLooked: true })}>
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

/** Within so many pixels of the end one sees the newest line. */
const NEAR_END = 60;

/** Follows the newest line while one is at the end, keeps the place while one reads above it, and counts what came since. */
function useScroll(openid: string, last: string | undefined, isMine: boolean) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const [fresh, setFresh] = useState(0);
  const toEnd = (): void => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
    setFresh(0);
  };
  useLayoutEffect(() => {
    isAtEnd.current = true;
    toEnd();
  }, [openid]);
  useLayoutEffect(() => {
    if (isAtEnd.current || isMine) toEnd();
    else setFresh(count => count + 1);
  }, [last]);
  useEffect(() => {
    // What grows or shrinks the room, as a keyboard, the menu or a picture, hides no newest line.
    const inner = box.current?.firstElementChild;
    const watch = new ResizeObserver(() => isAtEnd.current && toEnd());
    if (box.current) watch.observe(box.current);
    if (inner) watch.observe(inner);
    return () => watch.disconnect();
  }, []);
  const onScroll = (): void => {
    const list = box.current;
    if (!list) return;
    isAtEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    if (isAtEnd.current) setFresh(0);
  };
  return { box, fresh, toEnd, onScroll };
}

function Chat({ person, account, show }: PartProps) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [more, setMore] = useState(0);
  const lines = person.chat.slice(-LINES_SHOWN - more);
  const unsent = m.unsent[person.openid] ?? [];
  const times = timesOf(lines);
  const last = unsent.at(-1)?.id ?? lines.at(-1)?.id;
  const isMine = unsent.length > 0 || lines.at(-1)?.from === 'user';
  const { box, fresh, toEnd, onScroll } = useScroll(person.openid, last, isMine);
  const shown = useRef(lines);
  shown.current = lines;
  useEffect(() => {
    const tap = (event: Event): void => tapOnLine(event, shown.current);
    const list = box.current;
    list?.addEventListener('click', tap);
    return () => list?.removeEventListener('click', tap);
  }, []);
  const showEarlier = (): void => {
    const list = box.current;
    const below = list ? list.scrollHeight - list.scrollTop : 0;
    setMore(more + LINES_SHOWN);
    // The lines one was reading stay where they were.
    requestAnimationFrame(() => list?.scrollTo({ top: list.scrollHeight - below }));
  };
  const now = virtualNow(m);
  const openWeb = (url: string): void => show({ kind: 'web', url });
  return (
    <div class="chat-box">
      <div
        class="chat"
        ref={box}
        onScroll={onScroll}
        onKeyDown={onGlassKey}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached without a mouse
        tabIndex={0}
        role="log"
        aria-live="polite"
        aria-relevant="additions"
        aria-label={words.chatLabel}
      >
        <div>
          {lines.length < person.chat.length && (
            <button type="button" class="earlier" data-test="earlier" onClick={showEarlier}>
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
            {unsent.map(one => (
              <UnsentLine key={one.id} one={one} person={person} />
            ))}
          </ol>
        </div>
      </div>
      {fresh > 0 && (
        <button type="button" class="fresh" data-test="fresh" onClick={toEnd}>
          {words.fresh(fresh)}
        </button>
      )}
    </div>
  );
}

/** As WeChat shows what did not leave: a red mark, and a tap on it sends it again. */
function UnsentLine({ one, person }: { readonly one: Unsent; readonly person: Person }) {
  const words = wordsOf(useModel().lang);
  return (
    <li class="line mine" data-test="unsent">
      <Avatar name={person.nickname} seed={person.openid} />
      <div class="said">
        <p class="bubble">{one.text}</p>
      </div>
      <button
        type="button"
        class="fate"
        data-test="send-again"
        aria-label={words.sendAgain}
        title={words.sendAgain}
        onClick={() => void sendAgain(one)}
      >
        !
      </button>
    </li>
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
