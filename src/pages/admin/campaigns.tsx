// 活动: which run, which run out and when.
import { useState } from 'preact/hooks';
import type { CampaignDetail, CampaignRow } from '../../engine/overview/view.ts';
import { wordIn } from '../shared/word.ts';
import { Week } from './chart.tsx';
import { count, money, percent, when } from './format.ts';
import { Able, Action, Card, Copy, Data, Empty, Head, Link, Mark, Scroll, Sheet } from './parts.tsx';
import { go, now, type Place, type Pulse, useLoaded, words } from './state.ts';
import { Taken } from './taken.tsx';

const say = words.campaigns;
const TABS = ['running', 'coming', 'over', 'draft'] as const;
type Tab = (typeof TABS)[number];
/** Money that is gone so soon is a warning. */
const SOON_MS = 3 * 86_400_000;

export function Campaigns({ place, pulse, toast }: { place: Place; pulse: Pulse; toast: (text: string) => void }) {
  const loaded = useLoaded<{ readonly campaigns: readonly CampaignRow[] }>('campaigns', {}, pulse.news);
  const tab = place.query.get('tab') ?? 'running';
  const id = place.query.get('id') ?? undefined;
  const all = loaded.value?.campaigns ?? [];
  const running = all.filter(each => tabOf(each) === 'running').length;
  return (
    <>
      <Head answer={running > 0 ? say.title(running) : say.none} what={say.hint} />
      <nav class="filters">
        {TABS.map(each => (
          <Link
            page="campaigns"
            query={{ tab: each }}
            class={each === tab ? 'on' : ''}
            aria-current={each === tab ? 'page' : undefined}
          >
            {say.tabs[each]}
            <b>{all.filter(campaign => tabOf(campaign) === each).length}</b>
          </Link>
        ))}
      </nav>
      <Data of={loaded}>
        {({ campaigns }) => {
          const rows = campaigns.filter(each => tabOf(each) === tab);
          return rows.length === 0 ? (
            <Empty>{say.empty}</Empty>
          ) : (
            <ul class="rows card flush">
              {rows.map(each => (
                <Campaign of={each} />
              ))}
            </ul>
          );
        }}
      </Data>
      {id && <Detail id={id} onClose={() => go('campaigns', { tab })} toast={toast} />}
    </>
  );
}

function tabOf({ mode, phase, pausedSince }: CampaignRow): Tab {
  return mode === 'live' && pausedSince === undefined ? phase : 'draft';
}

export function Campaign({ of }: { of: CampaignRow }) {
  const { id, name, mode, pausedSince, phase, budget, buckets, perDay, today, goneAt, to, from, week } = of;
  const end =
    phase === 'coming' ? say.from(when(from)) : goneAt === undefined ? say.until(when(to)) : say.gone(when(goneAt));
  return (
    <li>
      <Link page="campaigns" query={{ id }} class="row campaign">
        <span class="what">
          {name}{' '}
          {pausedSince !== undefined ? (
            <Mark kind="bad">{say.modes.paused}</Mark>
          ) : (
            mode !== 'live' && <Mark kind="calm">{say.modes[mode]}</Mark>
          )}
          <small class={goneAt !== undefined && goneAt - now() < SOON_MS ? 'warn' : ''}>{end}</small>
        </span>
        <Bar budget={budget} buckets={buckets} />
        <span class="figures">
          <b>{money(today.amount)}</b>
          <small>
            {perDay === undefined
              ? `${say.won} ${count(today.won)} / ${count(today.heard)}`
              : say.perDay(money(today.amount), money(perDay))}
          </small>
          <Refused of={today} />
        </span>
        <Week values={week} />
      </Link>
    </li>
  );
}

/** The budget in four parts, with words. */
function Bar({ budget, buckets }: Pick<CampaignRow, 'buckets'> & { budget: number | undefined }) {
  if (budget === undefined || budget === 0) return <span class="budget none">{say.noBudget}</span>;
  const { received, sent, reserved } = buckets;
  const free = Math.max(0, budget - received - sent - reserved);
  const parts = [
    ['received', received],
    ['sent', sent],
    ['reserved', reserved],
    ['free', free],
  ] as const;
  return (
    <span class="budget">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        {parts.map(([name, sum], n) => {
          const before = parts.slice(0, n).reduce((all, each) => all + each[1], 0);
          return <rect class={name} x={(before / budget) * 100} width={(sum / budget) * 100} height="8" />;
        })}
      </svg>
      <small>
        {say.free} {money(free)} / {money(budget)}
      </small>
    </span>
  );
}

/** Of what was heard today, what was refused: a thin bar under its words. */
function Refused({ of: { heard, refused } }: { of: CampaignRow['today'] }) {
  if (refused === 0) return null;
  const share = Math.min(1, refused / Math.max(1, heard));
  return (
    <span class="refused" data-test="refused">
      <small>{say.refusedToday(count(refused), percent(share))}</small>
      <svg viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
        <rect class="free" width="100" height="3" />
        <rect class="part" width={share * 100} height="3" />
      </svg>
    </span>
  );
}

// ── One campaign ─────────────────────────────────────────────────────────────────────────────────────────────

