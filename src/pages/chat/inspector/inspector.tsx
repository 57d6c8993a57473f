// Behind the scenes (幕后): the way of one event beside the phone, from the push over the decision to the money.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { wordIn } from '../../shared/word.ts';
import type { Deed } from '../event-trail.ts';
import { Copy } from '../parts/icons.tsx';
import { deedShown, deedsNow, getModel, personOf, timelineOf, toast, update, useModel } from '../state.ts';
import { fullText } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { ruleTestOf } from './copy-as-test.ts';
import { DecisionSection, verdictOf } from './decision.tsx';
import { DeedList, titleOf } from './deed-list.tsx';
import { PayoutSection, payoutTone } from './payout.tsx';
import { RawSection } from './raw-push.tsx';

export type Tone = 'good' | 'gold' | 'bad' | 'wait' | 'mute';

async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(wordsOf(getModel().lang).copyFailed);
  }
}

/** A number people want to carry elsewhere. */
export function Copyable({ text }: { readonly text: string }) {
  const words = wordsOf(useModel().lang);
  return (
    <button
      type="button"
      class="copyable"
      title={words.panel.copyLong}
      onClick={() => void copyText(text, words.copied)}
    >
      {text}
      <Copy size={13} />
    </button>
  );
}

export function Panel() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const deed = deedShown(m);
  if (!deed) {
    return (
      <div class="panel empty">
        <EmptyDrawing />
        <h2>{words.panel.empty}</h2>
        <p>{words.panel.emptyHint}</p>
        {m.bot === 'absent' && <p class="kind-note">{words.panel.noBot}</p>}
      </div>
    );
  }
  return (
    <div class="panel">
      <DeedList shown={deed} />
      <Shown key={deed.id} deed={deed} isLatest={deed === deedsNow(m)[0]} />
    </div>
  );
}

function Shown({ deed, isLatest }: { readonly deed: Deed; readonly isLatest: boolean }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => void box.current?.closest('.right')?.scrollTo({ top: 0 }), []);
  return (
    <div class="panel-shown" ref={box} data-test="deed-shown" data-deed={deed.id}>
      <PanelHead deed={deed} isLatest={isLatest} />
      <Way deed={deed} />
      {m.bot === 'absent' ? (
        <p class="kind-note">{words.panel.noBot}</p>
      ) : (
        <>
          <DecisionSection deed={deed} />
          <PayoutSection line={deed.line} />
        </>
      )}
      {deed.push && <RawSection push={deed.push} />}
    </div>
  );
}

function PanelHead({ deed, isLatest }: { readonly deed: Deed; readonly isLatest: boolean }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [kind, detail] = titleOf(deed, words);
  const copy = (): void => {
    const person = personOf(m);
    const test = person && ruleTestOf(person, timelineOf(m), deed.line, m.campaigns, words.panel.copyWhere);
    if (test) void copyText(test, words.panel.copied);
    else toast(words.panel.copyNone);
  };
  return (
    <header class="panel-head">
      <div class="panel-title">
        <h2>
          <span>{kind}</span>
          {detail && <q>{detail}</q>}
        </h2>
        <time>{fullText(deed.at)}</time>
      </div>
      {!isLatest && (
        <button
          type="button"
          class="pill"
          data-test="latest"
          title={words.panel.latestLong}
          onClick={() => update({ selected: undefined })}
        >
          {words.panel.latest}
        </button>
      )}
      {m.bot !== 'absent' && (
        <button type="button" class="pill strong" data-test="copy-test" onClick={copy}>
          <Copy size={15} />
          {words.panel.copy}
        </button>
      )}
    </header>
  );
}

/** The three stations on one line: where it stands, at a glance. */
function Way({ deed: { push, line } }: { readonly deed: Deed }) {
  const m = useModel();
  const words = wordsOf(m.lang).panel;
  const tone = { pending: 'wait', reply: 'good', success: 'good', failure: 'bad' } as const;
  const verdict = line && verdictOf(line.decision, line.reply, words);
  const payout = line?.payout;
  const isLost = push?.outcome === 'failure';
  const source = line && wordIn(words.source, line.event.kind);
  const stations: readonly { name: string; value: string; tone: Tone; to: string }[] = [
    push
      ? { name: words.push, value: words.outcome[push.outcome], tone: tone[push.outcome], to: 'raw' }
      : { name: words.sourceName, value: source ?? words.push, tone: 'good', to: 'decision' },
    {
      name: words.decision,
      value: verdict?.name ?? (isLost ? words.none : '…'),
      tone: verdict?.tone ?? (isLost ? 'mute' : 'wait'),
      to: 'decision',
    },
    {
      name: words.payout,
      value: payout ? words.state[payout.state] : words.none,
      tone: payout ? payoutTone(payout.state) : 'mute',
      to: 'payout',
    },
  ];
  const shown = m.bot === 'absent' ? stations.slice(0, 1) : stations;
  const go = (id: string): void => {
    update({ hasLooked: true });
    document.getElementById(`section-${id}`)?.scrollIntoView({ block: 'start', behavior: 'smooth' });
  };
  return (
    <ol class="way">
      {shown.map(station => (
        <li key={station.name} class={`tone-${station.tone}`}>
          <button type="button" data-test="station" data-to={station.to} onClick={() => go(station.to)}>
            <small>{station.name}</small>
            <strong>{station.value}</strong>
          </button>
        </li>
      ))}
    </ol>
  );
}

type SectionProps = {
  readonly id: string;
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
};

export function Section({ id, title, aside, children }: SectionProps) {
  return (
    <section class="card-section" id={`section-${id}`} aria-label={title}>
      <header>
        <h3>{title}</h3>
        {aside}
      </header>
      {children}
    </section>
  );
}

type FoldProps = {
  readonly title: string;
  readonly note?: string;
  readonly open?: boolean;
  readonly children: ComponentChildren;
};

/** A part one may open; remembers it. */
export function Fold({ title, note, open = false, children }: FoldProps) {
  const [isOpen, setOpen] = useState(open);
  return (
    <details class="fold" open={isOpen} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        {title}
        {note && <small>{note}</small>}
      </summary>
      {children}
    </details>
  );
}

function EmptyDrawing() {
  return (
    <svg width="148" height="84" viewBox="0 0 148 84" fill="none" aria-hidden="true">
      <path d="M30 42h26M92 42h26" stroke="#cfd5dc" stroke-width="2" stroke-dasharray="3 5" stroke-linecap="round" />
      <rect x="4" y="24" width="36" height="36" rx="10" fill="#e6f7ee" />
      <path d="M14 38a8 6.5 0 1 1 4 6l-4 1.5 1-3a6 6 0 0 1-1-4.5Z" fill="#07c160" transform="translate(1 -1)" />
      <rect x="56" y="24" width="36" height="36" rx="10" fill="#eef1f5" />
      <path d="m67 42 5 5 9-10" stroke="#5b6675" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" />
      <rect x="108" y="24" width="36" height="36" rx="10" fill="#fdebe7" />
      <rect x="119" y="32" width="14" height="20" rx="2.5" fill="#e4492f" />
      <circle cx="126" cy="41" r="3" fill="#f8d68a" />
    </svg>
  );
}
