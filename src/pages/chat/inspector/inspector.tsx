// Behind the scenes (幕后): the way of one event beside the phone, from the push over the decision to the money.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Push } from '../../../simulator/shared/protocol-push.ts';

import type { BotLine } from '../api.ts';
import { botLineOfPush } from '../event-trail.ts';
import { Copy } from '../parts/icons.tsx';
import { getModel, personOf, pushesOf, timelineOf, toast, update, useModel } from '../state.ts';
import { fullText, xmlText } from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';
import { ruleTestOf } from './copy-as-test.ts';
import { DecisionSection, verdictOf } from './decision.tsx';
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
  const pushes = pushesOf(m);
  const push = pushes.find(each => each.id === m.selected) ?? pushes[0];
  if (!push) {
    return (
      <div class="panel empty">
        <EmptyDrawing />
        <h2>{words.panel.empty}</h2>
        <p>{words.panel.emptyHint}</p>
        {m.bot === 'absent' && <p class="kind-note">{words.panel.noBot}</p>}
      </div>
    );
  }
  return <Shown key={push.id} push={push} isLatest={push.id === pushes[0]?.id} />;
}

function Shown({ push, isLatest }: { readonly push: Push; readonly isLatest: boolean }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const line = botLineOfPush(timelineOf(m), push);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => void box.current?.parentElement?.scrollTo({ top: 0 }), []);
  return (
    <div class="panel" ref={box}>
      <PanelHead push={push} isLatest={isLatest} />
      <Way push={push} line={line} />
      {m.bot === 'absent' ? (
        <p class="kind-note">{words.panel.noBot}</p>
      ) : (
        <>
          <DecisionSection push={push} line={line} />
          <PayoutSection line={line} />
        </>
      )}
      <RawSection push={push} />
    </div>
  );
}

function PanelHead({ push, isLatest }: { readonly push: Push; readonly isLatest: boolean }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [kind, detail] = titleOf(push, words);
  const copy = (): void => {
    const person = personOf(m);
    const lines = timelineOf(m);
    const shown = botLineOfPush(lines, push);
    const test = person && ruleTestOf(person, lines, shown, m.campaigns, words.panel.copyWhere);
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
        <time>{fullText(push.at)}</time>
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

/** What happened, in two parts: the kind, and what was said, tapped or scanned. */
function titleOf(push: Push, words: Words): readonly [string, string | undefined] {
  const kind = words.event[push.type] ?? words.event[push.type.toLowerCase()] ?? push.type;
  const field = (name: string): string | undefined => xmlText(push.xml, name) || undefined;
  const key = field('EventKey')?.replace(/^qrscene_/, '');
  return [kind, field('Content') ?? field('Recognition') ?? field('Label') ?? field('ScanResult') ?? key];
}

/** The three stations on one line: where it stands, at a glance. */
function Way({ push, line }: { readonly push: Push; readonly line: BotLine | undefined }) {
  const m = useModel();
  const words = wordsOf(m.lang).panel;
  const tone = { pending: 'wait', reply: 'good', success: 'good', failure: 'bad' } as const;
  const verdict = line && verdictOf(line.decision, words);
  const payout = line?.payout;
  const isLost = push.outcome === 'failure';
  const stations: readonly { name: string; value: string; tone: Tone; to: string }[] = [
    { name: words.push, value: words.outcome[push.outcome], tone: tone[push.outcome], to: 'raw' },
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
  const go = (id: string): void =>
    document.getElementById(`section-${id}`)?.scrollIntoView({ block: 'start', behavior: 'smooth' });
  return (
    <ol class="way">
      {shown.map(station => (
        <li key={station.to} class={`tone-${station.tone}`}>
          <button type="button" onClick={() => go(station.to)}>
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
