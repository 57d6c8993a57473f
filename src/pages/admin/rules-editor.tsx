// A rule file as a draft: written here, looked at whole, compared in words with what is live, and only then published with a
// comment. What was written stays until it is published or dropped, whatever is closed meanwhile.
import { useRef, useState } from 'preact/hooks';
import type { DraftVerdict, DraftView, FindingView, TrialView } from '../../engine/overview/view.ts';
import { count, money } from './format.ts';
import { Action, Card, Empty, Mark, Scroll } from './parts.tsx';
import { shell, tell, troubleText, words } from './state.ts';

const say = words.rules;

export const mayPublish = shell.role === 'publisher' || shell.role === 'owner';

/** `base` stands for the text it was made from. */
type Draft = { readonly text: string; readonly base: string };

/** No file is called that. */
export const NEW = '+';

const drafts = new Map<string, Draft>();
addEventListener('beforeunload', event => {
  if (drafts.size > 0) event.preventDefault();
});

/** Of files; a new one has no name yet. */
export const draftNames = (): string[] => [...drafts.keys()].filter(file => file !== NEW);
export const draftOf = (file: string): Draft | undefined => drafts.get(file);

type EditorProps = {
  /** By which the draft is kept. */
  readonly file: string;
  readonly name: string;
  readonly from: Draft;
  /** Another name is asked for: it is a new file. */
  readonly isNew?: boolean;
  readonly toast: (text: string) => void;
  readonly onEnd: () => void;
};

/** What is written, and what was said of it. */
function useDraft(file: string, name: string, from: Draft) {
  const [draft, set] = useState<Draft>(drafts.get(file) ?? from);
  const [seen, setSeen] = useState<{ readonly of: string; readonly view: DraftView }>();
  const [trouble, setTrouble] = useState('');
  const [isBusy, setBusy] = useState(false);
  const write = (next: Draft): void => {
    drafts.set(file, next);
    set(next);
  };
  const look = async (of: Draft): Promise<void> => {
    setBusy(true);
    setTrouble('');
    try {
      const view = await tell<DraftView>('api/draft', { file: name, ...of });
      setSeen({ of: name + of.text, view });
    } catch (error) {
      setSeen(undefined);
      setTrouble(troubleText(error));
    }
    setBusy(false);
  };
  const keepMine = (base: string): void => {
    const next = { ...draft, base };
    write(next);
    void look(next);
  };
  const takeTheirs = (theirs: Draft): void => {
    write(theirs);
    setSeen(undefined);
  };
  const view = seen?.of === name + draft.text ? seen.view : undefined;
  return { draft, view, trouble, isBusy, write, look, keepMine, takeTheirs };
}

export function Editor({ file, name: named, from, isNew, toast, onEnd }: EditorProps) {
  const [name, setName] = useState(named);
  const [isAsking, setAsking] = useState(false);
  const { draft, view, trouble, isBusy, write, look, keepMine, takeTheirs } = useDraft(file, name, from);
  const area = useRef<HTMLTextAreaElement>(null);
  const drop = (): void => {
    drafts.delete(file);
    onEnd();
  };
  const asked = (text: string | undefined, isChanged: boolean): void => {
    setAsking(false);
    if (text) toast(text);
    // What waits for somebody else may be declined: the draft is kept.
    if (text === say.published) drop();
    else if (isChanged) void look(draft);
  };
  const why = whyNot(view);
  return (
    <div class="editor">
      {isNew && <Name value={name} set={setName} />}
      <label for="draft-text">
        {say.draftText}
        <textarea
          id="draft-text"
          data-test="draft-text"
          ref={area}
          rows={18}
          spellcheck={false}
          autocapitalize="off"
          value={draft.text}
          onInput={event => write({ ...draft, text: event.currentTarget.value })}
        />
      </label>
      <div class="buttons">
        <button type="button" class="quiet" onClick={drop} data-test="drop">
          {say.drop}
        </button>
        <button type="button" class="quiet" onClick={() => void look(draft)} disabled={isBusy} data-test="look">
          {isBusy ? words.working : say.look}
        </button>
        {mayPublish && (
          <button
            type="button"
            class="primary"
            disabled={why !== undefined}
            onClick={() => setAsking(true)}
            data-test="publish"
          >
            {say.publish}
          </button>
        )}
      </div>
      <Said why={why} trouble={trouble} />
      {view?.conflict && <Conflict of={view.conflict} onMine={keepMine} onTheirs={takeTheirs} />}
      {view && <Verdict of={view} file={name} onLine={line => jump(area.current!, line)} />}
      {view?.isFit && <Trials key={name + draft.text} file={name} draft={draft} />}
      {isAsking && view && <Publish name={name} draft={draft} view={view} onClose={asked} />}
    </div>
  );
}

