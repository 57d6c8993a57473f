// One signed call of WeChat Pay's API v3: its answer, believed only with WeChat Pay's signature where it is a 2xx; a refusal needs
// none. Never throws for what the platform or the network does.
import { messageOf } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Clock } from '../../ports.ts';
import { jsonOf } from '../json.ts';
import type { Lost, Reply, Transport } from '../transport.ts';
import type { Keys } from './platform-keys.ts';
import { strayOf } from './stray-answer.ts';
import { requestHeaders, type Signer, signerOf, UnknownKey, verifySignature } from './v3-signature.ts';

export type V3Call = (method: 'GET' | 'POST', path: string, body?: string) => Promise<Reply | Lost>;

/** What every call carries, also one whose answer is a file that nobody signs. */
export function v3Headers(
  signer: Signer,
  keys: Keys,
  call: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string },
  now: Instant,
): Record<string, string> {
  return requestHeaders(signer, call, now, keys.preferred());
}

export function v3Call(
  signing: Parameters<typeof signerOf>[0],
  clock: Clock,
  transport: Transport,
  keys: Keys,
): V3Call {
  const signer = signerOf(signing);
  return async (method, path, body = '') => {
    const answer = await transport.call({
      method,
      path,
      headers: v3Headers(signer, keys, { method, path, body }, clock()),
      ...(method === 'POST' && { body }),
    });
    if ('seen' in answer || answer.status < 200 || answer.status > 299) return answer;
    try {
      await keys.verified(() => verifySignature(keys, answer.headers, answer.text, clock()));
      return answer;
    } catch (error) {
      const silence = (code: string): Lost => ({ seen: { kind: 'silence', code, text: messageOf(error) } });
      if (error instanceof UnknownKey) return silence('UNKNOWN_KEY');
      // A page has no signature either, and it is the page that tells who answers.
      return jsonOf(answer.text) === undefined ? { seen: strayOf(answer) } : silence('BAD_SIGNATURE');
    }
  };
}
