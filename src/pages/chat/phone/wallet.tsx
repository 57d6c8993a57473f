// What lies in one's wallet: vouchers (代金券), used at a till, run out, or taken back by the merchant; and who may pay one without a
// tap (免确认收款授权). Each is ended by its button, as whoever can end it would.
import { useEffect, useState } from 'preact/hooks';
import type { Authorization, CloseReason, Coupon } from '../../../simulator/shared/protocol.ts';
import { api } from '../api.ts';
import { complain, useModel } from '../state.ts';
import { money } from '../text/format.ts';
import { wordsOf } from '../text/zh.ts';

const ENDS = ['use', 'expire', 'recover'] as const;
/** By whom what is in effect is closed; what nobody has confirmed yet can also be overdue. */
const CLOSES = ['USER_CLOSE', 'CLOSE_VIA_MCH_API', 'TRANSFER_RISK', 'USER_ACCOUNT_ABNORMAL'] as const;
const CLOSES_UNCONFIRMED = ['USER_OVERDUE_UNCONFIRMED', 'CLOSE_VIA_MCH_API'] as const;

export function Wallet({ openid }: { readonly openid: string }) {
  return (
    <>
      <Coupons openid={openid} />
      <Authorizations openid={openid} />
    </>
  );
}

/** The newest first; and a way to read them again. */
function useOwn<T extends { readonly openid: string }>(
  openid: string,
  all: () => Promise<readonly T[]>,
): readonly [readonly T[], () => void] {
  const [own, setOwn] = useState<readonly T[]>([]);
  const read = (): void => {
    all()
      .then(found => setOwn(found.filter(each => each.openid === openid).reverse()))
      .catch(complain);
  };
  useEffect(read, [openid]);
  return [own, read];
}

function Coupons({ openid }: { readonly openid: string }) {
  const { lang } = useModel();
  const words = wordsOf(lang).shop;
  const [coupons, read] = useOwn(openid, api.coupons);
  const end = (coupon: Coupon, how: (typeof ENDS)[number]): void => {
    api.endCoupon(coupon.couponId, how).then(read).catch(complain);
  };
  if (coupons.length === 0) return null;
  return (
    <>
      <h3 class="list-head">{words.coupons}</h3>
      <ul class="places">
        {coupons.map(coupon => (
          <li class="order" key={coupon.couponId} data-test="coupon" data-status={coupon.status}>
            <span>
              {words.couponOf(money(coupon.amount))}
              <small>{coupon.couponId}</small>
            </span>
            {coupon.status === 'SENDED' ? (
              ENDS.map(how => (
                <button
                  type="button"
                  class="pill"
                  key={how}
                  data-test={`coupon-${how}`}
                  onClick={() => end(coupon, how)}
                >
                  {words.ends[how]}
                </button>
              ))
            ) : (
              <em>{words.couponStates[coupon.status]}</em>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function Authorizations({ openid }: { readonly openid: string }) {
  const { lang } = useModel();
  const words = wordsOf(lang).wallet;
  const [authorizations, read] = useOwn(openid, api.authorizations);
  const confirm = (which: Authorization): void => {
    api.confirmAuthorization(which).then(read).catch(complain);
  };
  const close = (which: Authorization, reason: CloseReason): void => {
    api.closeAuthorization(which, reason).then(read).catch(complain);
  };
  if (authorizations.length === 0) return null;
  return (
    <>
      <h3 class="list-head">{words.authorizations}</h3>
      <ul class="places">
        {authorizations.map(which => (
          <li class="order wrapped" key={which.number} data-test="authorization" data-state={which.state}>
            <span>
              {words.states[which.state]}
              {which.reason && words.because(words.reasons[which.reason])}
              <small>{which.number}</small>
            </span>
            {which.state === 'WAIT_USER_CONFIRM' && (
              <button type="button" class="pill" data-test="authorization-confirm" onClick={() => confirm(which)}>
                {words.confirm}
              </button>
            )}
            {closesOf(which).map(reason => (
              <button
                type="button"
                class="pill"
                key={reason}
                data-test="authorization-close"
                data-reason={reason}
                onClick={() => close(which, reason)}
              >
                {words.closes[reason]}
              </button>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

function closesOf({ state }: Authorization): readonly CloseReason[] {
  if (state === 'CLOSED') return [];
  return state === 'TAKING_EFFECT' ? CLOSES : CLOSES_UNCONFIRMED;
}
