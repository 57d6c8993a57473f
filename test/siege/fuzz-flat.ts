// The two readers of a push in XML against each other: what the one for flat documents reads, the careful one reads alike.
import { flatFields } from '../../src/wechat/account/push-flat.ts';
import { readCarefully } from '../../src/wechat/account/push-xml.ts';
import { INJECTIONS } from '../support/pushes.ts';
import { diceOf } from './dice.ts';

export const FLAT_PIECES: readonly string[] = [
  ...['<xml>', '</xml>', '<', '>', '</', '/>', '<![CDATA[', ']]>', ']]', '<!--', '-->', '<?x?>', '&amp;', '&#1;'],
  ...['<a>', '</a>', '<a >', '</a >', '<a>1</a>', '<b>x.y-z_0</b>', '<b> 1</b>', '<c><![CDATA[]]></c>', '<_c>1</_c>'],
  ...[
    '<Content><![CDATA[',
    ']]></Content>',
    '<Content>',
    '</Content>',
    '<Content><![CDATA[1]]></Content>',
    '<Label>1</Label>',
  ],
  ...[
    '<MsgId>24000000000000001</MsgId>',
    '<Event><![CDATA[CLICK]]></Event>',
    '<__proto__>1</__proto__>',
    '<toString>1</toString>',
  ],
  ...[' ', '\n', '\r\n', '\t', '\u00A0', '\uFEFF', '\u2028', '\u0000', '红包', '🧧', 'a', '0', '"', "'", '{', '='],
];

type FlatFuzz = { readonly read: number; readonly declined: number; readonly differ: readonly string[] };

/** Documents of `count` seeds from `first` on: mostly of WeChat's, with something done to them. */
export function flatFuzz(count: number, first: number): FlatFuzz {
  const differ: string[] = [];
  let read = 0;
  for (let seed = first; seed < first + count; seed++) {
    const text = documentOf(seed);
    const fields = flatFields(text);
    if (fields === undefined) continue;
    read++;
    if (JSON.stringify(carefully(text)) !== JSON.stringify({ fields })) differ.push(`seed ${seed}: ${text}`);
  }
  return { read, declined: count - read, differ };
}

function carefully(text: string): unknown {
  try {
    return readCarefully(text);
  } catch (error) {
    return String(error);
  }
}

function documentOf(seed: number): string {
  const dice = diceOf(seed);
  const piece = (): string => dice.pick(FLAT_PIECES);
  const words = (): string => Array.from({ length: dice.below(5) }, piece).join('');
  const element = (): string => {
    const name = dice.pick(['ToUserName', 'Content', 'MsgType', 'a', 'Event_Key', 'X1', 'Label']);
    if (dice.chance(0.1)) return piece();
    if (dice.chance(0.3)) return `<${name}>${dice.below(1e9)}</${name}>`;
    const said = dice.chance(0.3) ? dice.pick(Object.values(INJECTIONS))(name) : words();
    return `<${name}><![CDATA[${dice.chance(0.6) ? said.replaceAll(']]>', '') : said}]]></${name}>`;
  };
  const between = dice.pick(['', '\n', ' ', '\r\n  ']);
  const whole = `<xml>${Array.from({ length: dice.below(7) }, element).join(between)}</xml>`;
  if (dice.chance(0.8)) return whole;
  const at = dice.below(whole.length);
  return whole.slice(0, at) + piece() + whole.slice(at + dice.below(4));
}
