// 付款: where each yuan is, and what is stuck.
import { useEffect, useState } from 'preact/hooks';
import { FILTERS, type Found, type PayoutDetail, type PayoutList, type PayoutRow } from '../../engine/overview/view.ts';
import { wordIn } from '../shared/word.ts';
import { count, money, short, when } from './format.ts';
import { Able, Action, Card, Checks, Copy, Data, Empty, Head, Link, Sheet, StateMark } from './parts.tsx';
import { ask, go, isAble, type Place, type Pulse, tell, troubleText, useLoaded, words } from './state.ts';

const say = words.payouts;
type Toast = (text: string) => void;

export function Payouts({ place, pulse, toast }: { place: Place; pulse: Pulse; toast: Toast }) {
  const query = Object.fromEntries(
    ['filter', 'campaign', 'merchant', 'user', 'after'].map(name => [name, place.query.get(name) ?? undefined]),
  );
  const filter = query.filter ?? 'all';
  const list = useLoaded<PayoutList>('payouts', { ...query, filter }, pulse.news);
  const open = place.query.get('id') ?? undefined;
  const show = (id: string | undefined): void => go('payouts', { ...query, id });
  const { counts, halted = [] } = list.value ?? {};
  const todo = counts?.todo ?? 0;
  return (
    <>
      <Head
        answer={answerOf(list.value)}
        what={isAble && todo > 0 ? say.hint : say.hintFine}
        isBad={todo > 0 || halted.length > 0}
      >
        <Search toast={toast} />
      </Head>
      <nav class="filters" aria-label={say.state}>
        {FILTERS.map(each => (
          <Link
            page="payouts"
            query={{ filter: each, user: query.user }}
            class={each === filter ? 'on' : ''}
            aria-current={each === filter ? 'page' : undefined}
            data-test={`filter-${each}`}
          >
            {say.filters[each]}
            {list.value && !query.user && <b>{count(list.value.counts[each])}</b>}
          </Link>
        ))}
      </nav>
      {query.user && (
        <p class="note">
          {say.ofOne} <code>{short(query.user)}</code>{' '}
          <Link page="payouts" query={{ filter }}>
            {say.ofAll}
          </Link>
        </p>
      )}
      <Data of={list}>
        {value => <Rows list={value} filter={filter} query={query} show={show} reload={list.reload} toast={toast} />}
      </Data>
      {open && <Detail id={open} news={pulse.news} onClose={() => show(undefined)} toast={toast} />}
    </>
  );
}

function answerOf(list: PayoutList | undefined): string {
  const { counts, halted = [] } = list ?? {};
  if (counts && counts.todo > 0) return say.trouble(count(counts.todo));
  return halted.length > 0 ? say.halted(halted.join('、'), count(counts?.queued ?? 0)) : say.fine;
}

function Search({ toast }: { toast: Toast }) {
  const [text, set] = useState('');
  const find = (event: Event): void => {
    event.preventDefault();
    ask<Found>('search', { q: text }).then(
      found => {
        if (found.kind === 'follower' && found.billNo) go('payouts', { id: found.billNo });
        else if (found.kind === 'none') toast(say.notFound);
        else go('followers', { q: text });
      },
      error => toast(troubleText(error)),
    );
  };
  return (
    <form class="search" onSubmit={find}>
      <input
        type="search"
        aria-label={say.search}
        placeholder={say.search}
        value={text}
        onInput={event => set(event.currentTarget.value)}
        required
      />
      <button type="submit" class="quiet">
        {say.find}
      </button>
    </form>
  );
}

type RowsProps = {
  list: PayoutList;
  filter: string;
  query: Readonly<Record<string, string | undefined>>;
  show: (id: string) => void;
  reload: () => void;
  toast: Toast;
};

function Rows({ list, filter, query, show, reload, toast }: RowsProps) {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [act, setAct] = useState<'retry' | 'cancel' | undefined>();
  const rows = list.rows.filter(({ billNo }) => chosen.has(billNo));
  useEffect(() => choose(new Set()), [filter, query.after, query.user]);
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  const closed = (text: string | undefined, isChanged: boolean): void => {
    setAct(undefined);
    if (text) toast(text);
    if (isChanged) reload();
  };
  const isAll = list.rows.length > 0 && rows.length === list.rows.length;
  const chooseAll = (): void => choose(new Set(isAll ? [] : list.rows.map(({ billNo }) => billNo)));
  if (list.rows.length === 0)
    return <Empty>{filter === 'todo' ? say.emptyGood : list.counts.all === 0 ? say.empty : say.emptyFilter}</Empty>;
  return (
    <section class="card flush">
      <div class="bar">
        <Able>
          <Together rows={rows} isAll={isAll} chooseAll={chooseAll} setAct={setAct} />
        </Able>
        <a class="csv" href={csvOf(filter, query)}>
          {say.csv}
        </a>
      </div>
      <ul class="rows" data-test="payout-rows">
        {list.rows.map(row => (
          <Row row={row} isChosen={chosen.has(row.billNo)} toggle={toggle} show={show} />
        ))}
      </ul>
      {list.isCut && <p class="note">{say.cut}</p>}
      {list.next && (
        <p class="note">
          <Link page="payouts" query={{ ...query, after: list.next }}>
            {words.next}
          </Link>
        </p>
      )}
      {act && <ManyAction act={act} rows={rows} onClose={closed} />}
    </section>
  );
}

