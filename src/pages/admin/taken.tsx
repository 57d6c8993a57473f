// Who took part in a campaign, and who won what: a page at a time, by prize, by what became of it, by day; and the same as a file.
import { useState } from 'preact/hooks';
import type { CampaignDetail, TakenList, TakenRow } from '../../engine/overview/view.ts';
import { money, short, when } from './format.ts';
import { Able, Card, Data, Empty, Link } from './parts.tsx';
import { useLoaded, words } from './state.ts';

const say = words.taken;
const STATES = Object.keys(say.states) as (keyof typeof say.states)[];

type List = 'won' | 'all';
type Filter = { readonly prize: string; readonly state: string; readonly day: string };

export function Taken({ id, prizes }: { id: string; prizes: CampaignDetail['prizes'] }) {
  const [list, setList] = useState<List>('won');
  const [filter, setFilter] = useState<Filter>({ prize: '', state: '', day: '' });
  /** Where each page before began: the way back. */
  const [pages, setPages] = useState<readonly number[]>([]);
  const before = pages.at(-1);
  const query = { campaign: id, list, ...filter, before: before === undefined ? undefined : String(before) };
  const loaded = useLoaded<TakenList>('taken', query);
  const choose = (next: Partial<Filter>): void => {
    setFilter({ ...filter, ...next });
    setPages([]);
  };
  const show = (next: List): void => {
    setList(next);
    setPages([]);
  };
  const isFiltered = Object.values(filter).some(each => each !== '');
  return (
    <Card title={words.campaigns.winners} more={<Files id={id} filter={filter} />}>
      <Filters {...{ list, show, filter, choose, prizes }} />
      <Data of={loaded}>
        {({ rows, next, isCut }) => (
          <>
            {rows.length === 0 && !isCut && <Empty>{isFiltered ? say.emptyFilter : say.empty}</Empty>}
            <ul class="rows" data-test="taken">
              {rows.map(row => (
                <Row row={row} />
              ))}
            </ul>
            {isCut && <p class="note">{say.cut}</p>}
            <div class="buttons">
              {pages.length > 0 && (
                <button type="button" class="quiet" onClick={() => setPages(pages.slice(0, -1))}>
                  {say.newer}
                </button>
              )}
              {next !== undefined && (
                <button type="button" class="quiet" onClick={() => setPages([...pages, next])} data-test="taken-next">
                  {words.next}
                </button>
              )}
            </div>
          </>
        )}
      </Data>
      <p class="note">{words.campaigns.csvHint}</p>
    </Card>
  );
}

type FiltersProps = {
  readonly list: List;
  readonly show: (list: List) => void;
  readonly filter: Filter;
  readonly choose: (next: Partial<Filter>) => void;
  readonly prizes: CampaignDetail['prizes'];
};

function Filters({ list, show, filter, choose, prizes }: FiltersProps) {
  return (
    <div class="fields" data-test="taken-filters">
      <Choice
        label={say.list}
        name="list"
        value={list}
        set={value => show(value as List)}
        all={[
          ['won', say.won],
          ['all', say.all],
        ]}
      />
      <Choice
        label={words.campaigns.prize}
        name="prize"
        value={filter.prize}
        set={prize => choose({ prize })}
        all={[['', say.any], ...prizes.map(each => [each.id, each.name] as const)]}
      />
      <Choice
        label={words.payouts.state}
        name="state"
        value={filter.state}
        set={state => choose({ state })}
        all={[['', say.any], ...STATES.map(each => [each, say.states[each]] as const)]}
      />
      <label>
        {words.campaigns.day}
        <input
          type="date"
          value={filter.day}
          onChange={event => choose({ day: event.currentTarget.value })}
          data-test="taken-day"
        />
      </label>
    </div>
  );
}

type ChoiceProps = {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly all: readonly (readonly [value: string, text: string])[];
};

function Choice({ label, name, value, set, all }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={event => set(event.currentTarget.value)} data-test={`taken-${name}`}>
        {all.map(([each, text]) => (
          <option value={each}>{text}</option>
        ))}
      </select>
    </label>
  );
}

function Row({ row: { line, at, user, verdict, prize, amount, state } }: { row: TakenRow }) {
  const known: Readonly<Record<string, string>> = say.states;
  return (
    <li>
      <Link page="followers" query={{ line: String(line) }} class="row">
        <span class="amount">{amount ? money(amount) : ''}</span>
        <span class="what">
          {prize ?? verdict}
          <small>
            <code>{short(user)}</code>
            {state && ` · ${known[state] ?? state}`}
          </small>
        </span>
        <time>{when(at)}</time>
      </Link>
    </li>
  );
}

/** Just what the filter says. */
function Files({ id, filter }: { id: string; filter: Filter }) {
  const file = (list: string): string => {
    const all = new URLSearchParams({ campaign: id, list });
    for (const [name, value] of Object.entries(filter)) if (value !== '') all.set(name, value);
    return `/admin/api/winners.csv?${all}`;
  };
  return (
    <div class="buttons">
      <Link page="payouts" query={{ filter: 'all', campaign: id }} class="button">
        {words.campaigns.payouts}
      </Link>
      <a class="csv" href={file('public')} data-test="winners-public">
        {words.campaigns.csvPublic}
      </a>
      <Able>
        <a class="csv" href={file('whole')} data-test="winners-whole">
          {words.campaigns.csvWhole}
        </a>
        <a class="csv" href={file('participants')}>
          {words.campaigns.csvPeople}
        </a>
      </Able>
    </div>
  );
}
