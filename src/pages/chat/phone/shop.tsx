// The till: what one pays in the shop (微信支付), and gets back. The merchant is notified, and the bot with it.
import { useState } from 'preact/hooks';
import type { ShopOrder } from '../../../simulator/shared/protocol.ts';
import { api } from '../api.ts';
import { complain, useModel } from '../state.ts';
import { money } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';
import { OverPage } from './wechat-pages.tsx';

const ORDERS_SHOWN = 5;
const FIRST_AMOUNT = '68.00';

/** `68` or `68.5` → fen; `undefined`: no amount. */
function fenIn(text: string): number | undefined {
  const match = /^(\d{1,6})(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * 100 + Number((match[2] ?? '').concat('00').slice(0, 2));
}

export function ShopPage({ openid, close }: { readonly openid: string; readonly close: () => void }) {
  const m = useModel();
  const words = wordsOf(m.lang).shop;
  const [amount, setAmount] = useState(FIRST_AMOUNT);
  const [coupon, setCoupon] = useState('');
  const [attach, setAttach] = useState('');
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
  const orders = m.shopOrders.filter(order => order.openid === openid).slice(-ORDERS_SHOWN);
  return (
    <OverPage title={words.title} kind="plain" close={close}>
      <form class="stack" onSubmit={pay}>
        {field('pay-amount', words.amount, amount, setAmount, 'decimal')}
        {field('pay-coupon', words.coupon, coupon, setCoupon, 'decimal')}
        {field('pay-attach', words.attach, attach, setAttach)}
        <button type="submit" class="primary" data-test="pay-go" disabled={!isFit}>
          {words.pay} {isFit && money(total - off)}
        </button>
      </form>
      <ul class="places">
        {orders.reverse().map(order => (
          <Order key={order.transactionId} order={order} refund={words.refund} refunded={words.refunded} />
        ))}
      </ul>
    </OverPage>
  );
}

type OrderProps = { readonly order: ShopOrder; readonly refund: string; readonly refunded: string };

/** A tap gives back all that is left. */
function Order({ order, refund, refunded }: OrderProps) {
  const isOver = order.refunds.reduce((sum, { amount }) => sum + amount, 0) >= order.total;
  return (
    <li>
      <button type="button" data-test="refund" disabled={isOver} onClick={() => void api.refund(order).catch(complain)}>
        <span>
          {money(order.total - order.coupon)}
          <small>
            {order.orderNo} {order.attach}
          </small>
        </span>
        {isOver ? refunded : refund}
      </button>
    </li>
  );
}
