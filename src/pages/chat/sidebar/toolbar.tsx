// Above the phone: the name of the thing, the clock one can move, the language; the faults stand in `faults.tsx`.

import { Clock, Cross, Envelope, Person } from '../parts/icons.tsx';
import { useNow } from '../phone/phone.tsx';
import { moveClock, setLang, update, useModel, virtualNow } from '../state.ts';
import { dayText, offsetText, secondsText, untilMidnight, weekday } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { FaultTools } from './faults.tsx';

export function TopBar() {
  const m = useModel();
  const words = wordsOf(m.lang);
  return (
    <header class="top-bar">
      <div class="brand">
        <Envelope size={30} />
        <p>
          <strong>hongbao-bot</strong>
          <small>{words.title}</small>
        </p>
      </div>
      <button type="button" class="pill people-button" onClick={() => update({ sheet: 'people' })}>
        <Person size={17} />
        {words.people}
      </button>
      <div class="tools">
        <ClockTools />
        <FaultTools />
      </div>
      <LangButton />
      <button
        type="button"
        class="icon sheet-close"
        onClick={() => update({ sheet: undefined })}
        aria-label={words.close}
      >
        <Cross size={20} />
      </button>
    </header>
  );
}

function LangButton() {
  const m = useModel();
  const words = wordsOf(m.lang);
  return (
    <button
      type="button"
      class="pill lang"
      data-test="lang"
      lang={m.lang === 'zh' ? 'en' : 'zh-CN'}
      title={words.otherLong}
      onClick={() => setLang(m.lang === 'zh' ? 'en' : 'zh')}
    >
      {words.other}
    </button>
  );
}

const HOUR = 3_600_000;

function ClockTools() {
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
    </fieldset>
  );
}