function csvOf(filter: string, { campaign, merchant, user }: RowsProps['query']): string {
  const all = new URLSearchParams({ filter });
  if (campaign) all.set('campaign', campaign);
  if (merchant) all.set('merchant', merchant);
  if (user) all.set('user', user);
  return `/admin/api/payouts.csv?${all}`;
}

type TogetherProps = {
  rows: readonly PayoutRow[];
  isAll: boolean;
  chooseAll: () => void;
  setAct: (act: 'retry' | 'cancel') => void;
};

function Together({ rows, isAll, chooseAll, setAct }: TogetherProps) {
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={isAll} onChange={chooseAll} />
        <span>{rows.length > 0 ? say.chosen(rows.length, money(sumOf(rows))) : say.all}</span>
      </label>
      {rows.length > 0 && (
        <span class="buttons">
          <button type="button" class="primary" onClick={() => setAct('retry')} data-test="retry-many">
            {say.retryMany(rows.length)}
          </button>
          <button type="button" class="danger" onClick={() => setAct('cancel')} data-test="cancel-many">
            {say.stopMany(rows.length)}
          </button>
        </span>
      )}
    </>
  );
}

type RowProps = { row: PayoutRow; isChosen: boolean; toggle: (id: string) => void; show: (id: string) => void };

function Row({ row, isChosen, toggle, show }: RowProps) {
  return (
    <li>
      <Able>
        <label class="pick">
          <input type="checkbox" aria-label={row.billNo} checked={isChosen} onChange={() => toggle(row.billNo)} />
        </label>
      </Able>
      <button type="button" class="row payout" onClick={() => show(row.billNo)}>
        <span class="amount">{money(row.amount)}</span>
        <StateMark state={row.state} isParked={row.isParked} />
        <span class="what">
          {row.campaignName}
          <small>
            <code>{short(row.user)}</code>
            {row.problem && ` · ${row.problem}`}
          </small>
        </span>
        <time>{when(row.createdAt)}</time>
      </button>
    </li>
  );
}

const sumOf = (rows: readonly PayoutRow[]): number => rows.reduce((sum, { amount }) => sum + amount, 0);

function ManyAction({
  act,
  rows,
  onClose,
}: {
  act: 'retry' | 'cancel';
  rows: readonly PayoutRow[];
  onClose: (text: string | undefined, isChanged: boolean) => void;
}) {
  const sum = sumOf(rows);
  const isOne = rows.length === 1;
  const isRetry = act === 'retry';
  const verb = isRetry
    ? isOne
      ? say.retry
      : say.retryMany(rows.length)
    : isOne
      ? say.stop
      : say.stopMany(rows.length);
  return (
    <Action
      verb={verb}
      title={`${verb} · ${money(sum)}`}
      effect={(isRetry ? say.retryEffect : say.stopEffect)(rows.length, money(sum))}
      path={act}
      body={{ numbers: rows.map(({ billNo }) => billNo), versions: rows.map(({ version }) => version), sum }}
      isMoney
      isDangerous={!isRetry}
      done={isRetry ? say.retried : say.stopped}
      onClose={onClose}
    />
  );
}

// ── One payout ───────────────────────────────────────────────────────────────────────────────────────────────

function Detail({ id, news, onClose, toast }: { id: string; news: number; onClose: () => void; toast: Toast }) {
  const payout = useLoaded<PayoutDetail>('payout', { id }, news);
  const [act, setAct] = useState<'retry' | 'cancel' | undefined>();
  const askNow = (row: PayoutRow): void => {
    tell('api/ask', { numbers: [row.billNo], versions: [row.version], sum: row.amount }).then(
      () => {
        toast(say.asked);
        payout.reload();
      },
      error => {
        toast(troubleText(error));
        payout.reload();
      },
    );
  };
  return (
    <Sheet title={say.number} onClose={onClose}>
      <Data of={payout}>
        {value => (
          <>
            <Summary detail={value} />
            {isAble && (
              <div class="buttons">
                {value.can.ask && (
                  <button type="button" class="quiet" onClick={() => askNow(value.row)}>
                    {say.ask}
                  </button>
                )}
                {value.can.retry && (
                  <button type="button" class="primary" onClick={() => setAct('retry')} data-test="retry">
                    {say.retry}
                  </button>
                )}
                {value.can.cancel && (
                  <button type="button" class="danger" onClick={() => setAct('cancel')} data-test="cancel">
                    {say.stop}
                  </button>
                )}
              </div>
            )}
            <Life detail={value} />
            {act && (
              <ManyAction
                act={act}
                rows={[value.row]}
                onClose={(text, isChanged) => {
                  setAct(undefined);
                  if (text) toast(text);
                  if (isChanged) payout.reload();
                }}
              />
            )}
          </>
        )}
      </Data>
    </Sheet>
  );
}

