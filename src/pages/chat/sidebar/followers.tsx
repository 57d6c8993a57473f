// Left of the phone: who one can be, what one could try, and what the campaigns still have.
import type { Person } from '../../../simulator/shared/protocol.ts';
import type { CampaignLine } from '../api.ts';
import { Avatar } from '../parts/avatar.tsx';
import { Cross, Plus } from '../parts/icons.tsx';
import { become, newPerson, packetKey, update, useModel, virtualNow } from '../state.ts';
import { chatTime, money } from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';
import { Guide } from './guide.tsx';
import { Suggestions } from './scenarios.tsx';

export function People() {
  const m = useModel();
  const words = wordsOf(m.lang);
  return (
    <>
      <Guide />
      <section class="people" aria-label={words.people}>
        <header class="column-head">
          <h2>{words.people}</h2>
          <NewPerson />
          <button
            type="button"
            class="icon sheet-close"
            onClick={() => update({ sheet: undefined })}
            aria-label={words.close}
          >
            <Cross size={20} />
          </button>
        </header>
        <ul>
          {m.people.map(person => (
            <PersonItem key={person.openid} person={person} />
          ))}
        </ul>
      </section>
      <Suggestions />
      <Budgets />
    </>
  );
}

/** With several accounts, one says whose follower it will be. */
function NewPerson() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const create = (account?: string): void => {
    update({ sheet: undefined });
    void newPerson(account);
  };
  return (
    <>
      {m.accounts.length > 1 && (
        <select
          class="account-choice"
          aria-label={words.newPerson}
          onChange={event => {
            const account = event.currentTarget.value;
            event.currentTarget.value = '';
            if (account) create(account);
          }}
        >
          <option value="">{words.newPerson}…</option>
          {m.accounts.map(account => (
            <option key={account.name} value={account.name}>
              {account.title}
            </option>
          ))}
        </select>
      )}
      <button type="button" class="pill strong" data-test="new-person" onClick={() => create()}>
        <Plus size={15} />
        {words.newPerson}
      </button>
    </>
  );
}

function PersonItem({ person }: { readonly person: Person }) {
  const m = useModel();
  const words = wordsOf(m.lang);
  const unread = m.unread[person.openid] ?? 0;
  const last = person.chat[person.chat.length - 1];
  const isMe = person.openid === m.me;
  return (
    <li>
      <button
        type="button"
        class="person"
        data-test="person"
        data-openid={person.openid}
        data-following={person.following}
        aria-current={isMe ? 'true' : undefined}
        onClick={() => {
          update({ sheet: undefined });
          void become(person.openid);
        }}
      >
        <span class="badge-box">
          <Avatar name={person.nickname} seed={person.openid} />
          {unread > 0 && (
            <span class="badge" role="img" aria-label={words.unread(unread)}>
              {unread > 99 ? '…' : unread}
            </span>
          )}
        </span>
        <span class="person-words">
          <strong>{person.nickname}</strong>
          <small>{lastWords(person, m.packets, words)}</small>
        </span>
        <span class="person-state">
          <small>{last && chatTime(last.at, virtualNow(m), words.date).split(' ')[0]}</small>
          <small class={person.following ? 'is-following' : ''}>
            {person.following ? words.following : words.notFollowing}
          </small>
        </span>
      </button>
    </li>
  );
}

type Packets = ReturnType<typeof useModel>['packets'];

function lastWords(person: Person, packets: Packets, words: Words): string {
  const last = person.chat[person.chat.length - 1];
  if (!last) return person.openid;
  switch (last.kind) {
    case 'text':
    case 'notice':
      return last.text.replace(/<[^>]*>/g, '');
    case 'packet': {
      const packet = packets.get(packetKey(last));
      return `[${words.packet.brand}] ${packet?.wishing ?? ''}`;
    }
    case 'news':
      return last.title;
    default:
      return `[${words.event[last.kind] ?? last.kind}] ${last.kind === 'image' ? '' : last.text}`;
  }
}

/** Of each campaign what it still has: today's first, where a day has a bound. */
function Budgets() {
  const m = useModel();
  const words = wordsOf(m.lang);
  const campaigns = m.campaigns
    .filter(campaign => campaign.buckets.budget > 0)
    .sort((a, b) => Number(b.today !== undefined) - Number(a.today !== undefined));
  const merchant = m.merchants[0];
  if (campaigns.length === 0 && !merchant) return null;
  return (
    <section class="budgets" aria-label={words.budgets}>
      {campaigns.length > 0 && (
        <header class="column-head">
          <h2>{words.budgets}</h2>
        </header>
      )}
      {campaigns.map(campaign => (
        <BudgetBar key={campaign.id} campaign={campaign} words={words} />
      ))}
      {merchant && (
        <p class="balance">
          {words.balance}
          <strong data-test="balance">{money(merchant.balance)}</strong>
        </p>
      )}
    </section>
  );
}

function BudgetBar({ campaign, words }: { readonly campaign: CampaignLine; readonly words: Words }) {
  const { today, buckets } = campaign;
  const { budget, free } = buckets;
  const whole = (['received', 'sent', 'reserved', 'free', 'refunded'] as const)
    .map(name => `${words.bucket[name]} ${money(buckets[name])}`)
    .join(' · ');
  const [left, of] = today ? [Math.min(free, today.perDay - today.used), today.perDay] : [free, budget];
  const told = `${words.budgetLeft(money(left), money(of), today !== undefined)}\n${words.budgetWhole}: ${whole}`;
  return (
    <div class="budget" title={told} data-test="budget" data-campaign={campaign.id} data-left={left}>
      <p>
        <span>{campaign.name}</span>
        <small>
          {today && words.today} <b>{money(left)}</b> / {money(of)}
        </small>
      </p>
      <div class="bar" role="img" aria-label={told}>
        <i class="is-left" style={{ width: `${(Math.max(0, left) / of) * 100}%` }} />
      </div>
    </div>
  );
}
