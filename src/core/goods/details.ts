// Where a thing is to go (收件信息), read from what people type in a chat: in one message or in several, with labels or without.

import { keysOf } from '../base/record.ts';

type Details = { readonly name: string; readonly phone: string; readonly address: string };
/** What is known so far. */
export type Draft = Partial<Details>;

/** Longer is no address. */
const TEXT_MAX = 300;

const LABELS: readonly (readonly [mark: string, words: RegExp])[] = [
  ['N', /(?:收件人|收货人|联系人)?(?:姓名|名字)|收件人|收货人|联系人/gu],
  ['P', /(?:手机|联系)?电话(?:号码)?|手机号?(?:码)?/gu],
  ['A', /(?:收件|收货|详细|家庭|邮寄)?地址/gu],
];
/** Before a label that was found: no message has it. */
const MARK = '\u0001';
/** A mobile number of the mainland, as people write it. */
const PHONE = /(?<![\d-])(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?![\d-])/u;
/** Up to four characters are a name unless they end as places do; longer ones only with the dot of names, or in letters. */
const HAN_NAME = /^\p{Script=Han}{2,4}$/u;
const LONG_NAME =
  /^(?:\p{Script=Han}{1,12}(?:[·•.]\p{Script=Han}{1,12})+|[\p{Script=Latin}][\p{Script=Latin}.'-]{1,29})$/u;
const PLACE = /[省市区县州旗镇乡村路街道巷弄号楼栋幢室层]$/u;
const HAN_IN_ADDRESS = 4;
const ADDRESS_MAX = 200;

/** What was known with what this message says beside; the same object where it says nothing. */
export function readDetails(text: string, before: Draft): Draft {
  if (text.length > TEXT_MAX) return before;
  const marked = LABELS.reduce(
    (whole, [mark, words]) =>
      whole.replace(new RegExp(`(?:${words.source})\\s*[:是为]?\\s*`, 'gu'), `\n${MARK}${mark}`),
    text.normalize('NFKC').replaceAll(MARK, ''),
  );
  const phone = PHONE.exec(marked);
  const rest = phone ? marked.replace(phone[0], '\n') : marked;
  let name = before.name;
  let isNamed = false;
  const places: string[] = [];
  for (const piece of rest.split(/[\n,;、。]+/u)) {
    const label = piece.startsWith(MARK) ? piece[1] : undefined;
    const said = (label === undefined ? piece : piece.slice(2)).trim();
    if (said === '' || label === 'P') continue;
    if (label === 'N') {
      const [first = '', ...others] = said.split(/\s+/u);
      if (isName(first)) [name, isNamed] = [first, true];
      places.push(...others);
    } else if (label === 'A') places.push(said);
    else
      for (const word of said.split(/\s+/u)) {
        const isFirstName = (!isNamed && name === undefined && isName(word)) || LONG_NAME.test(word);
        if (isFirstName) [name, isNamed] = [word, true];
        else places.push(word);
      }
  }
  const address = places.join(' ');
  const found: Draft = {
    ...before,
    ...(name !== undefined && { name }),
    ...(phone && { phone: phone.slice(1).join('') }),
    ...(isAddress(address) && { address }),
  };
  const isNew = keysOf(found).some(key => found[key] !== before[key]);
  return isNew ? found : before;
}

function isName(word: string): boolean {
  return (HAN_NAME.test(word) && !PLACE.test(word)) || LONG_NAME.test(word);
}

function isAddress(text: string): boolean {
  return (text.match(/\p{Script=Han}/gu)?.length ?? 0) >= HAN_IN_ADDRESS && text.length <= ADDRESS_MAX;
}

const CALLED: Readonly<Record<keyof Details, string>> = { name: '收件人姓名', phone: '手机号', address: '地址' };

/** In words. */
export function missingIn(draft: Draft): string[] {
  return keysOf(CALLED).flatMap(key => (draft[key] === undefined ? [CALLED[key]] : []));
}

export function isWhole(draft: Draft): draft is Details {
  return missingIn(draft).length === 0;
}
