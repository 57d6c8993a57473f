// 商户: can money leave? And what waits for a second person.
import { useState } from 'preact/hooks';
import type { MerchantView, PendingView } from '../../engine/overview/view.ts';
import { wordIn } from '../shared/word.ts';
import { Bills } from './bills.tsx';
import { ago, count, dayText, money, when } from './format.ts';
import { Able, Action, Data, Empty, Head, Link, Mark, Scroll } from './parts.tsx';
import { isAble, type Pulse, tell, troubleText, useLoaded, words } from './state.ts';

const say = words.merchants;
type Toast = (text: string) => void;

export function Merchants({ pulse, toast }: { pulse: Pulse; toast: Toast }) {
  const loaded = useLoaded<{ readonly merchants: readonly MerchantView[] }>('merchants', {}, pulse.news);
  const halted = loaded.value?.merchants.filter(({ halt }) => halt).map(({ name }) => name) ?? [];
  return (
    <>
      <Head
        answer={halted.length > 0 ? say.trouble(halted.join('、')) : say.fine}
        what={halted.length > 0 ? say.hintTrouble : say.hint}
        isBad={halted.length > 0}
      />
      {isAble && <Pending news={pulse.news} toast={toast} />}
      <Data of={loaded}>
        {({ merchants }) =>
          merchants.length === 0 ? (
            <Empty>{say.none}</Empty>
          ) : (
            merchants.map(each => <Merchant of={each} reload={loaded.reload} toast={toast} />)
          )
        }
      </Data>
      <Bills news={pulse.news} toast={toast} />
    </>
  );
}

function Merchant({ of, reload, toast }: { of: MerchantView; reload: () => void; toast: Toast }) {
  const { name, mchId, channel, halt } = of;
  return (
    <section class={`card merchant ${halt ? 'is-halted' : ''}`} data-test={`merchant-${name}`}>
      <div class="card-head">
        <h2>
          {name}{' '}
          <small>
            {mchId} · {channel}
          </small>
        </h2>
        <Mark kind={halt ? 'bad' : 'good'}>{halt ? say.halted : say.open}</Mark>
      </div>
      {halt && (
        <div class="why">
          <p>
            <strong>{halt.by === 'operator' ? halt.reason : `${halt.code}：${halt.reason}`}</strong>
          </p>
          <p>
            {halt.by === 'operator' ? say.byPerson : say.byBot} {say.since(when(halt.since), ago(halt.since))} ·{' '}
            {halt.probeAt === undefined ? say.byHand : say.probe(when(halt.probeAt))}
          </p>
        </div>
      )}
      <Numbers of={of} />
      <More of={of} />
      <Able>
        <Gate of={of} reload={reload} toast={toast} />
      </Able>
    </section>
  );
}

function Numbers({
  of: { name, waiting, reserved, balance, estimate, lastsDays, today, yesterday, perSecond },
}: {
  of: MerchantView;
}) {
  return (
    <dl class="numbers">
      <div>
        <dt>{say.balance}</dt>
        <dd>
          {balance === undefined ? (
            <small>{estimate === undefined ? say.notTold : say.estimated(money(estimate))}</small>
          ) : (
            money(balance)
          )}
        </dd>
        {lastsDays !== undefined && <dd class="sub">{say.lasts(lastsDays)}</dd>}
      </div>
      <div>
        <dt>{say.todaySum}</dt>
        <dd>{money(today)}</dd>
        <dd class="sub">
          {say.yesterdaySum} {money(yesterday)} · {say.rate(perSecond)}
        </dd>
      </div>
      <div>
        <dt>{say.reserved}</dt>
        <dd>{money(reserved)}</dd>
        <dd class="sub">
          <Link page="payouts" query={{ filter: 'queued', merchant: name }}>
            {say.waiting(count(waiting.send), count(waiting.query))}
          </Link>
        </dd>
      </div>
    </dl>
  );
}

