// The small parts every page is made of: one state mark, one side sheet, one stepper, one dialog that says the verb.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { wordIn } from '../shared/word.ts';
import { short, when } from './format.ts';
import { addressOf, go, isAble, type Loaded, newToken, Refused, shell, tell, troubleText, words } from './state.ts';

export function Head({
  answer,
  what,
  isBad,
  children,
}: {
  answer: string;
  what?: string;
  isBad?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <header class={`head ${isBad ? 'bad' : ''}`}>
      <div>
        <h1 tabIndex={-1}>{answer}</h1>
        {what && <p>{what}</p>}
      </div>
      {children}
    </header>
  );
}

/** Word, colour and shape. */
export function Mark({ kind, children }: { kind: 'good' | 'wait' | 'bad' | 'calm'; children: ComponentChildren }) {
  return (
    <span class={`mark ${kind}`}>
      <i aria-hidden="true" />
      {children}
    </span>
  );
}

function stateKind(state: string, isParked: boolean): 'good' | 'wait' | 'bad' | 'calm' {
  if (isParked) return 'bad';
  if (state === 'received') return 'good';
  return state === 'refunded' || state === 'failed' ? 'calm' : 'wait';
}

export function StateMark({ state, isParked }: { state: string; isParked: boolean }) {
  const word = wordIn(words.states, state) ?? state;
  return (
    <Mark kind={stateKind(state, isParked)}>
      {word}
      {isParked && ` · ${words.parked}`}
    </Mark>
  );
}

