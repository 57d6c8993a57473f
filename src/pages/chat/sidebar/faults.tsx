// The faults one can switch on (故障演练): a button that tells what is broken, and the list of what could be.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Faults, PayFault, PlatformFault } from '../../../simulator/shared/protocol.ts';
import { Bolt, Cross } from '../parts/icons.tsx';
import { setFaults, useModel } from '../state.ts';
import { type FaultRow, faultName, PAY_FAULTS, PLATFORM_FAULTS } from '../text/faults.ts';
import { wordsOf } from '../text/zh.ts';

export function FaultTools() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const outside = (event: Event): void => {
      const isLeaving =
        event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node);
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

/** `undefined`: until it is switched off. */
type Times = undefined | 1 | 3;
const TIMES: readonly Times[] = [undefined, 1, 3];

/** How long a fault lasts that is switched on now, and whom it meets. */
type Scope = { readonly times: Times; readonly isOnlyMe: boolean };

function FaultList({ close }: { readonly close: () => void }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [scope, setScope] = useState<Scope>({ times: undefined, isOnlyMe: false });
  const { pay, platform } = m.faults;
  const times = { ...(scope.times !== undefined && { times: scope.times }) };
  const togglePay = (kind: PayFault['kind']): void => {
    const rest = pay.filter(fault => fault.kind !== kind);
    const who = { ...(scope.isOnlyMe && m.me !== undefined && { openid: m.me }) };
    void setFaults({ platform, pay: rest.length < pay.length ? rest : [...pay, { kind, ...times, ...who }] });
  };
  const togglePlatform = (kind: PlatformFault['kind']): void => {
    const rest = platform.filter(fault => fault.kind !== kind);
    void setFaults({ pay, platform: rest.length < platform.length ? rest : [...platform, { kind, ...times }] });
  };
  return (
    <>
      <div class="fault-head">
        <p>{words.faultsHint}</p>
        <button type="button" class="icon" onClick={close} aria-label={words.close}>
          <Cross size={18} />
        </button>
      </div>
      <FaultScope scope={scope} setScope={setScope} />
      <div class="fault-groups">
        <fieldset class="fault-group pay">
          <legend>{words.faultsPay}</legend>
          {PAY_FAULTS.map(row => (
            <FaultToggle key={row.kind} at="pay" row={row} on={pay} toggle={() => togglePay(row.kind)} />
          ))}
        </fieldset>
        <fieldset class="fault-group platform">
          <legend>{words.faultsPlatform}</legend>
          {PLATFORM_FAULTS.map(row => (
            <FaultToggle key={row.kind} at="platform" row={row} on={platform} toggle={() => togglePlatform(row.kind)} />
          ))}
        </fieldset>
      </div>
    </>
  );
}

type ScopeProps = { readonly scope: Scope; readonly setScope: (scope: Scope) => void };

function FaultScope({ scope, setScope }: ScopeProps) {
  const { faults, lang } = useModel();
  const words = wordsOf(lang);
  return (
    <div class="fault-scope">
      <fieldset class="segments" aria-label={words.times}>
        {TIMES.map(times => (
          <button
            type="button"
            key={String(times)}
            aria-pressed={times === scope.times}
            onClick={() => setScope({ ...scope, times })}
          >
            {words.timesOf(times)}
          </button>
        ))}
      </fieldset>
      <label>
        <input
          type="checkbox"
          checked={scope.isOnlyMe}
          onChange={event => setScope({ ...scope, isOnlyMe: event.currentTarget.checked })}
        />
        {words.onlyMe}
      </label>
      <button
        type="button"
        class="link"
        data-test="faults-off"
        disabled={faults.pay.length + faults.platform.length === 0}
        onClick={() => void setFaults({ pay: [], platform: [] })}
      >
        {words.faultsOff}
      </button>
    </div>
  );
}

type ToggleProps = {
  readonly at: 'pay' | 'platform';
  readonly row: FaultRow;
  /** Those of this group that are on. */
  readonly on: Faults['pay'] | Faults['platform'];
  readonly toggle: () => void;
};

function FaultToggle({ at, row, on, toggle }: ToggleProps) {
  const { lang } = useModel();
  const { name, note } = row[lang];
  const fault = on.find(each => each.kind === row.kind);
  return (
    <button
      type="button"
      class="fault"
      role="switch"
      aria-checked={fault !== undefined}
      data-test="fault-toggle"
      data-fault={row.kind}
      data-at={at}
      onClick={toggle}
    >
      <span class="fault-words">
        <strong>{name}</strong>
        <small>{fault?.times === undefined ? note : wordsOf(lang).timesLeft(fault.times)}</small>
      </span>
      <span class="switch" aria-hidden="true" />
    </button>
  );
}
