// Above the phone: the name of the thing, the clock one can move, the faults one can switch on, the language.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Faults, PayFault, PlatformFault } from '../../simulator/protocol.ts';
import { type FaultWords, faultName, PAY_FAULTS, PLATFORM_FAULTS } from './fault-words.ts';
import { dayText, offsetText, secondsText, untilMidnight, weekday } from './format.ts';
import { Bolt, Clock, Cross, Envelope, Person } from './icons.tsx';
import { useNow } from './phone.tsx';
import { moveClock, setFaults, setLang, update, useModel, virtualNow } from './state.ts';
import { wordsOf } from './words.ts';

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
    </header>
  );
}

export function LangButton() {
  const m = useModel();
  const words = wordsOf(m.lang);
  return (
    <button
      type="button"
      class="pill lang"
      data-test="lang"
      lang={m.lang === 'zh' ? 'en' : 'zh-CN'}
      aria-label={words.otherLong}
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
    <div class="clock-tools" role="group" aria-label={words.clock}>
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
        <button type="button" data-test="clock-reset" disabled={!isMoved} onClick={() => void moveClock({ reset: true })}>
          {words.reset}
        </button>
      </div>
    </div>
  );
}

function FaultTools() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const outside = (event: Event): void => {
      const isLeaving = event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node);
      if (isLeaving) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('keydown', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('keydown', outside);
    };
  }, [isOpen]);
  const on = [...m.faults.pay, ...m.faults.platform];
  const [only] = on;
  const state = on.length === 1 && only ? faultName(only.kind, m.lang) : words.faultsOn(on.length);
  return (
    <div class="fault-tools" ref={box}>
      <button
        type="button"
        class={`pill fault-button ${on.length > 0 ? 'alarm' : ''}`}
        data-test="faults"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Bolt size={17} />
        {words.faults}
        <span class="fault-state">{on.length > 0 ? state : words.faultsNone}</span>
      </button>
      <div class={`fault-list ${isOpen ? 'open' : ''}`} role="dialog" aria-label={words.faults}>
        <FaultList close={() => setOpen(false)} />
      </div>
    </div>
  );
}

const TIMES = [undefined, 1, 3] as const;

function FaultList({ close }: { readonly close: () => void }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [times, setTimes] = useState<(typeof TIMES)[number]>();
  const [isOnlyMe, setOnlyMe] = useState(false);
  const { pay, platform } = m.faults;
  const scope = { ...(times !== undefined && { times }) };
  const togglePay = (kind: PayFault['kind']): void => {
    const rest = pay.filter(fault => fault.kind !== kind);
    const added: PayFault = { kind, ...scope, ...(isOnlyMe && m.me !== undefined && { openid: m.me }) };
    void setFaults({ platform, pay: rest.length < pay.length ? rest : [...pay, added] });
  };
  const togglePlatform = (kind: PlatformFault['kind']): void => {
    const rest = platform.filter(fault => fault.kind !== kind);
    void setFaults({ pay, platform: rest.length < platform.length ? rest : [...platform, { kind, ...scope }] });
  };
  const left = (faults: Faults['pay'] | Faults['platform'], kind: string): number | undefined | false => {
    const found = faults.find(fault => fault.kind === kind);
    return found ? found.times : false;
  };
  return (
    <>
      <div class="fault-head">
        <p>{words.faultsHint}</p>
        <button type="button" class="icon" onClick={close} aria-label={words.close}>
          <Cross size={18} />
        </button>
      </div>
      <div class="fault-scope">
        <div class="segments" role="group" aria-label={words.times}>
          {TIMES.map(each => (
            <button type="button" key={String(each)} aria-pressed={each === times} onClick={() => setTimes(each)}>
              {words.timesOf(each)}
            </button>
          ))}
        </div>
        <label>
          <input type="checkbox" checked={isOnlyMe} onChange={event => setOnlyMe(event.currentTarget.checked)} />
          {words.onlyMe}
        </label>
        <button
          type="button"
          class="link"
          data-test="faults-off"
          disabled={pay.length + platform.length === 0}
          onClick={() => void setFaults({ pay: [], platform: [] })}
        >
          {words.faultsOff}
        </button>
      </div>
      <div class="fault-groups">
        <FaultGroup title={words.faultsPay} at="pay">
          {PAY_FAULTS.map(fault => (
            <FaultToggle
              key={fault.kind}
              kind={fault.kind}
              at="pay"
              words={fault[m.lang]}
              left={left(pay, fault.kind)}
              toggle={() => togglePay(fault.kind)}
            />
          ))}
        </FaultGroup>
        <FaultGroup title={words.faultsPlatform} at="platform">
          {PLATFORM_FAULTS.map(fault => (
            <FaultToggle
              key={fault.kind}
              kind={fault.kind}
              at="platform"
              words={fault[m.lang]}
              left={left(platform, fault.kind)}
              toggle={() => togglePlatform(fault.kind)}
            />
          ))}
        </FaultGroup>
      </div>
    </>
  );
}

type GroupProps = { readonly title: string; readonly at: string; readonly children: ComponentChildren };

function FaultGroup({ title, at, children }: GroupProps) {
  return (
    <fieldset class={`fault-group ${at}`}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

type ToggleProps = {
  readonly kind: string;
  readonly at: 'pay' | 'platform';
  readonly words: FaultWords;
  /** How often it still happens; `false`: it is off. */
  readonly left: number | undefined | false;
  readonly toggle: () => void;
};

function FaultToggle({ kind, at, words, left, toggle }: ToggleProps) {
  const texts = wordsOf(useModel().lang);
  return (
    <button
      type="button"
      class="fault"
      role="switch"
      aria-checked={left !== false}
      data-test="fault-toggle"
      data-fault={kind}
      data-at={at}
      onClick={toggle}
    >
      <span class="fault-words">
        <strong>{words.name}</strong>
        <small>{typeof left === 'number' ? texts.timesLeft(left) : words.note}</small>
      </span>
      <span class="switch" aria-hidden="true" />
    </button>
  );
}
