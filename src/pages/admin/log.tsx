// 记录: who did what; and, for an owner, who is signed in.
import type { ActView, SessionView } from '../../engine/overview/view.ts';
import { wordIn } from '../shared/word.ts';
import { when } from './format.ts';
import { Data, Empty, Head, Link } from './parts.tsx';
import { type Place, type Pulse, tell, troubleText, useLoaded, words } from './state.ts';

const say = words.log;

export function Log({ place, pulse }: { place: Place; pulse: Pulse }) {
  const after = place.query.get('after') ?? undefined;
  const loaded = useLoaded<{ readonly acts: readonly ActView[]; readonly next?: number }>(
    'acts',
    { after },
    after ? 0 : pulse.news,
  );
  return (
    <>
      <Head answer={say.title} what={say.hint} />
      <Data of={loaded}>
        {({ acts, next }) =>
          acts.length === 0 ? (
            <Empty>{say.empty}</Empty>
          ) : (
            <section class="card flush">
              <ul class="rows" data-test="acts">
                {acts.map(each => (
                  <li class="row act">
                    <time>{when(each.at)}</time>
                    <b>{each.by}</b>
                    <span class="what">
                      {wordIn(say.whats, each.what) ?? each.what} <code>{each.about}</code>
                      {each.detail && <small>{each.detail}</small>}
                    </span>
                  </li>
                ))}
              </ul>
              {next !== undefined && (
                <p class="note">
                  <Link page="log" query={{ after: String(next) }}>
                    {words.next}
                  </Link>
                </p>
              )}
            </section>
          )
        }
      </Data>
    </>
  );
}

export function People({ pulse, toast }: { pulse: Pulse; toast: (text: string) => void }) {
  const loaded = useLoaded<{ readonly sessions: readonly SessionView[] }>('sessions', {}, pulse.news);
  const own = words.people;
  const end = (id: string): void => {
    tell('api/revoke', { id }).then(loaded.reload, error => toast(troubleText(error)));
  };
  return (
    <Data of={loaded}>
      {({ sessions }) => (
        <>
          <Head answer={own.title(sessions.length)} what={own.hint} />
          <ul class="rows card flush">
            {sessions.map(each => (
              <li class="row act">
                <b>{each.name}</b>
                <span class="what">
                  {wordIn(own.roles, each.role)} · {each.address} {each.isOwn && `· ${own.own}`}
                  <small>
                    {own.seen(when(each.seenAt))} · {each.agent}
                  </small>
                </span>
                {!each.isOwn && (
                  <button type="button" class="danger" onClick={() => end(each.id)}>
                    {own.end}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Data>
  );
}
