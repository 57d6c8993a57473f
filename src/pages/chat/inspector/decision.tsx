// What the rules said (判定): outcome, rule, and every check behind it.

import type { Check } from '../../../core/decide/check.ts';
import { checkText } from '../../../core/decide/check-words.ts';
import type { Decision } from '../../../core/decide/decision.ts';
import type { Reply } from '../../../core/rules/reply.ts';
import type { Deed } from '../event-trail.ts';
import { Miss, Skip, Check as Tick } from '../parts/icons.tsx';
import { useModel } from '../state.ts';
import { money } from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';
import { Section, type Tone } from './inspector.tsx';

type Verdict = { readonly outcome: string; readonly name: string; readonly tone: Tone };

/** What a rule that gives nothing notes as its prize: it counts towards one, or fills a wallet. */
const NOTED = 'progress';

export function verdictOf(decision: Decision, reply: Reply, words: Words['panel']): Verdict {
  switch (decision.kind) {
    case 'awarded': {
      if (decision.prize === NOTED && decision.amount === 0 && decision.coupon === undefined)
        return { outcome: 'noted', name: words.kind.noted, tone: 'good' };
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
      if (reply.kind !== 'none') return { outcome: 'builtIn', name: words.kind.builtIn, tone: 'good' };
      return { outcome: 'ignored', name: words.kind.ignored, tone: 'mute' };
  }
}

export function DecisionSection({ deed: { push, line } }: { readonly deed: Deed }) {
  const m = useModel();
  const words = wordsOf(m.lang).panel;
  if (!line) {
    return (
      <Section id="decision" title={words.decision}>
        <p class="none">{push?.outcome === 'failure' ? words.noDecisionFailed : words.noDecision}</p>
      </Section>
    );
  }
  const { decision } = line;
  const verdict = verdictOf(decision, line.reply, words);
  const campaign = decision.kind === 'ignored' ? undefined : decision.campaign;
  const name = m.campaigns.find(each => each.id === campaign)?.name ?? campaign;
  return (
    <Section id="decision" title={words.decision}>
      <div class={`verdict tone-${verdict.tone}`} data-test="decision" data-outcome={verdict.outcome}>
        <strong>{verdict.name}</strong>
        {decision.kind === 'awarded' && verdict.outcome !== 'noted' && (
          <span title={words.prize}>{decision.prize}</span>
        )}
        {name && <span class="verdict-campaign">{name}</span>}
      </div>
      <Trace decision={decision} />
      <ReplyView reply={line.reply} words={words} />
    </Section>
  );
}

function Trace({ decision }: { readonly decision: Decision }) {
  const words = wordsOf(useModel().lang).panel;
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
                <CheckLine key={line} check={check} isRefusing={isIt && decision.kind === 'refused'} />
              ))}
            </ul>
          </div>
        );
      })}
    </>
  );
}

/** Red is for what refused. A prize that is locked, or a rule that did not fit, stands in nobody's way. */
function CheckLine({ check, isRefusing }: { readonly check: Check; readonly isRefusing: boolean }) {
  const { lang } = useModel();
  const words = wordsOf(lang).panel;
  const mark = check.ok ? 'ok' : isRefusing ? 'no' : 'skip';
  const name = { ok: words.passed, no: words.notPassed, skip: words.notAsked }[mark];
  const Icon = { ok: Tick, no: Miss, skip: Skip }[mark];
  // The expression itself is for who writes rules.
  const isCondition = check.check === 'condition' && check.why === undefined && check.trouble === undefined;
  return (
    <li data-test="trace-line" data-ok={check.ok} data-mark={mark} class={mark}>
      <span class="mark" role="img" aria-label={name}>
        <Icon size={13} />
      </span>
      {isCondition ? <span title={check.source}>{words.condition(check.ok)}</span> : checkText(check, lang)}
    </li>
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
