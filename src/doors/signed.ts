// What a browser carries for us and cannot make by itself: texts with a mark (HMAC). Each purpose has a key of its own, so
// that a mark made for one is worth nothing for another.
import { createHmac, timingSafeEqual } from 'node:crypto';

export type Signer = {
  /** 48 hex digits: WeChat's `state` takes letters and digits only. */
  mark(text: string): string;
  isMark(text: string, mark: string): boolean;
};

const MARK_LENGTH = 48;

export function createSigner(secret: string, purpose: string): Signer {
  const key = createHmac('sha256', secret).update(`h5: ${purpose}`).digest();
  const mark = (text: string): string => createHmac('sha256', key).update(text).digest('hex').slice(0, MARK_LENGTH);
  return {
    mark,
    isMark: (text, given) =>
      given.length === MARK_LENGTH && timingSafeEqual(Buffer.from(mark(text)), Buffer.from(given, 'latin1')),
  };
}
