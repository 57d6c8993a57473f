// The lines of the chat, as WeChat draws them: bubbles, pictures, voices, places, articles, packets, grey notices.

import type { ComponentChildren } from 'preact';
import type { Account, Line, Person } from '../../../simulator/shared/protocol.ts';
import type { Push } from '../../../simulator/shared/protocol-push.ts';
import { deedOfLine } from '../event-trail.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Pin, Waves } from '../parts/icons.tsx';
import { deedShown, deedsNow, getModel, packetKey, update, useModel } from '../state.ts';
import { hashOf } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { PacketCard } from './red-packet.tsx';

type LineProps = {
  readonly line: Line;
  readonly person: Person;
  readonly account: Account;
  readonly openWeb: (url: string) => void;
};

/** A tap on what was said, anywhere but on a button in it. The glass beside it is the keyboard's way. */
export function tapOnLine(event: Event, lines: readonly Line[]): void {
  const { target } = event;
  if (!(target instanceof Element) || target.closest('button') || !target.closest('.said, .notice-text')) return;
  const id = target.closest<HTMLElement>('[data-line]')?.getAttribute('data-line');
  const line = lines.find(each => each.id === id);
  if (line) inspect(line);
}

/** Puts the event behind a line under the glass; on a narrow screen that opens the panel. */
function inspect(line: Line): void {
  const deed = deedOfLine(line, deedsNow(getModel()));
  if (deed) update({ selected: deed.id, sheet: 'details', hasLooked: true });
}

export function ChatLine({ line, person, account, openWeb }: LineProps) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const deed = deedOfLine(line, deedsNow(m));
  const isShown = deed !== undefined && deed === deedShown(m);
  const hooks = {
    'data-test': 'line',
    'data-line': line.id,
    'data-from': line.from,
    'data-kind': line.kind,
    'data-push': deed?.id,
  };
  const glass = deed && (
    <button
      type="button"
      class="glass"
      tabIndex={isShown ? 0 : -1}
      onClick={() => inspect(line)}
      aria-label={words.inspect}
      title={words.inspect}
    >
      i
    </button>
  );
  if (line.kind === 'notice') {
    return (
      <li class={`line notice ${isShown ? 'shown' : ''}`} {...hooks}>
        <span class="notice-text">{line.text}</span>
        {glass}
      </li>
    );
  }
  const isMine = line.from === 'user';
  return (
    <li class={`line ${isMine ? 'mine' : 'theirs'} ${isShown ? 'shown' : ''}`} {...hooks}>
      {isMine ? (
        <Avatar name={person.nickname} seed={person.openid} />
      ) : (
        <Avatar name={account.title} seed={account.appId} kind="account" />
      )}
      <div class="said">
        <span class="heard-only">{isMine ? words.iSay : words.says(account.title)}</span>
        <Body line={line} openWeb={openWeb} />
      </div>
      {isMine && <Fate push={deed?.push} />}
      {glass}
    </li>
  );
}

/** Beside one's own words: still on the way, or lost. */
function Fate({ push }: { readonly push: Push | undefined }) {
  const words = wordsOf(useModel().lang);
  if (push?.outcome === 'pending') return <span class="spinner" role="img" aria-label={words.sending} />;
  if (push?.outcome === 'failure') {
    return (
      <span class="fate" role="img" aria-label={words.failed}>
        !
      </span>
    );
  }
  return null;
}

function Body({ line, openWeb }: { readonly line: Line; readonly openWeb: (url: string) => void }) {
  const { packets } = useModel();
  switch (line.kind) {
    case 'text':
      return <p class="bubble">{richText(line.text, openWeb)}</p>;
    case 'image':
      return <Photo seed={line.mediaId} />;
    case 'voice':
      return <Voice text={line.text} />;
    case 'location':
      return <Place label={line.text} />;
    case 'news':
      return <News {...line} openWeb={openWeb} />;
    case 'packet':
      return <PacketCard packet={packets.get(packetKey(line))} />;
    case 'notice':
      return null;
  }
}

