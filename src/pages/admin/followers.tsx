// 粉丝: why did she get it, or not?
import { useEffect, useState } from 'preact/hooks';
import type { CodeFound, FollowerView, Found, RuleFileView, WhyView } from '../../engine/overview/view.ts';
import { wordIn } from '../shared/word.ts';
import { count, money, percent, when } from './format.ts';
import { Able, Card, Checks, Copy, Data, Empty, Head, Link, Mark, StateMark } from './parts.tsx';
import { draftNames, draftOf } from './rules-editor.tsx';
import { ask, go, isAble, type Place, tell, troubleText, useLoaded, words } from './state.ts';

const say = words.followers;

export function Followers({ place }: { place: Place }) {
  const [text, set] = useState(place.query.get('q') ?? '');
  const q = place.query.get('q') ?? undefined;
  const [user, bill, line] = ['user', 'bill', 'line'].map(name => place.query.get(name) ?? undefined);
  const found = useLoaded<Found>(q === undefined ? undefined : 'search', { q });
  useEffect(() => {
    const hit = found.value;
    if (hit?.kind !== 'follower') return;
    // Who sees openids only by their ends goes by the number, or by what they typed themselves.
    if (hit.billNo) go('followers', { bill: hit.billNo });
    else if (hit.line !== undefined && !isAble) go('followers', { line: String(hit.line) });
    else go('followers', { user: hit.by === 'openid' ? q : hit.user });
  }, [found.value]);
  const find = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== '') go('followers', { q: text.trim() });
  };
  const isOpen = [user, bill, line].some(each => each !== undefined);
  return (
    <>
      {!isOpen && <Head answer={say.title} what={say.hint} />}
      <form class="search big" onSubmit={find}>
        <input
          type="search"
          aria-label={say.search}
          placeholder={say.hint}
          value={text}
          onInput={event => set(event.currentTarget.value)}
          data-test="follower-search"
        />
        <button type="submit" class="primary">
          {words.payouts.find}
        </button>
      </form>
      {q !== undefined && (
        <Data of={found}>
          {hit =>
            hit.kind === 'none' ? (
              <Empty>{say.notFound}</Empty>
            ) : hit.kind === 'code' ? (
              <CodeCard of={hit} />
            ) : hit.kind === 'several' ? (
              <Card title={say.several}>
                <ul class="rows">
                  {hit.users.map(each => (
                    <li>
                      <Link
                        page="followers"
                        query={isAble ? { user: each.user } : { line: String(each.line) }}
                        class="row"
                      >
                        <code>{each.user}</code>
                        <span class="what">{each.what}</span>
                        <time>{when(each.at)}</time>
                      </Link>
                    </li>
                  ))}
                </ul>
              </Card>
            ) : null
          }
        </Data>
      )}
      {isOpen && <Follower key={user ?? bill ?? line} who={{ user, bill, line }} />}
    </>
  );
}

/** A printed code whose user nobody can name. */
function CodeCard({ of: { is, batch = '', prize = '', usedAt } }: { of: CodeFound }) {
  return (
    <Card title={say.code}>
      <p data-test="code-found">{say.codes[is](batch, prize, usedAt === undefined ? '' : when(usedAt))}</p>
    </Card>
  );
}

type Who = { readonly user: string | undefined; readonly bill: string | undefined; readonly line: string | undefined };

