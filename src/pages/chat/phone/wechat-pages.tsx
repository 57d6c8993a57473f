// The pages of WeChat that lie over the chat: the account's profile, the scanner, voice, places, a web page.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Account, Person } from '../../../simulator/shared/protocol.ts';
import { Avatar } from '../parts/avatar.tsx';
import { useDialog } from '../parts/dialog.ts';
import { Back, Chevron, Globe, Pin, Scan as ScanIcon } from '../parts/icons.tsx';
import { act, pushIn, sceneName, scenesOf, useModel, watchBot } from '../state.ts';
import { dayText, hashOf } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import type { PhonePage } from './phone.tsx';

type Closing = { readonly close: () => void };
type OverProps = Closing & { readonly title: string; readonly kind: string; readonly children: ComponentChildren };

export function OverPage({ title, kind, close, children }: OverProps) {
  const words = wordsOf(useModel().lang);
  const box = useDialog(close);
  return (
    <div class={`over ${kind}`} ref={box} role="dialog" aria-modal="true" aria-label={title}>
      <header class="chat-header">
        <button type="button" class="icon" onClick={close} aria-label={words.back}>
          <Back />
        </button>
        <h2>{title}</h2>
      </header>
      {children}
    </div>
  );
}

function Facts({ account }: { readonly account: Account }) {
  const words = wordsOf(useModel().lang);
  const { format } = account.pushing ?? { format: 'xml' };
  const other = format === 'xml' ? 'json' : 'xml';
  return (
    <dl class="facts">
      <dt>{words.accountId}</dt>
      <dd>{account.originalId}</dd>
      <dt>AppID</dt>
      <dd>{account.appId}</dd>
      <dt>{words.mode}</dt>
      <dd>{words.modes[account.mode]}</dd>
      <dt>{words.format}</dt>
      <dd>
        {format.toUpperCase()}{' '}
        <button type="button" class="inline" data-test="format" onClick={() => void pushIn(account, other)}>
          {words.formatChange(other.toUpperCase())}
        </button>
      </dd>
      <dt>{words.webhook}</dt>
      <dd>{account.webhook}</dd>
    </dl>
  );
}

function Head({ account }: { readonly account: Account }) {
  const words = wordsOf(useModel().lang);
  return (
    <div class="profile-head">
      <Avatar name={account.title} seed={account.appId} kind="account" />
      <div>
        <h2>{account.title}</h2>
        <p>
          <span class="tag">{words.serviceAccount}</span>
          {account.name}
        </p>
      </div>
    </div>
  );
}

type ProfileProps = {
  readonly account: Account;
  readonly person: Person;
  readonly show: (page: PhonePage | undefined) => void;
};

/** What somebody sees who does not follow yet. */
export function Profile({ account, show }: ProfileProps) {
  const words = wordsOf(useModel().lang);
  return (
    <div class="profile">
      <Head account={account} />
      <Facts account={account} />
      <div class="profile-actions">
        <button type="button" class="primary" data-test="follow" onClick={() => void act({ kind: 'follow' })}>
          {words.follow}
        </button>
        <button type="button" class="quiet" onClick={() => show({ kind: 'scan' })}>
          <ScanIcon size={18} />
          {words.followScan}
        </button>
        <p class="hint">{words.followHint}</p>
      </div>
    </div>
  );
}

export function AboutPage({ account, close }: Closing & { readonly account: Account }) {
  const words = wordsOf(useModel().lang);
  const leave = (): void => {
    close();
    void act({ kind: 'unfollow' });
  };
  return (
    <OverPage title="" kind="about" close={close}>
      <div class="profile">
        <Head account={account} />
        <Facts account={account} />
        <div class="profile-actions">
          <button type="button" class="primary" onClick={close}>
            {words.enter}
          </button>
          <button type="button" class="quiet danger" data-test="unfollow" onClick={leave}>
            {words.unfollow}
          </button>
          <p class="hint">{words.unfollowAsk}</p>
        </div>
      </div>
    </OverPage>
  );
}

export function ScanPage({ account, person, close }: Closing & { readonly account: Account; readonly person: Person }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [scene, setScene] = useState('');
  const scenes = [...new Set([...account.qrcodes.map(code => code.scene), ...scenesOf(m)])];
  const expiry = new Map<string, number>();
  for (const code of account.qrcodes) if (code.expiresAt !== undefined) expiry.set(code.scene, code.expiresAt);
  const go = (value: string): void => {
    if (!value.trim()) return;
    close();
    scanScene(value.trim(), person);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    go(scene);
  };
  return (
    <OverPage title={words.scan} kind="scan" close={close}>
      <div class="finder" aria-hidden="true">
        <i />
      </div>
      <p class="hint">{words.scanHint}</p>
      <ul class="codes">
        {scenes.map(each => (
          <li key={each}>
            <button type="button" data-test="scan-code" data-scene={each} onClick={() => go(each)}>
              <QrSketch seed={each} />
              <strong>{sceneName(m, each) ?? each}</strong>
              {sceneName(m, each) !== undefined && <small>{each}</small>}
              {expiry.has(each) && <small>{words.expires(dayText(expiry.get(each)!).slice(5))}</small>}
            </button>
          </li>
        ))}
        {scenes.length === 0 && <li class="none">{words.scanNone}</li>}
      </ul>
      <form class="scene" onSubmit={submit}>
        <input
          data-test="scan-scene"
          type="text"
          maxLength={64}
          autocomplete="off"
          placeholder={words.scene}
          aria-label={words.scene}
          value={scene}
          onInput={event => setScene(event.currentTarget.value)}
        />
        <button type="submit" class="primary" data-test="scan-go" disabled={!scene.trim()}>
          {words.scanGo}
        </button>
      </form>
    </OverPage>
  );
}

