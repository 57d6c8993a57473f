// What the rules said (判定): outcome, rule, and every check behind it.

import { checkText } from '../../../core/decide/check-words.ts';
import type { Decision } from '../../../core/decide/decision.ts';
import type { Reply } from '../../../core/rules/reply.ts';
import type { Push } from '../../../simulator/shared/protocol-push.ts';

import type { BotLine } from '../api.ts';
import { Check, Miss } from '../parts/icons.tsx';
import { useModel } from '../state.ts';
import { money } from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';
import { Section, type Tone } from './inspector.tsx';

type Verdict = { readonly outcome: string; readonly name: string; readonly tone: Tone };

export function verdictOf(decision: Decision, words: Words['panel']): Verdict {
  switch (decision.kind) {
    case 'awarded': {
      const isWon = decision.amount > 0 || decision.coupon !== undefined;
      const won = decision.amount > 0 ? `${words.kind.won} ${money(decision.amount)}` : words.kind.won;
      const name = isWon ? won : words.kind.nothing;
      return { outcome: isWon ? 'won' : 'nothing', name, tone: isWon ? 'gold' : 'mute' };
    }
    case 'refused':
      return { outcome: decision.refusal, name: words.refusal[decision.refusal], tone: 'bad' };
    case 'answered':
      return { outcome: 'answered', name: words.kind.answered, tone: 'good' };
    case 'ignored':
      return { outcome: 'ignored', name: words.kind.ignored, tone: 'mute' };
  }
}

export function DecisionSection({ push, line }: { readonly push: Push; readonly line: BotLine | undefined }) {
  const m = useModel();
  const words = wordsOf(m.lang).panel;
  if (!line) {
    return (
      <Section id="decision" title={words.decision}>
        <p class="none">{push.outcome === 'failure' ? words.noDecisionFailed : words.noDecision}</p>
      </Section>
    );
  }
  const { decision } = line;
  const verdict = verdictOf(decision, words);
  const campaign = decision.kind === 'ignored' ? undefined : decision.campaign;
  const name = m.campaigns.find(each => each.id === campaign)?.name ?? campaign;
  return (
    <Section id="decision" title={words.decision}>
      <div class={`verdict tone-${verdict.tone}`} data-test="decision" data-outcome={verdict.outcome}>
        <strong>{verdict.name}</strong>
        {decision.kind === 'awarded' && <code title={words.prize}>{decision.prize}</code>}
        {decision.kind === 'refused' && <code>{decision.refusal}</code>}
        {name && <span class="verdict-campaign">{name}</span>}
      </div>
      <Trace decision={decision} />
      <ReplyView reply={line.reply} words={words} />
    </Section>
  );
}

function Trace({ decision }: { readonly decision: Decision }) {
  const { lang } = useModel();
  const words = wordsOf(lang).panel;
  if (decision.trace.length === 0) return <p class="none">{words.noTrace}</p>;
  return (
    <>
      {decision.trace.map((looked, n) => {
        const isIt =
          decision.kind !== 'ignored' && looked.rule === decision.rule && looked.campaign === decision.campaign;
        return (
          <div class={`trace ${isIt ? 'decided' : ''}`} key={`${n}${looked.campaign}${looked.rule}`}>
            <p class="trace-head">
              <code>
                {looked.campaign} / {looked.rule}
              </code>
              <small title={`${words.file} ${looked.hash}`}>
                {words.file} <code>{looked.hash.slice(0, 8)}</code>
              </small>
            </p>
            <ul>
              {looked.checks.map((check, line) => (
                <li key={line} data-test="trace-line" data-ok={check.ok} class={check.ok ? 'ok' : 'no'}>
                  <span class="mark" role="img" aria-label={check.ok ? words.passed : words.notPassed}>
                    {check.ok ? <Check size={13} /> : <Miss size={13} />}
                  </span>
                  {checkText(check, lang)}
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </>
  );
}

function ReplyView({ reply, words }: { readonly reply: Reply; readonly words: Words['panel'] }) {
  const text =
    reply.kind === 'text'
      ? reply.text
      : reply.kind === 'news'
        ? reply.title
        : reply.kind === 'none'
          ? undefined
          : reply.kind;
  return (
    <p class="reply">
      <small>{words.reply}</small>
      {text === undefined ? <span class="none">{words.noReply}</span> : <span>{text}</span>}
    </p>
  );
}
