// 规则: is what is live what I think; is anything broken?
import { useEffect, useState } from 'preact/hooks';
import type { RevertView, RuleFileDetail, RuleFileView, RuleVersionView } from '../../engine/overview/view.ts';
import { when } from './format.ts';
import { Able, Action, Card, Data, Empty, Head, Link, Mark, Scroll, Sheet } from './parts.tsx';
import { Advice, draftOf, Editor, Lines, mayPublish, NEW, Verdict } from './rules-editor.tsx';
import { go, type Loaded, type Place, type Pulse, tell, troubleText, useLoaded, words } from './state.ts';

const say = words.rules;

type Toast = (text: string) => void;

export function Rules({ place, pulse, toast }: { place: Place; pulse: Pulse; toast: Toast }) {
  const loaded = useLoaded<{ readonly files: readonly RuleFileView[] }>('rules', {}, pulse.news);
  const files = loaded.value?.files ?? [];
  const broken = files.filter(each => each.findings.some(({ grave }) => grave)).length;
  const changed = files.filter(each => !each.isLive && each.mode !== 'draft').length;
  const open = place.query.get('file') ?? undefined;
  return (
    <>
      <Head
        answer={broken > 0 ? say.trouble(broken) : changed > 0 ? say.notLive(changed) : say.fine}
        what={say.hint}
        isBad={broken > 0}
      >
        <Able>
          <button type="button" class="quiet" onClick={() => go('rules', { file: NEW })} data-test="new-file">
            {say.newFile}
          </button>
        </Able>
      </Head>
      <Data of={loaded}>
        {value => (
          <ul class="rows card flush">
            {value.files.map(each => (
              <li>
                <Link page="rules" query={{ file: each.file }} class="row rule">
                  <span class="what">
                    {each.name ?? each.file}
                    <small>
                      {each.file} · {say.problems(each.findings.length)}
                      {draftOf(each.file) && ` · ${say.hasDraft}`}
                    </small>
                  </span>
                  <Health of={each} />
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Data>
      <Versions news={pulse.news} toast={toast} />
      {open === NEW && (
        <Sheet title={say.newFile} onClose={() => go('rules')}>
          <Editor
            {...{ file: NEW, name: 'my-campaign.yaml', isNew: true, from: { text: say.newText, base: '' } }}
            {...{ toast, onEnd: () => go('rules') }}
          />
        </Sheet>
      )}
      {open && open !== NEW && <Detail file={open} toast={toast} onClose={() => go('rules')} />}
    </>
  );
}

/** What was live when, by whom, why, and what it changed, in words. */
function Versions({ news, toast }: { news: number; toast: Toast }) {
  const [back, setBack] = useState<number>();
  const loaded = useLoaded<{ readonly versions: readonly RuleVersionView[] }>('versions', {}, news);
  return (
    <Card title={say.versions}>
      <Data of={loaded}>
        {({ versions }) =>
          versions.length === 0 ? (
            <Empty>{say.noVersions}</Empty>
          ) : (
            <ol class="versions" data-test="versions">
              {versions.map(({ number, at, by, comment, files, isLive, changes }) => (
                <li>
                  <details open={isLive}>
                    <summary>
                      <b>{say.version(number)}</b> {isLive && <Mark kind="good">{say.onLine}</Mark>}{' '}
                      <small>
                        {when(at)} · {by} · {say.files(files)}
                        {comment && ` · ${comment}`}
                      </small>
                    </summary>
                    <ul class="plain">
                      {changes.map(line => (
                        <li>{line}</li>
                      ))}
                    </ul>
                    {!isLive && mayPublish && (
                      <button type="button" class="quiet" onClick={() => setBack(number)} data-test={`back-${number}`}>
                        {say.back(number)}
                      </button>
                    )}
                  </details>
                </li>
              ))}
            </ol>
          )
        }
      </Data>
      {back !== undefined && <Back number={back} toast={toast} onClose={() => setBack(undefined)} />}
    </Card>
  );
}

/** What going back would change is shown before. */
function Back({ number, toast, onClose }: { number: number; toast: Toast; onClose: () => void }) {
  const [view, set] = useState<RevertView>();
  const [trouble, setTrouble] = useState('');
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    tell<RevertView>('api/back', { number }).then(set, (error: unknown) => setTrouble(troubleText(error)));
  }, [number]);
  return (
    <Sheet title={say.back(number)} onClose={onClose}>
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {!view && !trouble && <p role="status">{words.working}</p>}
      {view && (
        <>
          <Verdict of={view} />
          {view.gone.length > 0 && <p class="note">{say.gone(view.gone.join('、'))}</p>}
          <div class="buttons">
            <button
              type="button"
              class="primary"
              disabled={!view.isFit}
              onClick={() => setAsking(true)}
              data-test="revert"
            >
              {say.back(number)}
            </button>
          </div>
        </>
      )}
      {isAsking && view && (
        <Action
          verb={say.back(number)}
          title={say.back(number)}
          effect={`${view.changes.join('；')}。${say.publishEffect}`}
          path="revert"
          body={{ number, seen: view.seen }}
          isMoney
          label={say.comment}
          done={say.published}
          onClose={(text, isChanged) => {
            setAsking(false);
            if (text) toast(text);
            if (isChanged) onClose();
          }}
        />
      )}
    </Sheet>
  );
}

/** State and health are two things. */
function Health({ of }: { of: RuleFileView }) {
  const isBroken = of.findings.some(({ grave }) => grave);
  const kind = isBroken ? 'bad' : of.mode === 'draft' ? 'calm' : of.isLive ? 'good' : 'wait';
  return <Mark kind={kind}>{of.mode === 'draft' ? say.draft : of.isLive ? say.live : say.changed}</Mark>;
}

function Detail({ file, toast, onClose }: { file: string; toast: Toast; onClose: () => void }) {
  const loaded = useLoaded<RuleFileDetail>('rule', { file });
  const [isEdited, edit] = useState(draftOf(file) !== undefined);
  const { value } = loaded;
  const ended = (): void => {
    edit(false);
    loaded.reload();
  };
  return (
    <Sheet title={value?.name ?? file} onClose={onClose}>
      {value && isEdited ? (
        <Editor {...{ file, name: file, from: { text: value.text, base: value.base ?? '' }, toast, onEnd: ended }} />
      ) : (
        <Reading loaded={loaded} onEdit={() => edit(true)} />
      )}
    </Sheet>
  );
}

function Reading({ loaded, onEdit }: { loaded: Loaded<RuleFileDetail>; onEdit: () => void }) {
  return (
    <Data of={loaded}>
      {value => (
        <>
          <p class="titled">
            <code>{value.file}</code> <Health of={value} />
            {value.base !== undefined && (
              <Able>
                <button type="button" class="quiet" onClick={onEdit} data-test="edit">
                  {say.edit}
                </button>
              </Able>
            )}
          </p>
          <Card title={say.findings}>
            {value.findings.length === 0 ? (
              <Empty>{say.noFindings}</Empty>
            ) : (
              <ul class="plain findings">
                {value.findings.map(each => (
                  <li>
                    <Mark kind={each.grave ? 'bad' : 'wait'}>{each.grave ? say.grave : say.mild}</Mark>{' '}
                    <b>{say.line(each.line)}</b> {each.message}
                    <Advice of={each} />
                  </li>
                ))}
              </ul>
            )}
          </Card>
          <Card title={say.tests}>
            {value.results.length === 0 ? (
              <Empty>{say.noTests}</Empty>
            ) : (
              <>
                <p>{say.passed(value.tests?.passed ?? 0, value.results.length)}</p>
                <ul class="checks">
                  {value.results.map(each => (
                    <li class={each.isFine ? 'ok' : 'no'}>
                      <span aria-hidden="true">{each.isFine ? '✓' : '✗'}</span> {each.name}
                      {each.failures.map(text => (
                        <small>{text}</small>
                      ))}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </Card>
          <Card title={say.text}>
            <Scroll label={say.text}>
              <Lines text={value.text} hits={value.findings.map(({ line }) => line)} />
            </Scroll>
          </Card>
        </>
      )}
    </Data>
  );
}
