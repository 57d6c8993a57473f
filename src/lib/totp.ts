// The second factor of an operator: six digits of an authenticator (TOTP, RFC 6238), each good once.
import { Secret, TOTP } from 'otpauth';
import type { Instant } from '../core/base/time.ts';

const PERIOD_S = 30;
/** A phone's clock may be half a minute off. */
const WINDOW = 1;

export type SecondFactor = {
  /** Whether these digits are right now, and were not used before. */
  take(digits: string, now: Instant): boolean;
};

export function createSecondFactor(secret: string): SecondFactor {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: PERIOD_S });
  let last = Number.NEGATIVE_INFINITY;
  return {
    take(digits, now) {
      const delta = /^\d{6}$/.test(digits) ? totp.validate({ token: digits, timestamp: now, window: WINDOW }) : null;
      if (delta === null) return false;
      const here = Math.floor(now / 1000 / PERIOD_S);
      const step = here + delta;
      // A clock that was set back stands before every code that was used: nobody waits until it has caught up.
      if (last > here + WINDOW) last = Number.NEGATIVE_INFINITY;
      if (step <= last) return false;
      last = step;
      return true;
    },
  };
}

/** A new secret, and the address that an authenticator reads as a QR code. */
export function newSecondFactor(name: string): { readonly secret: string; readonly address: string } {
  const secret = new Secret({ size: 20 });
  return { secret: secret.base32, address: new TOTP({ secret, label: name, issuer: 'hongbao-bot' }).toString() };
}