const LINK = /<a\s[^>]*?href="([^"]*)"[^>]*>([\s\S]*?)<\/a>|(https?:\/\/[^\s<>"'，。！？）】]+)/g;

/** WeChat shows `<a href>` and bare addresses in a text as links; everything else is plain. */
function richText(text: string, openWeb: (url: string) => void): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(end, match.index));
    const url = match[1] ?? match[3] ?? '';
    parts.push(
      <button type="button" class="link" onClick={() => openWeb(url)}>
        {match[2] ?? url}
      </button>,
    );
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

/** There is no real picture behind a media id: a landscape of its own stands for it. */
function Photo({ seed }: { readonly seed: string }) {
  const words = wordsOf(useModel().lang);
  const hue = hashOf(seed) % 360;
  return (
    <svg class="photo" viewBox="0 0 132 168" role="img">
      <title>{words.picture}</title>
      <rect width="132" height="168" fill={`hsl(${hue} 55% 84%)`} />
      <circle cx={30 + (hue % 70)} cy="46" r="15" fill="#fff" fill-opacity=".8" />
      <path d="M0 118 34 74l26 30 20-22 52 54v32H0Z" fill={`hsl(${hue} 32% 62%)`} />
      <path d="M0 136c30-16 52-6 74 2s40 8 58-4v34H0Z" fill={`hsl(${hue} 34% 46%)`} />
    </svg>
  );
}

function Voice({ text }: { readonly text: string }) {
  const seconds = Math.max(1, Math.min(60, Math.round([...text].length / 2.5)));
  return (
    <>
      <p class="bubble voice" style={{ minWidth: `${70 + seconds * 4}px` }}>
        <span>{seconds}″</span>
        <Waves size={20} />
      </p>
      {text && <p class="transcript">{text}</p>}
    </>
  );
}

function Place({ label }: { readonly label: string }) {
  return (
    <div class="card place">
      <p>{label}</p>
      <div class="map" aria-hidden="true">
        <svg viewBox="0 0 230 96" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
          <rect width="230" height="96" fill="#eef1ec" />
          <path d="M-5 72C40 58 70 84 120 70s80-26 120-8v40H-5Z" fill="#cfe3f5" />
          <path
            d="M20-5v110M150-5c-8 40 10 70 0 110M-5 30c80 12 160-8 240 6"
            stroke="#fff"
            stroke-width="7"
            fill="none"
          />
          <path d="M80-5 96 105M-5 52l240-8" stroke="#fff" stroke-width="4" fill="none" />
          <rect x="34" y="6" width="34" height="18" rx="3" fill="#dfe7d3" />
          <rect x="164" y="48" width="40" height="16" rx="3" fill="#e6e0d2" />
        </svg>
        <Pin size={30} />
      </div>
    </div>
  );
}

type NewsProps = {
  readonly title: string;
  readonly description: string;
  readonly picUrl: string;
  readonly url: string;
  readonly openWeb: (url: string) => void;
};

function News({ title, description, picUrl, url, openWeb }: NewsProps) {
  // Pictures of other sites are not loaded: no third-party request leaves this page.
  const isOurs = picUrl.startsWith('/') || picUrl.startsWith('data:') || picUrl.startsWith(`${location.origin}/`);
  const hue = hashOf(title) % 40;
  const cover = { background: `linear-gradient(135deg, hsl(${hue} 78% 62%), hsl(${hue + 18} 82% 52%))` };
  return (
    <button type="button" class="card news" onClick={() => openWeb(url)}>
      {isOurs ? (
        <img src={picUrl} alt="" />
      ) : (
        <span class="cover" style={cover}>
          {[...title].slice(0, 6).join('')}
        </span>
      )}
      <strong>{title}</strong>
      {description && <span class="description">{description}</span>}
    </button>
  );
}
