// QR codes with parameters (生成带参数的二维码): made by the platform, known by their scene when somebody scans them.
import { under } from '../../core/base/address.ts';
import { Fault } from '../../core/base/error.ts';
import { type Instant, later, SECOND } from '../../core/base/time.ts';
import type { Clock } from '../../ports.ts';
import { numberOf } from '../json.ts';
import type { Api } from './api.ts';

export type NewCode = {
  readonly scene: string;
  /** The scene is a number (`scene_id`). */
  readonly numbers: boolean;
  /** Milliseconds; absent: permanent. */
  readonly lasts?: number;
};

/** `url` is what the picture says; `expires` absent: it is permanent. */
type QrCode = { readonly ticket: string; readonly url: string; readonly expires?: Instant };

const ACTIONS = {
  temporary: { text: 'QR_STR_SCENE', number: 'QR_SCENE' },
  permanent: { text: 'QR_LIMIT_STR_SCENE', number: 'QR_LIMIT_SCENE' },
} as const;

/** Throws `Fault`. The same permanent scene made twice is one code; a temporary one is another each time. */
export async function createQrCode(api: Api, clock: Clock, { scene, numbers, lasts }: NewCode): Promise<QrCode> {
  const action = ACTIONS[lasts === undefined ? 'permanent' : 'temporary'];
  // Counted from before the call: ours may end a moment early, never late.
  const begun = clock();
  const answer = await api.post('/cgi-bin/qrcode/create', {
    ...(lasts !== undefined && { expire_seconds: Math.floor(lasts / SECOND) }),
    action_name: numbers ? action.number : action.text,
    action_info: { scene: numbers ? { scene_id: Number(scene) } : { scene_str: scene } },
  });
  const { ticket, url } = answer;
  const seconds = numberOf(answer.expire_seconds);
  if (typeof ticket !== 'string' || typeof url !== 'string')
    throw new Fault('wechat', 'query-first', 'UNREADABLE', 'qrcode/create: no ticket and url in the answer');
  const lived = seconds === undefined ? lasts : seconds * SECOND;
  return { ticket, url, ...(lasts !== undefined && { expires: later(begun, lived ?? lasts) }) };
}

/** Where the platform shows its own picture of a code; nobody needs a token for it. */
export function showQrCode(api: string, ticket: string): string {
  const isWeChats = /^api\d*\.weixin\.qq\.com$/.test(new URL(api).hostname);
  return under(isWeChats ? 'https://mp.weixin.qq.com' : api, `/cgi-bin/showqrcode?ticket=${encodeURIComponent(ticket)}`)
    .href;
}
