// The clock one can move: on by an hour, a day, to midnight; to what is worth seeing; to any day; and back.
import { useState } from 'preact/hooks';
import { useMenu } from '../parts/dialog.ts';
import { Clock } from '../parts/icons.tsx';
import { useNow } from '../phone/phone.tsx';
import { jumpTo, type Model, moveClock, timelineOf, useModel, virtualNow } from '../state.ts';
import {
  beijingInput,
  dayText,
  fromBeijingInput,
  offsetText,
  secondsText,
  untilMidnight,
  weekday,
} from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** When WeChat takes an unopened packet back. */
const PACKET_LASTS = 24 * HOUR;

export function ClockTools() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const now = useNow();
  const isMoved = Math.abs(m.offsetMs) >= 1000;
  const on = (advanceMs: number) => (): void => void moveClock({ advanceMs });
  return (
    <fieldset class="clock-tools" aria-label={words.clock}>
      <Clock size={18} />
      <p class="clock-face">
        <strong>
          {dayText(now)} <span>{secondsText(now)}</span>
        </strong>
        <small class={isMoved ? 'moved' : ''}>
          {words.date.weekdays[weekday(now)]} · {isMoved ? offsetText(m.offsetMs, words.unit) : words.clockReal}
        </small>
      </p>
      <div class="segments">
        <button type="button" data-test="clock-plus-hour" onClick={on(HOUR)}>
          {words.plusHour}
        </button>
        <button type="button" data-test="clock-plus-day" onClick={on(24 * HOUR)}>
          {words.plusDay}
        </button>
        <button
          type="button"
          data-test="clock-midnight"
          title={words.midnightLong}
          onClick={() => void moveClock({ advanceMs: untilMidnight(virtualNow(m)) })}
        >
          {words.midnight}
        </button>
        <button
          type="button"
          data-test="clock-reset"
          disabled={!isMoved}
          onClick={() => void moveClock({ reset: true })}
        >
          {words.reset}
        </button>
      </div>
      <JumpMenu />
    </fieldset>
  );
}

type Jump = { readonly id: string; readonly name: string; readonly at: number };

/** What is worth a jump now: the next round, a packet before it goes back and after, a prize that leaves later. */
function jumpsOf(m: Model, words: Words): Jump[] {
  const now = virtualNow(m);
  const jumps: Jump[] = [];
  const [round] = m.campaigns.flatMap(({ rounds }) => rounds).filter(each => each.from > now);
  if (round) jumps.push({ id: 'round', name: words.jump.round(round.name), at: round.from });
  const unopened = [...m.packets.values()].filter(each => each.openid === m.me && each.status === 'SENT');
  const sentAt = Math.max(...unopened.map(each => each.sentAt ?? each.createdAt));
  if (unopened.length > 0) {
    jumps.push({ id: 'back-soon', name: words.jump.backSoon, at: sentAt + PACKET_LASTS - 10 * MINUTE });
    jumps.push({ id: 'back', name: words.jump.back, at: sentAt + PACKET_LASTS + 10 * MINUTE });
  }
  const later = timelineOf(m).flatMap(({ payout }) => (payout?.state === 'planned' ? (payout.nextAt ?? []) : []));
  const leaves = later.filter(at => at > now + MINUTE);
  if (leaves.length > 0) jumps.push({ id: 'leaves', name: words.jump.leaves, at: Math.min(...leaves) + 1000 });
  return jumps.filter(jump => jump.at > now).sort((a, b) => a.at - b.at);
}

function JumpMenu() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [isOpen, setOpen] = useState(false);
  const box = useMenu<HTMLDivElement>(isOpen, () => setOpen(false));
  const go = (at: number): void => {
    setOpen(false);
    void jumpTo(at);
  };
  return (
    <div class="jump" ref={box}>
      <button type="button" class="pill" data-test="jump" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {words.jump.to}
      </button>
      {isOpen && (
        <div class="jump-list">
          {jumpsOf(m, words).map(jump => (
            <button type="button" key={jump.id} data-test="jump-to" data-jump={jump.id} onClick={() => go(jump.at)}>
              <span>{jump.name}</span>
              <time>
                {dayText(jump.at).slice(5)} {secondsText(jump.at).slice(0, 5)}
              </time>
            </button>
          ))}
          <DateForm go={go} />
        </div>
      )}
    </div>
  );
}

function DateForm({ go }: { readonly go: (at: number) => void }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [text, setText] = useState(() => beijingInput(virtualNow(m)));
  const at = fromBeijingInput(text);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (at !== undefined) go(at);
  };
  return (
    <form onSubmit={submit}>
      <label>
        {words.jump.day}
        <input
          type="datetime-local"
          data-test="jump-date"
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="pill strong" data-test="jump-go" disabled={at === undefined}>
        {words.jump.go}
      </button>
    </form>
  );
}
