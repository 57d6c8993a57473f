// The small parts every page is made of: one state mark, one side sheet, one stepper, one dialog that says the verb.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
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
  const word = (words.states as Readonly<Record<string, string>>)[state] ?? state;
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
    const before = document.activeElement as HTMLElement | null;
    if (!dialog.open) dialog.showModal();
    const closed = (): void => onClose();
    dialog.addEventListener('close', closed);
    return () => {
      dialog.removeEventListener('close', closed);
      before?.focus?.();
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
  readonly onClose: (done: string | undefined, isChanged: boolean) => void;
  readonly done: string;
};

type Answer = {
  readonly waits?: string;
  readonly results?: readonly { readonly ok: boolean; readonly text: string }[];
};

/** Names the thing, the count, the sum and the effect; nothing is shown as done before it is. */
export function Action({
  verb,
  title,
  effect,
  path,
  body,
  isDangerous,
  isMoney,
  noReason,
  onClose,
  done,
}: ActionProps) {
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
        {!noReason && (
          <label>
            {words.reason}
            <input
              value={reason}
              onInput={event => setReason(event.currentTarget.value)}
              maxLength={200}
              required
              data-test="reason"
            />
            <small>{words.reasonHint}</small>
          </label>
        )}
        {needs && (
          <label>
            {words.password}
            <input
              type="password"
              autocomplete="current-password"
              value={password}
              onInput={event => setPassword(event.currentTarget.value)}
              required
              data-test="password"
            />
          </label>
        )}
        {needs && shell.hasDigits && (
          <label>
            {words.digits}
            <input
              inputMode="numeric"
              autocomplete="one-time-code"
              value={digits}
              onInput={event => setDigits(event.currentTarget.value)}
              required
            />
          </label>
        )}
        {trouble && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <div class="buttons">
          <button type="button" class="quiet" onClick={() => ref.current!.close()}>
            {words.cancel}
          </button>
          <button class={isDangerous ? 'danger' : 'primary'} disabled={isBusy} data-test="do">
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
  return isAble ? <>{children}</> : null;
}