export function Link({
  page,
  query,
  children,
  ...rest
}: {
  page: string;
  query?: Readonly<Record<string, string | undefined>>;
  children: ComponentChildren;
  class?: string;
  'aria-current'?: 'page' | undefined;
  'data-test'?: string;
}) {
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.button !== 0) return;
    event.preventDefault();
    go(page, query);
  };
  return (
    <a href={addressOf(page, query)} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

export function Copy({ text }: { text: string }) {
  const [isDone, set] = useState(false);
  const copy = (): void => {
    void navigator.clipboard?.writeText(text).then(() => {
      set(true);
      setTimeout(() => set(false), 1500);
    });
  };
  return (
    <span class="copy">
      <code title={text}>{short(text)}</code>
      <button type="button" onClick={copy} aria-label={`${words.copy} ${text}`}>
        {isDone ? words.copied : words.copy}
      </button>
    </span>
  );
}

/** A skeleton after a moment, the old numbers with their time where a question fails. */
export function Data<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  const [isSlow, set] = useState(false);
  const isThere = of.value !== undefined;
  useEffect(() => {
    if (isThere) return undefined;
    const timer = setTimeout(() => set(true), 200);
    return () => clearTimeout(timer);
  }, [isThere]);
  return (
    <>
      {of.trouble && (
        <p class="trouble" role="alert">
          {of.trouble}
          {of.value !== undefined && of.at && ` · ${words.stale(when(of.at))}`}
        </p>
      )}
      {of.value !== undefined ? children(of.value) : isSlow && !of.trouble && <Skeleton />}
    </>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label={words.loading}>
      <i />
      <i />
      <i />
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** What scrolls by itself is reached by the keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, who has no mouse cannot scroll it
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

export function Card({
  title,
  children,
  more,
}: {
  title: string;
  children: ComponentChildren;
  more?: ComponentChildren;
}) {
  return (
    <section class="card">
      <div class="card-head">
        <h2>{title}</h2>
        {more}
      </div>
      {children}
    </section>
  );
}

export function Checks({ all }: { all: readonly { readonly ok: boolean; readonly text: string }[] }) {
  return (
    <ul class="checks">
      {all.map(({ ok, text }) => (
        <li class={ok ? 'ok' : 'no'}>
          <span aria-hidden="true">{ok ? '✓' : '✗'}</span> {text}
        </li>
      ))}
    </ul>
  );
}

// ── Over the page ────────────────────────────────────────────────────────────────────────────────────────────

/** A modal element of the browser: it keeps the focus, Escape closes it. */
function useModal(onClose: () => void) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current!;
    const before = document.activeElement;
    if (!dialog.open) dialog.showModal();
    const closed = (): void => onClose();
    dialog.addEventListener('close', closed);
    return () => {
      dialog.removeEventListener('close', closed);
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return ref;
}

export function Sheet({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const ref = useModal(onClose);
  return (
    <dialog class="sheet" ref={ref} aria-label={title} data-test="sheet">
      <header>
        <h2>{title}</h2>
        <button type="button" class="quiet" onClick={() => ref.current!.close()}>
          {words.close}
        </button>
      </header>
      <div class="sheet-body">{children}</div>
    </dialog>
  );
}

type ActionProps = {
  /** Says the verb, as the button does. */
  readonly verb: string;
  readonly title: string;
  readonly effect: string;
  readonly path: string;
  readonly body: object;
  readonly isDangerous?: boolean;
  /** Asks for the password, where it was not given lately. */
  readonly isMoney?: boolean;
  readonly noReason?: boolean;
  /** Below the effect: what exactly is agreed to. */
  readonly children?: ComponentChildren;
  /** In place of 原因. */
  readonly label?: string;
  readonly onClose: (done: string | undefined, isChanged: boolean) => void;
  readonly done: string;
};

type Answer = {
  readonly waits?: string;
  readonly results?: readonly { readonly ok: boolean; readonly text: string }[];
};

type FieldProps = {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly set: (text: string) => void;
  readonly name: string;
  readonly type?: 'password';
};

function Field({ label, hint, value, set, name, type }: FieldProps) {
  const rest = {
    autocomplete: type ? 'current-password' : name === 'digits' ? 'one-time-code' : 'off',
    value,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => set(event.currentTarget.value),
    maxLength: 200,
    required: true,
    id: `field-${name}`,
    'data-test': name,
  } as const;
  return (
    <label for={rest.id}>
      {label}
      {type ? <input type="password" {...rest} /> : <input type="text" {...rest} />}
      {hint && <small>{hint}</small>}
    </label>
  );
}

/** Names the thing, the count, the sum and the effect; nothing is shown as done before it is. */
export function Action(props: ActionProps) {
  const { verb, title, effect, path, body, isDangerous, isMoney, noReason, label, onClose, done, children } = props;
  const [reason, setReason] = useState('');
  const [needs, setNeeds] = useState(false);
  const [password, setPassword] = useState('');
  const [digits, setDigits] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState('');
  const token = useRef(newToken());
  const ref = useModal(() => onClose(undefined, false));
  const run = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble('');
    try {
      if (needs) await tell('api/confirm', { password, digits });
      const answer = await tell<Answer>(`api/${path}`, { ...body, reason, ...(isMoney && { token: token.current }) });
      onClose(textOf(answer, done), true);
    } catch (error) {
      const word = error instanceof Refused ? error.word : '';
      if (word === 'password') setNeeds(true);
      else token.current = newToken();
      if (word === 'changed') onClose(troubleText(error), true);
      else if (word !== 'password' || needs) setTrouble(troubleText(error));
      setBusy(false);
    }
  };
  return (
    <dialog class="dialog" ref={ref} aria-label={title} data-test="dialog">
      <form onSubmit={event => void run(event)}>
        <h2>{title}</h2>
        <p>{effect}</p>
        {children}
        {!noReason && (
          <Field label={label ?? words.reason} hint={words.reasonHint} value={reason} set={setReason} name="reason" />
        )}
        {needs && <Field label={words.password} value={password} set={setPassword} name="password" type="password" />}
        {needs && shell.hasDigits && <Field label={words.digits} value={digits} set={setDigits} name="digits" />}
        {trouble && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <div class="buttons">
          <button type="button" class="quiet" onClick={() => ref.current!.close()}>
            {words.cancel}
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={isBusy} data-test="do">
            {isBusy ? words.working : verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function textOf({ waits, results }: Answer, done: string): string {
  if (waits) return words.waits;
  if (!results) return done;
  const ok = results.filter(each => each.ok).length;
  const no = results.find(each => !each.ok);
  return `${words.results(ok, results.length - ok)}${no ? ` · ${no.text}` : ''}`;
}

/** Acts are for those who may. */
export function Able({ children }: { children: ComponentChildren }) {
  return isAble ? children : null;
}
