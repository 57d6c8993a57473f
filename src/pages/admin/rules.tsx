// 规则: is what is live what I think; is anything broken?
import type { RuleFileDetail, RuleFileView, RuleVersionView } from '../../engine/overview/view.ts';
import { when } from './format.ts';
import { Card, Data, Empty, Head, Link, Mark, Scroll, Sheet } from './parts.tsx';
import { go, type Place, type Pulse, useLoaded, words } from './state.ts';

const say = words.rules;

export function Rules({ place, pulse }: { place: Place; pulse: Pulse }) {
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
      />
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
                    </small>
                  </span>
                  <Health of={each} />
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Data>
      <Versions news={pulse.news} />
      {open && <Detail file={open} onClose={() => go('rules')} />}
    </>
  );
}

/** What was live when, by whom, why, and what it changed, in words. */
function Versions({ news }: { news: number }) {
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
                    {!isLive && <p class="note">{say.revert(number)}</p>}
                  </details>
                </li>
              ))}
            </ol>
          )
        }
      </Data>
    </Card>
  );
}

/** State and health are two things. */
function Health({ of }: { of: RuleFileView }) {
  const isBroken = of.findings.some(({ grave }) => grave);
  const kind = isBroken ? 'bad' : of.mode === 'draft' ? 'calm' : of.isLive ? 'good' : 'wait';
  return <Mark kind={kind}>{of.mode === 'draft' ? say.draft : of.isLive ? say.live : say.changed}</Mark>;
}

function Detail({ file, onClose }: { file: string; onClose: () => void }) {
  const loaded = useLoaded<RuleFileDetail>('rule', { file });
  return (
    <Sheet title={loaded.value?.name ?? file} onClose={onClose}>
      <Data of={loaded}>
        {value => (
          <>
            <p>
              <code>{value.file}</code> <Health of={value} />
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
                <ol class="code">
                  {value.text.split('\n').map((line, n) => (
                    <li class={value.findings.some(each => each.line === n + 1) ? 'hit' : ''}>
                      <code>{line}</code>
                    </li>
                  ))}
                </ol>
              </Scroll>
            </Card>
          </>
        )}
      </Data>
    </Sheet>
  );
}
