// 今天: is all well, and what must be done.
import type { AlarmView, TodayView, Todo } from '../../engine/overview/view.ts';
import { Campaign } from './campaigns.tsx';
import { Hours } from './chart.tsx';
import { ago, count, money, when } from './format.ts';
import { Card, Data, Empty, Head, Link } from './parts.tsx';
import { isAble, type Pulse, tell, troubleText, useLoaded, words } from './state.ts';

const say = words.home;

export function Today({ pulse, toast }: { pulse: Pulse; toast: (text: string) => void }) {
  const loaded = useLoaded<TodayView>('today', {}, pulse.news);
  return (
    <Data of={loaded}>
      {today => {
        const grave = today.todos.filter(({ kind }) => kind !== 'unknown' && kind !== 'certificate').length;
        return (
          <>
            <Head answer={answerOf(grave, today.alarms)} what={sumOf(today)} isBad={grave + today.alarms > 0} />
            {today.todos.length > 0 && (
              <section class="card todos" aria-label={say.todo}>
                <ul>
                  {today.todos.map(each => (
                    <li class={each.kind === 'halted' ? 'worst' : ''} data-test={`todo-${each.kind}`}>
                      <span>{todoText(each)}</span>
                      <TodoLink of={each} />
                    </li>
                  ))}
                </ul>
              </section>
            )}
            <Alarms news={pulse.news} toast={toast} />
            <Card
              title={say.hours}
              more={today.countedTo !== undefined && <small>{say.counted(when(today.countedTo))}</small>}
            >
              <Hours today={today.hours} before={today.hoursBefore} />
            </Card>
            <dl class="numbers wide">
              <div>
                <dt>{say.heard}</dt>
                <dd>{count(today.heard)}</dd>
              </div>
              <div>
                <dt>{say.won}</dt>
                <dd>{count(today.prizes)}</dd>
              </div>
              <div>
                <dt>{say.refused}</dt>
                <dd>{count(today.refused)}</dd>
              </div>
            </dl>
            <Card title={say.running}>
              {today.campaigns.length === 0 ? (
                <Empty>{words.campaigns.none}</Empty>
              ) : (
                <ul class="rows">
                  {today.campaigns.map(each => (
                    <Campaign of={each} />
                  ))}
                </ul>
              )}
            </Card>
          </>
        );
      }}
    </Data>
  );
}

/** Nothing is well while people are called for something, whether or not it can be done from here. */
function answerOf(grave: number, alarms: number): string {
  if (grave > 0) return say.trouble(grave);
  return alarms > 0 ? say.alarmed(alarms) : say.fine;
}

/** What people are called for, and who has it. */
function Alarms({ news, toast }: { news: number; toast: (text: string) => void }) {
  const loaded = useLoaded<{ readonly alarms: readonly AlarmView[] }>('alarms', {}, news);
  const take = (key: string): void => {
    tell('api/take', { key }).then(loaded.reload, error => toast(troubleText(error)));
  };
  const all = loaded.value?.alarms ?? [];
  if (all.length === 0) return null;
  return (
    <section class="card todos" aria-label={say.alarms} data-test="alarms">
      <ul>
        {all.map(({ key, isGrave, text, since, taken }) => (
          <li class={isGrave && !taken ? 'worst' : ''}>
            <span>
              {say.alarms}：{text} <small>{taken ? say.taken(taken.by, when(taken.at)) : say.stands(ago(since))}</small>
            </span>
            {isAble && !taken && (
              <button type="button" class="quiet" onClick={() => take(key)} data-test="take">
                {say.take}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function sumOf({ won, amount, amountBefore }: TodayView): string {
  if (won === 0) return say.quiet;
  const sum = say.sum(count(won), money(amount));
  if (amountBefore === 0) return `${sum} · ${say.noYesterday}`;
  const change = Math.round((amount / amountBefore - 1) * 100);
  return `${sum} · ${say.against(`${change >= 0 ? '+' : ''}${change}%`)}`;
}

function todoText(todo: Todo): string {
  switch (todo.kind) {
    case 'halted':
      return say.halted(todo.merchant, ago(todo.halt.since), todo.halt.reason, todo.waiting);
    case 'parked':
      return say.parkedTodo(todo.count);
    case 'unknown':
      return say.unknownTodo(todo.count);
    case 'budget':
      return say.budgetTodo(todo.name, todo.percent);
    case 'balance':
      return say.balanceTodo(todo.merchant, money(todo.balance));
    case 'rules':
      return say.rulesTodo(todo.file, todo.message, todo.count);
    case 'certificate':
      return say.certificateTodo(todo.merchant, todo.daysLeft);
    default:
      return todo satisfies never;
  }
}

function TodoLink({ of }: { of: Todo }) {
  switch (of.kind) {
    case 'parked':
    case 'unknown':
      return (
        <Link page="payouts" query={{ filter: of.kind === 'parked' ? 'todo' : 'unknown' }} class="button">
          {of.kind === 'parked' ? say.handle : say.look}
        </Link>
      );
    case 'budget':
      return (
        <Link page="campaigns" query={{ id: of.campaign }} class="button">
          {say.look}
        </Link>
      );
    case 'rules':
      return (
        <Link page="rules" query={{ file: of.file }} class="button">
          {say.handle}
        </Link>
      );
    default:
      return (
        <Link page="merchants" class="button">
          {say.handle}
        </Link>
      );
  }
}
