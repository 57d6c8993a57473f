// Addresses in bot.yaml to which we join paths of our own: `publicUrl`, `api`, `open`.
import { pathOf, readAddress } from '../core/base/address.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import * as shape from '../core/yaml/schema.ts';

/** Written in one way from here on, without a slash at the end; a path in it stays. */
export function address(what: 'publicUrl' | 'api' | 'open' | 'url'): shape.Shape<string> {
  return shape.convert(shape.text({ what, oneLine: true, bytes: 2048 }), (written, say) => {
    const read = readAddress(written);
    const trouble = 'trouble' in read ? read.trouble : what === 'publicUrl' ? clash(read.base) : undefined;
    if ('base' in read && trouble === undefined) return read.base;
    say(t`${what}: ${trouble}`);
    return undefined;
  });
}

/** What begins like a path of ours cannot be told from it. */
function clash(base: string): Wording | undefined {
  const first = /^\/(?:wechat|h5|oauth|notify|admin|metrics|healthz|readyz|simulator)(?=\/|$)/i.exec(pathOf(base))?.[0];
  return first && `its path begins with ${first}, as the bot's own do; take another one, or leave it out`;
}
