// What a browser carries for us and cannot make by itself: texts with a mark (HMAC). Each purpose has a key of its own, so
// that a mark made for one is worth nothing for another.
import { createHmac, timingSafeEqual } from 'node:crypto';

export type Signer = {
  /** 48 hex digits: WeChat's `state` takes letters and digits only. */
  mark(text: string): string;
  isMark(text: string, mark: string): boolean;
};

const MARK_LENGTH = 48;

/** Of several secrets the first signs, and what any of them signed is believed: so they are changed under people's hands. */
export function createSigner(secret: string | readonly string[], purpose: string): Signer {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  const keys = secrets.map(each => createHmac('sha256', each).update(`h5: ${purpose}`).digest());
  const markBy = (key: Buffer, text: string): string =>
    createHmac('sha256', key).update(text).digest('hex').slice(0, MARK_LENGTH);
  return {
    mark: text => markBy(keys[0]!, text),
    isMark(text, given) {
      if (given.length !== MARK_LENGTH) return false;
      const bytes = Buffer.from(given, 'latin1');
      return keys.some(key => timingSafeEqual(Buffer.from(markBy(key, text)), bytes));
    },
  };
}