/** WeChat's own way: who does not follow yet, follows through the code. */
export function scanScene(scene: string, person: Person): void {
  void act(person.following ? { kind: 'scan', scene } : { kind: 'follow', scene });
}

const CELLS = 21;
/** Looks like a QR code and is none: the page has nothing to encode. */
function QrSketch({ seed }: { readonly seed: string }) {
  let dots = '';
  for (let y = 0; y < CELLS; y++) {
    for (let x = 0; x < CELLS; x++) {
      const isCorner = (x < 8 && y < 8) || (x > 12 && y < 8) || (x < 8 && y > 12);
      if (!isCorner && (hashOf(`${seed}${x},${y}`) >>> 7) % 2 === 1) dots += `M${x} ${y}h1v1h-1z`;
    }
  }
  const eye = (x: number, y: number): string =>
    `M${x} ${y}h7v7h-7zM${x + 1} ${y + 1}v5h5v-5zM${x + 2} ${y + 2}h3v3h-3z`;
  return (
    <svg class="qr" viewBox={`-1 -1 ${CELLS + 2} ${CELLS + 2}`} shape-rendering="crispEdges" aria-hidden="true">
      <path d={`${dots}${eye(0, 0)}${eye(14, 0)}${eye(0, 14)}`} fill="currentColor" fill-rule="evenodd" />
    </svg>
  );
}

/** What the scanner of the menu reads: a URL, a printed code, the digits of goods. Only people's own cameras see it. */
export function ReaderPage({
  button,
  waiting,
  close,
}: Closing & { readonly button: string; readonly waiting: boolean }) {
  const words = wordsOf(useModel().lang);
  const [result, setResult] = useState('');
  const [type, setType] = useState<'qrcode' | 'barcode'>('qrcode');
  const send = (event: Event): void => {
    event.preventDefault();
    if (!result.trim()) return;
    close();
    void act({ kind: 'scancode', key: button, result: result.trim(), type, waiting });
  };
  return (
    <OverPage title={words.scan} kind="plain" close={close}>
      <form class="stack" onSubmit={send}>
        <label>
          {words.readerResult(button)}
          <input
            data-focus
            data-test="reader-result"
            type="text"
            maxLength={512}
            autocomplete="off"
            value={result}
            onInput={event => setResult(event.currentTarget.value)}
          />
        </label>
        <label>
          {words.readerType}
          <select
            data-test="reader-type"
            value={type}
            onInput={event => setType(event.currentTarget.value === 'barcode' ? 'barcode' : 'qrcode')}
          >
            <option value="qrcode">{words.readerTypes.qrcode}</option>
            <option value="barcode">{words.readerTypes.barcode}</option>
          </select>
        </label>
        <button type="submit" class="primary" data-test="reader-go" disabled={!result.trim()}>
          {words.scanGo}
        </button>
      </form>
    </OverPage>
  );
}

export function VoicePage({ close }: Closing) {
  const words = wordsOf(useModel().lang);
  const [said, setSaid] = useState(words.voiceSample);
  const send = (event: Event): void => {
    event.preventDefault();
    close();
    void act({ kind: 'voice', ...(said.trim() && { words: said.trim() }) });
  };
  return (
    <OverPage title={words.voice} kind="plain" close={close}>
      <form class="stack" onSubmit={send}>
        <label>
          {words.voiceWords}
          <input
            data-focus
            data-test="voice-words"
            type="text"
            value={said}
            onInput={event => setSaid(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" data-test="voice-send">
          {words.send}
        </button>
      </form>
    </OverPage>
  );
}

export function PlacePage({ close }: Closing) {
  const words = wordsOf(useModel().lang);
  return (
    <OverPage title={words.location} kind="plain" close={close}>
      <ul class="places">
        {words.places.map(place => (
          <li key={place.label}>
            <button
              type="button"
              data-test="place"
              onClick={() => {
                close();
                void act({ kind: 'location', ...place });
              }}
            >
              <Pin size={22} />
              <span>
                {place.label}
                <small>
                  {place.latitude}, {place.longitude}
                </small>
              </span>
              <Chevron size={16} />
            </button>
          </li>
        ))}
      </ul>
    </OverPage>
  );
}

export function WebPage({ url, person, close }: Closing & { readonly url: string; readonly person: Person }) {
  const words = wordsOf(useModel().lang);
  const isWeb = /^(https?:\/\/|\/)/.test(url);
  const link = openedBy(person, url);
  const isHere = link !== undefined && new URL(url).hostname === location.hostname;
  useEffect(() => (isHere ? watchBot() : undefined), [isHere]);
  const leave = isWeb && (
    <a
      class={isHere ? 'outside' : 'primary'}
      href={link ?? url}
      target="_blank"
      rel="noopener noreferrer"
      onClick={close}
      data-focus
    >
      {words.webOpen}
    </a>
  );
  if (isHere) {
    return (
      <OverPage title={words.webHere} kind="plain" close={close}>
        <iframe class="web-frame" data-test="web-frame" src={link} title={words.webHere} />
        {leave}
      </OverPage>
    );
  }
  return (
    <OverPage title={words.webTitle} kind="plain" close={close}>
      <div class="web">
        <span class="web-icon">
          <Globe size={40} />
        </span>
        <p class="web-url">{url}</p>
        <p class="hint">{words.webNote}</p>
        {leave}
      </div>
    </OverPage>
  );
}

/** Opens a page of this machine with the phone in this person's hands, as OAuth needs it. */
function openedBy({ openid }: Person, url: string): string | undefined {
  const isOurs = /^https?:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?\//.test(url);
  return isOurs
    ? `/simulator/control/people/${encodeURIComponent(openid)}/open?url=${encodeURIComponent(url)}`
    : undefined;
}