function Name({ value, set }: { value: string; set: (name: string) => void }) {
  return (
    <label for="draft-name">
      {say.fileName}
      <input
        id="draft-name"
        data-test="draft-name"
        value={value}
        onInput={event => set(event.currentTarget.value)}
        maxLength={86}
        spellcheck={false}
      />
    </label>
  );
}

function Said({ why, trouble }: { why: string | undefined; trouble: string }) {
  return (
    <>
      {why && (
        <p class="note" data-test="why-not">
          {mayPublish ? why : say.notYours}
        </p>
      )}
      {trouble && (
        <p class="trouble" role="alert" data-test="draft-trouble">
          {trouble}
        </p>
      )}
    </>
  );
}

function jump(area: HTMLTextAreaElement, line: number): void {
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
}

type PublishProps = {
  readonly name: string;
  readonly draft: Draft;
  readonly view: DraftView;
  readonly onClose: (done: string | undefined, isChanged: boolean) => void;
};

function Publish({ name, draft, view, onClose }: PublishProps) {
  return (
    <Action
      verb={say.publish}
      title={say.publishTitle(name)}
      effect={`${view.changes.join('；')}。${say.publishEffect}`}
      path="publish"
      body={{ file: name, ...draft, seen: view.seen }}
      isMoney
      label={say.comment}
      done={say.published}
      onClose={onClose}
    />
  );
}

/** Why it cannot be published as it is; `undefined`: it can. */
function whyNot(view: DraftView | undefined): string | undefined {
  if (!view) return say.lookFirst;
  if (view.conflict) return say.conflictFirst;
  if (!view.isFit) return say.notFit(view.findings.filter(({ grave }) => grave).length);
  return view.isSame ? say.same : undefined;
}

type ConflictProps = {
  readonly of: Draft;
  readonly onMine: (base: string) => void;
  readonly onTheirs: (theirs: Draft) => void;
};

function Conflict({ of, onMine, onTheirs }: ConflictProps) {
  return (
    <Card title={say.conflict}>
      <p class="trouble" role="alert" data-test="conflict">
        {of.base === '' ? say.conflictGone : say.conflictWhat}
      </p>
      <Scroll label={say.theirs}>
        <Lines text={of.text} hits={[]} />
      </Scroll>
      <div class="buttons">
        <button type="button" class="quiet" onClick={() => onTheirs(of)} data-test="theirs">
          {say.takeTheirs}
        </button>
        <button type="button" class="quiet" onClick={() => onMine(of.base)} data-test="mine">
          {say.keepMine}
        </button>
      </div>
    </Card>
  );
}