function More({ of: { problems, certificates } }: { of: MerchantView }) {
  return (
    <>
      {problems.length > 0 && (
        <>
          <h3>{say.problems}</h3>
          <ul class="plain">
            {problems.map(each => (
              <li>
                <b>{count(each.count)}</b> {each.text}
              </li>
            ))}
          </ul>
        </>
      )}
      {certificates.length > 0 && (
        <>
          <h3>{say.certificates}</h3>
          <ul class="plain">
            {certificates.map(each => (
              <li>
                {each.key} · {each.daysLeft < 0 ? say.expired : say.until(dayText(each.until), each.daysLeft)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Gate({
  of: { name, halt, waiting, reserved },
  reload,
  toast,
}: {
  of: MerchantView;
  reload: () => void;
  toast: Toast;
}) {
  const [isOpen, open] = useState(false);
  const closed = (text: string | undefined, isChanged: boolean): void => {
    open(false);
    if (text) toast(text);
    if (isChanged) reload();
  };
  const resume = {
    ...{
      verb: say.resume,
      title: say.resumeTitle(name),
      effect: say.resumeEffect(count(waiting.send), money(reserved)),
    },
    ...{ path: 'resume', body: { merchant: name, since: halt?.since }, isMoney: true, done: say.done },
  };
  const stop = {
    ...{ verb: say.halt, title: say.haltTitle(name), effect: say.haltEffect },
    ...{ path: 'halt', body: { merchant: name }, isDangerous: true, done: say.haltedNow },
  };
  return (
    <>
      <div class="buttons">
        <button
          type="button"
          class={halt ? 'primary' : 'danger'}
          onClick={() => open(true)}
          data-test={halt ? 'resume' : 'halt'}
        >
          {halt ? say.resume : say.halt}
        </button>
      </div>
      {isOpen && <Action {...(halt ? resume : stop)} onClose={closed} />}
    </>
  );
}

function Pending({ news, toast }: { news: number; toast: Toast }) {
  const loaded = useLoaded<{ readonly pending: readonly PendingView[] }>('pending', {}, news);
  const [open, set] = useState<PendingView | undefined>();
  const decline = (id: string): void => {
    tell('api/decline', { id }).then(loaded.reload, error => toast(troubleText(error)));
  };
  const all = loaded.value?.pending ?? [];
  if (all.length === 0) return null;
  return (
    <section class="card">
      <h2>{say.pending}</h2>
      <ul class="rows">
        {all.map(each => (
          <li class="row">
            <span class="amount">{money(each.sum)}</span>
            <span class="what">
              {whatOf(each.what)}
              <small>
                {say.asks(each.by)} · {when(each.at)} · {each.reason} · {each.about.slice(0, 60)}
              </small>
            </span>
            <span class="buttons">
              <button type="button" class="quiet" onClick={() => decline(each.id)}>
                {say.decline}
              </button>
              {!each.isOwn && (
                <button type="button" class="primary" onClick={() => set(each)}>
                  {say.agree}
                </button>
              )}
            </span>
          </li>
        ))}
      </ul>
      {open && (
        <Action
          verb={say.agree}
          title={`${whatOf(open.what)} · ${money(open.sum)}`}
          effect={say.agreeEffect}
          path="agree"
          body={{ id: open.id }}
          isMoney
          noReason
          done={say.agreed}
          onClose={(text, isChanged) => {
            set(undefined);
            if (text) toast(text);
            if (isChanged) loaded.reload();
          }}
        >
          <AgreeTo of={open} />
        </Action>
      )}
    </section>
  );
}

/** What exactly: nobody agrees to what they have not seen. */
function AgreeTo({ of }: { of: PendingView }) {
  return (
    <>
      <dl class="facts" data-test="agree-to">
        <dt>{say.asks(of.by)}</dt>
        <dd>{when(of.at)}</dd>
        <dt>{words.reason}</dt>
        <dd>{of.reason}</dd>
        <dt>{words.log.about}</dt>
        <dd>{of.about}</dd>
      </dl>
      <Scroll label={words.log.about}>
        <ol class="code">
          {of.shows.map(line => (
            <li>
              <code>{line}</code>
            </li>
          ))}
        </ol>
      </Scroll>
    </>
  );
}

function whatOf(what: string): string {
  return wordIn(say.whats, what) ?? what;
}