function Detail({ id, onClose, toast }: { id: string; onClose: () => void; toast: (text: string) => void }) {
  const loaded = useLoaded<CampaignDetail>('campaign', { id });
  return (
    <Sheet title={loaded.value?.row.name ?? id} onClose={onClose}>
      <Data of={loaded}>
        {detail => (
          <>
            <Able>
              <Pause row={detail.row} toast={toast} reload={loaded.reload} />
            </Able>
            <Sums of={detail} />
            {detail.prizes.length > 0 && <Prizes all={detail.prizes} />}
            <Refusals all={detail.refusals} />
            <Heat days={detail.days} />
            {detail.row.mode !== 'draft' && <Taken id={detail.row.id} prizes={detail.prizes} />}
            <Places of={detail} />
          </>
        )}
      </Data>
    </Sheet>
  );
}

function Pause({ row, toast, reload }: { row: CampaignRow; toast: (text: string) => void; reload: () => void }) {
  const [isOpen, open] = useState(false);
  const isPaused = row.pausedSince !== undefined;
  const verb = isPaused ? say.goOn : say.pause;
  return (
    <>
      <div class="buttons">
        <button type="button" class={isPaused ? 'primary' : 'danger'} onClick={() => open(true)} data-test="pause">
          {verb}
        </button>
      </div>
      {isOpen && (
        <Action
          verb={verb}
          title={`${verb} · ${row.name}`}
          effect={isPaused ? say.goOnEffect : say.pauseEffect}
          path={isPaused ? 'go-on' : 'pause'}
          body={{ campaign: row.id }}
          isDangerous={!isPaused}
          done={isPaused ? say.goesOn : say.pausedNow}
          onClose={(text, isChanged) => {
            open(false);
            if (text) toast(text);
            if (isChanged) reload();
          }}
        />
      )}
    </>
  );
}

function Sums({ of: { row, total } }: { of: CampaignDetail }) {
  const { received, sent, reserved, refunded } = row.buckets;
  const over = received + refunded;
  return (
    <>
      <Bar budget={row.budget} buckets={row.buckets} />
      <p class="legend">
        <span class="received">
          {say.received} {money(received)}
        </span>{' '}
        <span class="sent">
          {say.sent} {money(sent)}
        </span>{' '}
        <span class="reserved">
          {say.reserved} {money(reserved)}
        </span>
      </p>
      <dl class="numbers">
        <Figure name={say.heard} value={count(total.heard)} />
        <Figure name={say.won} value={count(total.won)} />
        <Figure name={say.rate} value={total.heard === 0 ? '—' : percent(total.won / total.heard)} />
        <Figure name={say.taken} value={over === 0 ? '—' : percent(received / over)} />
        <Figure name={say.refunded} value={money(refunded)} />
        {row.vouchers !== undefined && (
          <>
            <Figure name={say.cashCost} value={money(Math.max(0, received + sent + reserved - row.vouchers))} />
            <Figure name={say.voucherCost} value={money(row.vouchers)} />
          </>
        )}
      </dl>
      <p class="note">{say.since}</p>
    </>
  );
}

function Refusals({ all }: { all: CampaignDetail['refusals'] }) {
  return (
    <Card title={say.refusals}>
      {all.length === 0 ? (
        <Empty>{say.noRefusals}</Empty>
      ) : (
        <ul class="plain">
          {all.map(each => (
            <li>
              <b>{count(each.count)}</b> {each.text}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Places({ of: { page, qr, file } }: { of: CampaignDetail }) {
  return (
    <dl class="facts">
      {page && (
        <>
          <dt>{say.page}</dt>
          <dd>
            <Copy text={page} />
            {qr && <img class="qr" alt={say.qr} src={qr} width={180} height={180} data-test="page-qr" />}
          </dd>
        </>
      )}
      <dt>{say.file}</dt>
      <dd>
        <Link page="rules" query={{ file }}>
          {file}
        </Link>
      </dd>
    </dl>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Prizes({ all }: { all: CampaignDetail['prizes'] }) {
  return (
    <Card title={say.prizes}>
      <Scroll label={say.prizes}>
        <table>
          <thead>
            <tr>
              {[say.prize, say.worth, say.given, say.stock, say.odds, say.seen].map(head => (
                <th scope="col">{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {all.map(each => (
              <tr>
                <th scope="row">{each.name}</th>
                <td>{wordIn(say.kinds, each.worth) ?? each.worth}</td>
                <td>{count(each.given)}</td>
                <td>{each.stock === undefined ? '—' : count(each.stock)}</td>
                <td>{each.odds === undefined ? '—' : percent(each.odds)}</td>
                <td>
                  {each.seen === undefined ? '—' : percent(each.seen)}
                  {each.isOdd !== undefined && (
                    <small class={each.isOdd ? 'warn' : ''}> {each.isOdd ? say.odd : say.normal}</small>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="note">{say.givenHint}</p>
    </Card>
  );
}

function Heat({ days }: { days: CampaignDetail['days'] }) {
  const most = Math.max(1, ...days.flatMap(({ hours }) => hours));
  return (
    <Card title={say.week}>
      <Scroll label={say.week}>
        <table class="heat">
          <thead>
            <tr>
              <th scope="col">{say.day}</th>
              {days[0]?.hours.map((_, hour) => (
                <th scope="col">{hour}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, hours }) => (
              <tr>
                <th scope="row">{day.slice(5)}</th>
                {hours.map(won => (
                  <td class={`h${Math.ceil((won / most) * 4)}`}>{won === 0 ? '' : won}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Card>
  );
}