/** What is wrong, what changes, what it may cost: a draft's, and that of a version of before. */
export function Verdict({ of, file, onLine }: { of: DraftVerdict; file?: string; onLine?: (line: number) => void }) {
  return (
    <div data-test="verdict">
      {of.isFit && (
        <Card title={say.compare}>
          <ul class="plain changes" data-test="changes">
            {of.changes.map(line => (
              <li>{line}</li>
            ))}
          </ul>
          {of.money && <Money of={of.money} />}
        </Card>
      )}
      <Card title={say.findings}>
        {of.findings.length === 0 ? (
          <Empty>{of.tests === undefined ? say.noFindings : say.allFine(of.tests)}</Empty>
        ) : (
          <ul class="plain findings" data-test="findings">
            {of.findings.map(each => (
              <li>
                <Mark kind={each.grave ? 'bad' : 'wait'}>{each.grave ? say.grave : say.mild}</Mark>{' '}
                {each.file === file && onLine ? (
                  <button type="button" class="link" onClick={() => onLine(each.line)}>
                    {say.line(each.line)}
                  </button>
                ) : (
                  <b>
                    {each.file} {say.line(each.line)}
                  </b>
                )}{' '}
                {each.message}
                <Advice of={each} />
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}

const TRIALS = ['backtest', 'simulate'] as const;

/** What it would have come to with those of the last days, and what a made-up day of it could look like. */
function Trials({ file, draft }: { file: string; draft: Draft }) {
  return (
    <>
      {TRIALS.map(what => (
        <TrialCard what={what} file={file} draft={draft} />
      ))}
    </>
  );
}

function TrialCard({ what, file, draft }: { what: (typeof TRIALS)[number]; file: string; draft: Draft }) {
  const [many, set] = useState(what === 'backtest' ? 7 : 1000);
  const [seen, setSeen] = useState<TrialView>();
  const [trouble, setTrouble] = useState('');
  const [isBusy, setBusy] = useState(false);
  const run = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    setTrouble('');
    const more = what === 'backtest' ? { days: many } : { users: many };
    tell<TrialView>(`api/${what}`, { file, ...draft, ...more })
      .then(setSeen, (error: unknown) => setTrouble(troubleText(error)))
      .finally(() => setBusy(false));
  };
  return (
    <Card title={say[what].title}>
      <p class="note">{say[what].hint}</p>
      <form class="fields" onSubmit={run}>
        <label for={`many-${what}`}>
          {say[what].many}
          <input
            id={`many-${what}`}
            type="number"
            min={1}
            max={what === 'backtest' ? 31 : 10_000}
            value={many}
            onInput={event => set(Number(event.currentTarget.value))}
          />
        </label>
        <button type="submit" class="quiet" disabled={isBusy} data-test={what}>
          {isBusy ? words.working : say[what].run}
        </button>
      </form>
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      <div aria-live="polite" data-test={`${what}-said`}>
        {seen?.parts.map(part =>
          typeof part === 'string' ? <p>{part}</p> : <TrialTable of={part} title={say[what].title} />,
        )}
      </div>
    </Card>
  );
}

type TableView = Exclude<TrialView['parts'][number], string>;

function TrialTable({ of: { head, rows }, title }: { of: TableView; title: string }) {
  return (
    <Scroll label={title}>
      <table>
        <thead>
          <tr>
            {head.map(cell => (
              <th scope="col">{cell}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...rest]) => (
            <tr>
              <th scope="row">{first}</th>
              {rest.map(cell => (
                <td>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** What may be written instead, and on what that rests. */
export function Advice({ of: { advice, basis } }: { of: FindingView }) {
  return (
    <>
      {advice && <small data-test="advice">{say.instead(advice)}</small>}
      {basis && <small>{say.basis(basis)}</small>}
    </>
  );
}

function Money({ of }: { of: NonNullable<DraftVerdict['money']> }) {
  const rows: readonly (readonly [string, string])[] = [
    [say.most, money(of.most)],
    ...(of.perDay === undefined ? [] : [[say.perDay, money(of.perDay)] as const]),
    [say.claim, of.mean === undefined ? money(of.claim) : say.onAverage(money(of.claim), money(of.mean))],
    ...(of.claims === undefined ? [] : [[say.enough, say.times(count(of.claims))] as const]),
    [say.one, say.oneText(money(of.oneDay), money(of.oneEver))],
  ];
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Lines({ text, hits }: { text: string; hits: readonly number[] }) {
  return (
    <ol class="code">
      {text.split('\n').map((line, n) => (
        <li class={hits.includes(n + 1) ? 'hit' : ''}>
          <code>{line}</code>
        </li>
      ))}
    </ol>
  );
}