function Money({ of: { user, payouts } }: { of: FollowerView }) {
  const together = (
    <Able>
      <Link page="payouts" query={{ user }} data-test="their-payouts">
        {say.together}
      </Link>
    </Able>
  );
  return (
    <Card title={say.money} more={together}>
      {payouts.length === 0 ? (
        <Empty>{say.noMoney}</Empty>
      ) : (
        <ul class="rows">
          {payouts.map(each => (
            <li>
              <Link page="payouts" query={{ id: each.billNo }} class="row">
                <span class="amount">{money(each.amount)}</span>
                <StateMark state={each.state} isParked={each.isParked} />
                <time>{when(each.createdAt)}</time>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Follower({ who }: { who: Who }) {
  const loaded = useLoaded<FollowerView>('follower', who);
  return (
    <Data of={loaded}>
      {value => {
        const [last] = value.events;
        const standing = value.following === undefined ? say.unknown : value.following ? say.follows : say.left;
        return (
          <>
            <Head
              answer={last ? say.last(when(last.at), last.verdict) : say.noEvents}
              what={`${standing} · ${say.times(value.follows)}`}
            >
              <Copy text={value.user} />
            </Head>
            <div class="two">
              <div>
                <Why who={who} />
                <Card title={say.events}>
                  <Events all={value.events} />
                </Card>
              </div>
              <div>
                <Money of={value} />
                <Card title={say.limits}>
                  {value.limits.length === 0 ? (
                    <Empty>{say.noLimits}</Empty>
                  ) : (
                    <ul class="plain">
                      {value.limits.map(each => (
                        <li class={each.used >= each.max ? 'warn' : ''}>
                          {each.campaign} · {each.text}{' '}
                          <b>
                            {count(each.used)} / {count(each.max)}
                          </b>
                        </li>
                      ))}
                    </ul>
                  )}
                </Card>
              </div>
            </div>
          </>
        );
      }}
    </Data>
  );
}

function Events({ all }: { all: FollowerView['events'] }) {
  if (all.length === 0) return <Empty>{say.noEvents}</Empty>;
  return (
    <ol class="timeline" data-test="timeline">
      {all.map(each => (
        <li>
          <details>
            <summary>
              <time>{when(each.at)}</time>
              <span class="what">
                {each.event}
                <small>{each.reply}</small>
              </span>
              <Mark kind={each.kind === 'awarded' ? 'good' : each.kind === 'refused' ? 'bad' : 'calm'}>
                {each.verdict}
              </Mark>
            </summary>
            <Checks all={each.checks} />
            {each.payout && (
              <p>
                <Link page="payouts" query={{ id: each.payout.billNo }}>
                  {each.payout.billNo}
                </Link>{' '}
                <StateMark state={each.payout.state} isParked={each.payout.isParked} />
              </p>
            )}
          </details>
        </li>
      ))}
    </ol>
  );
}

const KINDS = ['text', 'code', 'subscribe', 'scan', 'click', 'visit', 'paid', 'friend'] as const;
type Kind = (typeof KINDS)[number];

/** As `explain --event` has it; a printed code is what is typed. */
function writtenOf(kind: Kind, value: string): string {
  if (kind === 'subscribe' && value === '') return kind;
  return `${kind === 'code' ? 'text' : kind}:${value}`;
}

/** The rules that are live, each file that is not, and what somebody is writing in this tab. */
function useRulesAsked() {
  const loaded = useLoaded<{ readonly files: readonly RuleFileView[] }>(isAble ? 'rules' : undefined);
  const files = (loaded.value?.files ?? []).filter(each => !each.isLive).map(({ file }) => file);
  return [...new Set([...draftNames(), ...files])];
}

async function asked(who: Who, event: string, at: string, file: string): Promise<readonly WhyView[]> {
  type Answers = { readonly answers: readonly WhyView[] };
  if (file === '') return (await ask<Answers>('whynot', { ...who, event, at })).answers;
  return (await tell<Answers>('api/whydraft', { ...who, event, at, file, ...draftOf(file) })).answers;
}

function Kinds({ kind, choose }: { kind: Kind; choose: (kind: Kind) => void }) {
  const chosen = (text: string): Kind => KINDS.find(each => each === text) ?? kind;
  return (
    <label>
      {say.what}
      <select value={kind} onChange={event => choose(chosen(event.currentTarget.value))} data-test="why-kind">
        {KINDS.map(each => (
          <option value={each}>{say.kinds[each]}</option>
        ))}
      </select>
    </label>
  );
}

/** A dry run: odds, never the coming draw. */
function Why({ who }: { who: Who }) {
  const files = useRulesAsked();
  const [file, setFile] = useState('');
  const [kind, setKind] = useState<Kind>('text');
  const [value, setValue] = useState('');
  const [at, setAt] = useState('');
  const [answers, setAnswers] = useState<readonly WhyView[] | undefined>();
  const [trouble, setTrouble] = useState('');
  const run = (event: Event): void => {
    event.preventDefault();
    setTrouble('');
    asked(who, writtenOf(kind, value), at, file).then(setAnswers, error => setTrouble(troubleText(error)));
  };
  return (
    <Card title={say.why}>
      <p class="note">{say.whyHint}</p>
      <form class="fields" onSubmit={run}>
        <Kinds kind={kind} choose={setKind} />
        <label>
          {say.value}
          <input
            value={value}
            onInput={event => setValue(event.currentTarget.value)}
            required={kind !== 'subscribe'}
            placeholder={say.examples[kind]}
            data-test="why-value"
          />
        </label>
        <label>
          {say.at}
          <input type="datetime-local" value={at} onInput={event => setAt(event.currentTarget.value)} />
        </label>
        {files.length > 0 && (
          <label>
            {say.rulesAsked}
            <select value={file} onChange={event => setFile(event.currentTarget.value)} data-test="why-rules">
              <option value="">{say.rulesLive}</option>
              {files.map(each => (
                <option value={each}>{say.rulesDraft(each)}</option>
              ))}
            </select>
          </label>
        )}
        <button type="submit" class="primary" data-test="why-go">
          {say.try}
        </button>
      </form>
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      <div aria-live="polite" data-test="why-answer">
        {answers?.map(each => (
          <Answer of={each} />
        ))}
      </div>
    </Card>
  );
}

function Answer({ of }: { of: WhyView }) {
  return (
    <div class="answer">
      <p class="big">{of.verdict}</p>
      {of.rules.length === 0 && <Empty>{say.noRule}</Empty>}
      {of.rules.map(rule => (
        <div class="asked">
          <b>
            {rule.campaign} / {rule.rule}
          </b>{' '}
          <small>{wordIn(say.parts, rule.part) ?? rule.part}</small>
          <Checks all={rule.checks} />
        </div>
      ))}
      {of.prospects.length > 0 && (
        <>
          <h3>{say.odds}</h3>
          <ul class="plain">
            {of.prospects.map(each => (
              <li>
                {each.prize}{' '}
                {each.max > 0 && (each.min === each.max ? money(each.min) : `${money(each.min)}–${money(each.max)}`)}{' '}
                {each.odds !== undefined && <b>{percent(each.odds)}</b>}
              </li>
            ))}
          </ul>
        </>
      )}
      {of.near.length > 0 && (
        <>
          <h3>{say.near}</h3>
          <ul class="plain">
            {of.near.map(each => (
              <li>
                {each.campaign}/{each.rule}：{each.text}
              </li>
            ))}
          </ul>
        </>
      )}
      {of.reply && (
        <p>
          {say.reply}：{of.reply}
        </p>
      )}
    </div>
  );
}
