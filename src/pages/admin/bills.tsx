// 对账: whether each of the last days balances with the merchants' accounts, and what a person says of a difference.
import { useState } from 'preact/hooks';
import type { BillView } from '../../engine/overview/view.ts';
import { when } from './format.ts';
import { Able, Action, Card, Data, Empty, Mark } from './parts.tsx';
import { useLoaded, words } from './state.ts';

const say = words.bills;

export function Bills({ news, toast }: { news: number; toast: (text: string) => void }) {
  const loaded = useLoaded<{ readonly bills: readonly BillView[] }>('bills', {}, news);
  const [open, set] = useState<BillView>();
  const closed = (text: string | undefined, isChanged: boolean): void => {
    set(undefined);
    if (text) toast(text);
    if (isChanged) loaded.reload();
  };
  return (
    <Card title={say.title}>
      <Data of={loaded}>
        {({ bills }) =>
          bills.length === 0 ? (
            <Empty>{say.none}</Empty>
          ) : (
            <ul class="rows" data-test="bills">
              {bills.map(bill => (
                <Row bill={bill} onSettle={() => set(bill)} />
              ))}
            </ul>
          )
        }
      </Data>
      {open && (
        <Action
          verb={say.settle}
          title={say.settleTitle(open.day)}
          effect={say.settleEffect(open.total)}
          path="settle-bill"
          body={{ day: open.day }}
          done={say.done}
          onClose={closed}
        />
      )}
    </Card>
  );
}

function Row({ bill: { day, at, total, differences, settled }, onSettle }: { bill: BillView; onSettle: () => void }) {
  const isFine = total === 0 || settled !== undefined;
  return (
    <li class="row">
      <b>{day}</b>
      <span class="what">
        <Mark kind={total === 0 ? 'good' : isFine ? 'calm' : 'bad'}>
          {total === 0 ? say.balances : settled ? say.settled : say.differs(total)}
        </Mark>
        <small>{settled ? `${settled.by} · ${when(settled.at)} · ${settled.reason}` : say.compared(when(at))}</small>
        {differences.map(each => (
          <small>{each}</small>
        ))}
      </span>
      {!isFine && (
        <Able>
          <button type="button" class="primary" onClick={onSettle} data-test={`settle-${day}`}>
            {say.settle}
          </button>
        </Able>
      )}
    </li>
  );
}
