// The till: what one pays in the shop (微信支付), and gets back; and below it one's wallet. The merchant is notified, and the bot with
// it.
import { useState } from 'preact/hooks';
import type { ShopOrder } from '../../../simulator/shared/protocol.ts';
import { api } from '../api.ts';
import { complain, type Model, useModel } from '../state.ts';
import { money, secondsText } from '../text/format.ts';
import { type Words, wordsOf } from '../text/zh.ts';
import { Wallet } from './wallet.tsx';
import { OverPage } from './wechat-pages.tsx';

const ORDERS_SHOWN = 8;
const AMOUNTS = [20_00, 38_00, 68_00, 128_00, 218_00];
/** Where one pays, and what the order carries then: the samples ask for it. */
const SHOPS = [
  { id: 'store', attach: 'pos-001' },
  { id: 'mini', attach: 'mini-001' },
  { id: 'other', attach: '' },
] as const;
type ShopId = (typeof SHOPS)[number]['id'];

/** `68` or `68.5` → fen; `undefined`: no amount. */
function fenIn(text: string): number | undefined {
  const match = /^(\d{1,6})(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * 100 + Number((match[2] ?? '').concat('00').slice(0, 2));
}

export function ShopPage({ openid, close }: { readonly openid: string; readonly close: () => void }) {
  const m = useModel();
  const words = wordsOf(m.lang).shop;
  // As it was when one came: an order does not move under the finger.
  const orders = m.shopOrders
    .filter(order => order.openid === openid)
    .sort((a, b) => b.paidAt - a.paidAt || (a.transactionId < b.transactionId ? 1 : -1));
  return (
    <OverPage title={words.title} kind="plain" close={close}>
      <div class="scrolls">
        <PayForm openid={openid} close={close} />
        {orders.length > 0 && <h3 class="list-head">{words.orders}</h3>}
        <ul class="places">
          {orders.slice(0, ORDERS_SHOWN).map(order => (
            <Order key={order.transactionId} order={order} />
          ))}
        </ul>
        <Wallet openid={openid} />
      </div>
    </OverPage>
  );
}

function PayForm({ openid, close }: { readonly openid: string; readonly close: () => void }) {
  const m = useModel();
  const words = wordsOf(m.lang).shop;
  const [amount, setAmount] = useState('68.00');
  const [coupon, setCoupon] = useState('');
  const [shop, setShop] = useState<ShopId>('store');
  const [attach, setAttach] = useState<string>(SHOPS[0].attach);
  const [total, off] = [fenIn(amount) ?? 0, coupon.trim() === '' ? 0 : fenIn(coupon)];
  const isFit = total > 0 && off !== undefined && off < total;
  const pay = (event: Event): void => {
    event.preventDefault();
    if (!isFit) return;
    close();
    const what = { amount: total, ...(off > 0 && { coupon: off }), ...(attach.trim() && { attach: attach.trim() }) };
    api.pay(openid, what).catch(complain);
  };
  const field = (hook: string, label: string, value: string, set: (value: string) => void, mode?: 'decimal') => (
    <label>
      {label}
      <input
        data-test={hook}
        type="text"
        maxLength={64}
        {...(mode && { inputMode: mode })}
        value={value}
        onInput={event => set(event.currentTarget.value)}
      />
    </label>
  );
  return (
    <form class="stack" onSubmit={pay}>
      <fieldset class="segments" aria-label={words.where}>
        {SHOPS.map(({ id, attach: carried }) => (
          <button
            type="button"
            key={id}
            data-test="pay-where"
            data-where={id}
            aria-pressed={shop === id}
            onClick={() => {
              setShop(id);
              setAttach(carried);
            }}
          >
            {words.shops[id]}
          </button>
        ))}
      </fieldset>
      <p class="hint" data-test="pay-hint">
        {hintOf(m, attach, words)}
      </p>
      {field('pay-amount', words.amount, amount, setAmount, 'decimal')}
      <AmountChips set={setAmount} />
      {field('pay-coupon', words.coupon, coupon, setCoupon, 'decimal')}
      {shop === 'other' && field('pay-attach', words.attach, attach, setAttach)}
      <button type="submit" class="primary" data-test="pay-go" disabled={!isFit}>
        {words.pay} {isFit && money(total - off)}
      </button>
    </form>
  );
}

function AmountChips({ set }: { readonly set: (amount: string) => void }) {
  return (
    <p class="chips">
      {AMOUNTS.map(each => (
        <button type="button" class="chip" key={each} data-test="pay-chip" onClick={() => set((each / 100).toFixed(2))}>
          {money(each)}
        </button>
      ))}
    </p>
  );
}

/** Which campaigns wait for such a payment. */
function hintOf({ campaigns }: Model, attach: string, words: Words['shop']): string {
  const told = campaigns.flatMap(({ name, paid }) =>
    paid.filter(each => fits(attach, each.attach)).map(({ over }) => words.waits(name, money(over))),
  );
  return told.length > 0 ? told.join(' · ') : words.nobodyWaits;
}

function fits(attach: string, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true;
  return patterns.some(each => (each.endsWith('*') ? attach.startsWith(each.slice(0, -1)) : attach === each));
}

/** The second tap gives back all that is left. */
function Order({ order }: { readonly order: ShopOrder }) {
  const { lang } = useModel();
  const words = wordsOf(lang).shop;
  const [isAsked, setAsked] = useState(false);
  const left = order.total - order.refunds.reduce((sum, { amount }) => sum + amount, 0);
  const refund = (): void => {
    setAsked(false);
    api.refund(order).catch(complain);
  };
  return (
    <li class="order" data-test="order" data-order={order.orderNo}>
      <span>
        {money(order.total - order.coupon)}
        <small>
          {secondsText(order.paidAt)} {order.attach} {order.orderNo}
        </small>
      </span>
      {left <= 0 ? (
        <em>{words.refunded}</em>
      ) : isAsked ? (
        <>
          <button type="button" class="pill danger" data-test="refund-yes" onClick={refund}>
            {words.refundYes(money(left))}
          </button>
          <button type="button" class="pill" data-test="refund-no" onClick={() => setAsked(false)}>
            {words.refundNo}
          </button>
        </>
      ) : (
        <button type="button" class="pill" data-test="refund" onClick={() => setAsked(true)}>
          {words.refund}
        </button>
      )}
    </li>
  );
}
