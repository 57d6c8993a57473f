// The money (付款): the payout's states as a path, its numbers, and every step it took.

import type { Payout, PayoutState } from '../../../core/payout/payout.ts';
import type { HistoryLine } from '../../../ports.ts';
import type { BotLine } from '../api.ts';
import { Check } from '../parts/icons.tsx';
import { useNow } from '../phone/phone.tsx';
import { useModel } from '../state.ts';
import { fullText, money, secondsText } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { Copyable, Section, type Tone } from './inspector.tsx';

export function payoutTone(state: PayoutState): Tone {
  switch (state) {
    case 'received':
      return 'good';
    case 'sent':
      return 'gold';
    case 'failed':
    case 'held':
      return 'bad';
    case 'refunded':
      return 'mute';
    default:
      return 'wait';
  }
}

const FINAL: readonly PayoutState[] = ['received', 'refunded', 'failed'];
const USUAL: readonly PayoutState[] = ['planned', 'sending', 'sent', 'received'];

/** Where it has been, where it is, and where it would go if all goes well. */
function pathOf(state: PayoutState, history: readonly HistoryLine[]): readonly PayoutState[] {
  const been: PayoutState[] = [];
  for (const step of history) if (!been.includes(step.to) && step.to !== state) been.push(step.to);
  const path = [...been, state];
  if (FINAL.includes(state)) return path;
  const furthest = Math.max(...path.map(each => USUAL.indexOf(each)));
  return [...path, ...USUAL.slice(furthest + 1)];
}

export function PayoutSection({ line }: { readonly line: BotLine | undefined }) {
  const words = wordsOf(useModel().lang).panel;
  if (!line?.payout) {
    const isWon = line?.decision.kind === 'awarded' && line.decision.amount > 0;
    return (
      <Section id="payout" title={words.payout}>
        <p class="none">{isWon ? words.noPayoutYet : words.noPayout}</p>
      </Section>
    );
  }
  const { payout, history = [] } = line;
  return (
    <Section
      id="payout"
      title={words.payout}
      aside={
        <span
          class={`state tone-${payoutTone(payout.state)}`}
          data-test="payout-state"
          data-state={payout.state}
          title={payout.state}
        >
          {words.state[payout.state]}
        </span>
      }
    >
      <Steps payout={payout} history={history} />
      <Numbers payout={payout} />
      <History history={history} />
    </Section>
  );
}

function Steps({ payout, history }: { readonly payout: Payout; readonly history: readonly HistoryLine[] }) {
  const words = wordsOf(useModel().lang).panel;
  const path = pathOf(payout.state, history);
  const here = path.indexOf(payout.state);
  const timeOf = (state: PayoutState): number | undefined =>
    history.reduce<number | undefined>((at, step) => (step.to === state ? step.at : at), undefined);
  return (
    <ol class="steps">
      {path.map((state, n) => {
        const at = timeOf(state);
        const where = n < here ? 'past' : n === here ? 'here' : 'next';
        return (
          <li
            key={state}
            class={`${where} tone-${payoutTone(state)}`}
            aria-current={where === 'here' ? 'step' : undefined}
          >
            <span class="dot">
              {where === 'past' || (where === 'here' && state === 'received') ? <Check size={12} /> : null}
            </span>
            <strong>{words.state[state]}</strong>
            <small>{at === undefined || where === 'next' ? '' : secondsText(at)}</small>
          </li>
        );
      })}
    </ol>
  );
}

function Numbers({ payout }: { readonly payout: Payout }) {
  const m = useModel();
  const now = useNow();
  const words = wordsOf(m.lang).panel;
  const packet = m.packets.get(`${payout.request.mchId}/${payout.billNo}`);
  const seconds = payout.nextAt === undefined ? 0 : Math.max(0, Math.ceil((payout.nextAt - now) / 1000));
  return (
    <dl class="pairs">
      <dt>{words.amount}</dt>
      <dd class="amount">{money(payout.amount)}</dd>
      <dt>{words.bill}</dt>
      <dd>
        <Copyable text={payout.billNo} />
        {payout.attempt > 1 && <small>{words.numberOf(payout.attempt)}</small>}
      </dd>
      {payout.listId && (
        <>
          <dt>{words.listId}</dt>
          <dd>
            <Copyable text={payout.listId} />
          </dd>
        </>
      )}
      <dt>{words.tries}</dt>
      <dd>{words.times(payout.tries)}</dd>
      {payout.nextAt !== undefined && (
        <>
          <dt>{words.next}</dt>
          <dd>
            {fullText(payout.nextAt)} <small>{words.inTime(seconds)}</small>
          </dd>
        </>
      )}
      {payout.problem && (
        <>
          <dt>{words.problem}</dt>
          <dd class="problem">{payout.problem}</dd>
        </>
      )}
      {packet?.status === 'RECEIVED' && payout.state === 'sent' && <dd class="wide">{words.opened}</dd>}
    </dl>
  );
}

function History({ history }: { readonly history: readonly HistoryLine[] }) {
  const words = wordsOf(useModel().lang).panel;
  return (
    <ol class="history" aria-label={words.history}>
      {history.map(step => (
        <li key={`${step.billNo}${step.version}`}>
          <time title={fullText(step.at)}>{secondsText(step.at)}</time>
          <span>
            <span title={`${step.from} → ${step.to}`}>
              {step.from === 'new' ? words.state[step.to] : `${words.state[step.from]} → ${words.state[step.to]}`}
            </span>
            {step.what !== step.to && <code>{step.what}</code>}
            {step.detail && <small>{step.detail}</small>}
          </span>
        </li>
      ))}
    </ol>
  );
}
