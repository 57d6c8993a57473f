// The faults one can switch on (故障演练): a button that tells what is broken, and a drawer beside the phone, so that one
// sees the chat and what happens in it while the faults are on.
import { useEffect, useState } from 'preact/hooks';
import type { Faults } from '../../../simulator/shared/protocol.ts';
import { Bolt, Cross } from '../parts/icons.tsx';
import { act, getModel, newPerson, setFaults, update, useModel } from '../state.ts';
import { FAULT_GROUPS, FAULTS, type FaultRow, faultName, RECIPES } from '../text/faults.ts';
import { wordsOf } from '../text/zh.ts';

export function FaultTools() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (!isOpen) return;
    const leave = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      document.querySelector<HTMLElement>('[data-test="faults"]')?.focus();
    };
    document.addEventListener('keydown', leave);
    return () => document.removeEventListener('keydown', leave);
  }, [isOpen]);
  const on = [...m.faults.pay, ...m.faults.platform];
  const [only] = on;
  const state = on.length === 1 && only ? faultName(only.kind, m.lang) : words.faultsOn(on.length);
  return (
    <div class="fault-tools">
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
      <section class={`fault-list ${isOpen ? 'open' : ''}`} aria-label={words.faults} data-test="fault-list">
        <FaultList close={() => setOpen(false)} />
      </section>
    </div>
  );
}

/** `undefined`: until it is switched off. */
type Times = undefined | 1 | 3;
const TIMES: readonly Times[] = [undefined, 1, 3];

/** How long a fault lasts that is switched on now, and whom it meets. */
type Scope = { readonly times: Times; readonly isOnlyMe: boolean };

type How = { readonly times: number | undefined; readonly openid?: string | undefined; readonly value?: string };

/** With this one on, or off if it was on. */
function toggled({ pay, platform }: Faults, row: FaultRow, { times, openid, value = '' }: How): Faults {
  const often = times === undefined ? {} : { times };
  if (row.at === 'pay') {
    const rest = pay.filter(fault => fault.kind !== row.kind);
    const whose = openid === undefined || row.isInFront ? {} : { openid };
    const typed = row.field && { [row.field.key]: row.field.key === 'status' ? Number(value) : value };
    const one = { kind: row.kind, ...often, ...whose, ...typed };
    return { platform, pay: rest.length < pay.length ? rest : [...pay, one] };
  }
  const rest = platform.filter(fault => fault.kind !== row.kind);
  return { pay, platform: rest.length < platform.length ? rest : [...platform, { kind: row.kind, ...often }] };
}

function FaultList({ close }: { readonly close: () => void }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const [scope, setScope] = useState<Scope>({ times: undefined, isOnlyMe: false });
  return (
    <>
      <div class="fault-head">
        <h2>{words.faults}</h2>
        <button type="button" class="icon" data-test="faults-close" onClick={close} aria-label={words.close}>
          <Cross size={18} />
        </button>
      </div>
      <Recipes />
      <p class="hint">{words.faultsHint}</p>
      <FaultScope scope={scope} setScope={setScope} />
      {FAULT_GROUPS.map(group => (
        <fieldset class="fault-group" key={group}>
          <legend>{words.faultGroups[group]}</legend>
          {FAULTS[group].map(row => (
            <FaultToggle
              key={`${row.at}${row.kind}`}
              row={row}
              toggle={value =>
                void setFaults(
                  toggled(m.faults, row, { times: scope.times, openid: scope.isOnlyMe ? m.me : undefined, value }),
                )
              }
            />
          ))}
        </fieldset>
      ))}
    </>
  );
}

/** One tap: the fault is on, and a new follower walks into it. */
function Recipes() {
  const { lang } = useModel();
  const words = wordsOf(lang);
  const go = async ({ row, times }: (typeof RECIPES)[number]): Promise<void> => {
    update({ sheet: undefined });
    await setFaults(toggled({ pay: [], platform: [] }, row, { times }));
    await newPerson();
    if (getModel().me) await act({ kind: 'follow' });
  };
  return (
    <ol class="recipes" aria-label={words.recipes}>
      {RECIPES.map((recipe, n) => (
        <li key={recipe.row.kind}>
          <button type="button" data-test="recipe" data-fault={recipe.row.kind} onClick={() => void go(recipe)}>
            <strong>{recipe.row[lang].name}</strong>
            <small>{words.recipeNotes[n]}</small>
            <span class="go">{words.recipeGo}</span>
          </button>
        </li>
      ))}
    </ol>
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
            data-test="fault-times"
            data-times={String(times ?? '')}
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
          data-test="fault-only-me"
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

type ToggleProps = { readonly row: FaultRow; readonly toggle: (value: string) => void };

function FaultToggle({ row, toggle }: ToggleProps) {
  const { lang, faults } = useModel();
  const words = wordsOf(lang);
  const { name, note } = row[lang];
  const field = row.at === 'pay' ? row.field : undefined;
  const [value, setValue] = useState(field?.usual ?? '');
  const fault = faults[row.at].find(each => each.kind === row.kind);
  const isMine = fault !== undefined && 'openid' in fault;
  const left = [fault?.times === undefined ? '' : words.timesLeft(fault.times), isMine ? words.onlyMe : ''];
  const isTyped = field === undefined || new RegExp(`^(?:${field.pattern})$`).test(value);
  return (
    <>
      <button
        type="button"
        class="fault"
        role="switch"
        aria-checked={fault !== undefined}
        data-test="fault-toggle"
        data-fault={row.kind}
        data-at={row.at}
        disabled={!isTyped && fault === undefined}
        onClick={() => toggle(value)}
      >
        <span class="fault-words">
          <strong>{name}</strong>
          <small>{left.filter(Boolean).join(' · ') || note}</small>
        </span>
        <span class="switch" aria-hidden="true" />
      </button>
      {field && (
        <label class="fault-field">
          {field.label[lang]}
          <input
            data-test="fault-value"
            data-fault={row.kind}
            value={value}
            pattern={field.pattern}
            required
            disabled={fault !== undefined}
            onInput={event => setValue(event.currentTarget.value.trim())}
          />
        </label>
      )}
    </>
  );
}
