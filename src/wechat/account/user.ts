// Whether somebody follows an account, and since when (获取用户基本信息): asked of the platform for those we have never seen.
import { Fault } from '../../core/base/error.ts';
import type { OpenId } from '../../core/base/event.ts';
import { type Instant, instant, SECOND } from '../../core/base/time.ts';
import type { Told } from '../../ports.ts';
import { numberOf } from '../json.ts';
import { type Api, type ApiConfig, type ApiPorts, createApi } from './api.ts';

/** 48001: the account may not ask; 40003, 46004: no openid of this account, nobody at all. Asked again it says the same. */
const NO_ANSWER = new Set(['48001', '40003', '46004']);

/** By account. `undefined`: the platform will not say. Throws `Fault` where it may say another time. */
export function createFollowerDesk(
  accounts: ReadonlyMap<string, ApiConfig>,
  ports: ApiPorts,
): (account: string, user: OpenId) => Promise<Told | undefined> {
  const apis = new Map([...accounts].map(([name, account]) => [name, createApi(account, ports)]));
  return async (account, user) => {
    try {
      return await askOn(apis.get(account)!, user, ports.clock());
    } catch (error) {
      if (error instanceof Fault && NO_ANSWER.has(error.code)) return undefined;
      throw error;
    }
  };
}

/** Of one who follows without saying since when, no more is believed than that they do now. */
async function askOn(api: Api, user: OpenId, now: Instant): Promise<Told> {
  const answer = await api.get('/cgi-bin/user/info', { openid: user, lang: 'zh_CN' });
  const [subscribe, since] = [numberOf(answer.subscribe), numberOf(answer.subscribe_time)];
  if (subscribe === 0) return { following: false };
  if (subscribe !== 1)
    throw new Fault('wechat', 'safe', 'UNREADABLE', '/cgi-bin/user/info: no subscribe in the answer');
  const isTime = since !== undefined && Number.isInteger(since) && since > 0;
  return { following: true, since: isTime ? instant(since * SECOND) : now };
}
