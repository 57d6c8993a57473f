// What happened so far (事件), newest first: pushes, wins on the page, payments, friends' deeds, each with what came of it.

import { useState } from 'preact/hooks';
import type { Event } from '../../../core/base/event.ts';
import { wordIn } from '../../shared/word.ts';
import type { Deed } from '../event-trail.ts';
import { deedsNow, update, useModel } from '../state.ts';
import { money, secondsText, xmlText } from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';
import { verdictOf } from './decision.tsx';
import { payoutTone } from './payout.tsx';

const SHOWN_FIRST = 4;

export function DeedList({ shown }: { readonly shown: Deed }) {
  const m = useModel();
  const words = wordsOf(m.lang).panel;
  const [isAll, setAll] = useState(false);
  const deeds = deedsNow(m);
  const few = deeds.slice(0, SHOWN_FIRST);
  const list = isAll ? deeds : few.includes(shown) ? few : [...few.slice(0, SHOWN_FIRST - 1), shown];
  return (
    <section class="deeds" aria-label={words.deeds}>
      <ol>
        {list.map((deed, n) => (
          <DeedItem key={deed.id} deed={deed} isShown={deed === shown} isLatest={n === 0} />
        ))}
      </ol>
      {deeds.length > few.length && (
        <button type="button" class="link" data-test="deeds-all" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
          {isAll ? words.deedsFew : words.deedsAll(deeds.length)}
        </button>
      )}
    </section>
  );
}

type ItemProps = { readonly deed: Deed; readonly isShown: boolean; readonly isLatest: boolean };

function DeedItem({ deed, isShown, isLatest }: ItemProps) {
  const words = wordsOf(useModel().lang);
  const [kind, detail] = titleOf(deed, words);
  const { line, push } = deed;
  const verdict = line && verdictOf(line.decision, line.reply, words.panel);
  const payout = line?.payout;
  return (
    <li>
      <button
        type="button"
        data-test="deed"
        data-deed={deed.id}
        data-kind={line?.event.kind ?? push?.type}
        aria-current={isShown ? 'true' : undefined}
        onClick={() => update({ selected: isLatest ? undefined : deed.id, hasLooked: true })}
      >
        <time>{secondsText(deed.at)}</time>
        <span class="deed-what">
          {kind}
          {detail && <q>{detail}</q>}
        </span>
        {verdict && <em class={`tone-${verdict.tone}`}>{verdict.name}</em>}
        {payout && <em class={`tone-${payoutTone(payout.state)}`}>{words.panel.state[payout.state]}</em>}
      </button>
    </li>
  );
}

/** What happened, in two parts: the kind, and what was said, tapped or scanned. */
export function titleOf({ push, line }: Deed, words: Words): readonly [string, string | undefined] {
  if (!push)
    return line ? [wordIn(words.happened, line.event.kind) ?? line.event.kind, detailOf(line.event)] : ['', undefined];
  const kind = wordIn(words.event, push.type) ?? wordIn(words.event, push.type.toLowerCase()) ?? push.type;
  const field = (name: string): string | undefined => xmlText(push.xml, name) || undefined;
  const key = field('EventKey')?.replace(/^qrscene_/, '');
  return [kind, field('Content') ?? field('Recognition') ?? field('Label') ?? field('ScanResult') ?? key];
}

function detailOf(event: Event): string | undefined {
  switch (event.kind) {
    case 'text':
      return event.text;
    case 'subscribe':
    case 'scan':
      return event.scene;
    case 'click':
      return event.button;
    case 'visit':
      return event.campaign;
    case 'paid':
      return [money(event.amount), event.attach].filter(Boolean).join(' · ');
    default:
      return undefined;
  }
}