function Summary({ detail }: { detail: PayoutDetail }) {
  const { row, listId, refunded } = detail;
  return (
    <section class="summary">
      <p class="big">
        <strong>{money(row.amount)}</strong> <StateMark state={row.state} isParked={row.isParked} />
      </p>
      <Stepper row={row} />
      <p class="next">{nextOf(detail)}</p>
      {row.problem && (
        <p class="says">
          {say.says}：{row.problem}
        </p>
      )}
      <dl class="facts">
        <dt>{say.number}</dt>
        <dd>
          <Copy text={row.billNo} />
        </dd>
        {listId && (
          <>
            <dt>{say.listed}</dt>
            <dd>
              <Copy text={listId} />
            </dd>
          </>
        )}
        <dt>{say.who}</dt>
        <dd>
          <Link page="followers" query={{ bill: row.billNo }}>
            <code>{short(row.user)}</code> {say.follower}
          </Link>
        </dd>
        <dt>{say.campaign}</dt>
        <dd>
          <Link page="campaigns" query={{ id: row.campaign }}>
            {row.campaignName}
          </Link>{' '}
          · {detail.rule}
        </dd>
        {refunded !== undefined && (
          <>
            <dt>{words.states.refunded}</dt>
            <dd>{money(refunded)}</dd>
          </>
        )}
        <dt>{say.tries}</dt>
        <dd>{detail.tries}</dd>
      </dl>
    </section>
  );
}

function Stepper({ row }: { row: PayoutRow }) {
  const isOver = row.endedAt !== undefined;
  const last = row.state === 'refunded' ? 'refunded' : row.state === 'failed' ? 'failed' : 'received';
  const steps = [
    { name: 'planned', at: row.createdAt, isDone: true },
    { name: 'sent', at: row.sentAt, isDone: row.sentAt !== undefined },
    { name: last, at: row.endedAt, isDone: isOver },
  ] as const;
  return (
    <ol class="stepper">
      {steps.map(({ name, at, isDone }) => (
        <li class={isDone ? 'done' : ''}>
          <b>{say.steps[name]}</b>
          <small>{at === undefined ? '—' : when(at)}</small>
        </li>
      ))}
    </ol>
  );
}

function nextOf({ row, halt }: PayoutDetail): string {
  if (row.endedAt !== undefined || row.state === 'failed') return say.nextNone;
  if (row.isParked) return say.nextParked;
  if (halt && row.nextDo === 'send') return say.nextHalted(row.merchant);
  return (row.nextDo === 'send' ? say.nextSend : say.nextAsk)(when(row.nextAt!));
}

/** What a line of its history says; what was only asked after says so. */
function lifeOf(what: string): string {
  const all = say.life as Readonly<Record<string, string>>;
  const asked = /^asked (\w+)$/.exec(what)?.[1];
  if (all[what] !== undefined) return all[what];
  return asked === undefined ? what : say.lifeAsked(all[asked] ?? asked);
}

function Life({ detail }: { detail: PayoutDetail }) {
  return (
    <>
      {detail.decision && (
        <Card title={say.decision}>
          <p>
            {when(detail.decision.at)} · {detail.decision.event}
          </p>
          <Checks all={detail.decision.checks} />
        </Card>
      )}
      <Card title={say.history}>
        <ol class="life">
          {detail.history.map(line => (
            <li>
              <time>{when(line.at)}</time>
              <span>
                <b>{lifeOf(line.what)}</b>
                {line.from !== line.to && (
                  <small>
                    {wordIn(words.states, line.from) ?? ''} → {wordIn(words.states, line.to)}
                  </small>
                )}
                {line.detail && <small>{line.detail}</small>}
              </span>
            </li>
          ))}
        </ol>
      </Card>
      {detail.others.length > 0 && (
        <Card title={say.others}>
          <ul class="plain">
            {detail.others.map(each => (
              <li>
                <Link page="payouts" query={{ id: each.billNo }}>
                  {each.billNo}
                </Link>{' '}
                <StateMark state={each.state} isParked={false} />
              </li>
            ))}
          </ul>
        </Card>
      )}
      <details class="card">
        <summary>{say.request}</summary>
        <dl class="facts">
          {detail.request.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </details>
    </>
  );
}
