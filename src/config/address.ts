// Addresses in bot.yaml to which we join paths of our own: `publicUrl`, `api`, `open`.
import { pathOf, readAddress } from '../core/base/address.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import * as shape from '../core/yaml/schema.ts';

/** Hosts of WeChat and WeChat Pay; each has one thing to say. */
const WECHAT = /(?:^|\.)(?:weixin\.qq|wechatpay|tenpay)\.(?:com|cn)$/;
/** None of WeChat's. */
const OWN = /^$/;

/** Written in one way from here on, without a slash at the end; a path in it stays. `theirs`: what it may be of WeChat's own hosts. */
export function address(what: 'publicUrl' | 'api' | 'open' | 'url', theirs: RegExp = OWN): shape.Shape<string> {
  return shape.convert(shape.text({ what, oneLine: true, bytes: 2048 }), (written, say) => {
    const read = readAddress(written);
    const trouble = 'trouble' in read ? read.trouble : (strange(read.base, theirs) ?? own(what, read.base));
    if ('base' in read && trouble === undefined) return read.base;
    say(t`${what}: ${trouble}`);
    return undefined;
  });
}

function own(what: string, base: string): Wording | undefined {
  return what === 'publicUrl' ? clash(base) : undefined;
}

/** Keys of one thing would be sent to another; and nobody is WeChat but WeChat. */
function strange(base: string, theirs: RegExp): Wording | undefined {
  const { hostname } = new URL(base);
  if (!WECHAT.test(hostname) || theirs.test(hostname)) return undefined;
  return t`${hostname} is a server of WeChat's for something else; leave it out, or write your own`;
}

/** What begins like a path of ours cannot be told from it. */
function clash(base: string): Wording | undefined {
  const first = /^\/(?:wechat|h5|oauth|notify|admin|metrics|healthz|readyz|simulator)(?=\/|$)/i.exec(pathOf(base))?.[0];
  return first && `its path begins with ${first}, as the bot's own do; take another one, or leave it out`;
}
