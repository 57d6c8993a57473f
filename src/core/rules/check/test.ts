// What must fit together in the tests (测试) of a rule file: names that exist, codes that can be, the order of time.

import { suggest } from '../../base/suggest.ts';
import { t, type Wording } from '../../base/words/words.ts';
import type { Written, WrittenTest } from '../language/file.ts';
import { CODE_LENGTH, CODE_LETTERS, checksumOf, codeFrom } from '../printed-code.ts';
import { type Say, sayUnknown } from '../schema/written.ts';

import type { Checking } from './common.ts';

/** What a claim that only counts comes to. */
const PROGRESS = 'progress';

type WrittenEvent = NonNullable<NonNullable<WrittenTest['events']>[number]>['value'];

export function checkTest(test: WrittenTest, { file, say }: Checking): void {
  const prizes = [...(file.prizes?.keys() ?? [])];
  const rules = (file.rules ?? []).flatMap(({ value }) => value.id?.value ?? []);
  if (test.draw) sayUnknown(t`prize`, test.draw, prizes, say);
  checkCodes(test, file, prizes, say);
  let before: number | undefined;
  for (const { value: event } of test.events ?? []) {
    const { inviter, ...own } = event.expect ?? {};
    for (const { prize, rule } of [own, inviter ?? {}]) {
      if (prize) sayUnknown(t`prize`, prize, prize.value === PROGRESS ? [PROGRESS] : prizes, say);
      if (rule) sayUnknown(t`rule`, rule, rules, say);
    }
    if (event.at === undefined) continue;
    if (before !== undefined && event.at.value < before)
      say(event.at.at, t`this event is earlier than the one above it; write events in the order of time`);
    before = event.at.value;
  }
  const events = (test.events ?? []).map(({ value }) => value);
  checkOrders(events, say);
  checkStrangers(test, events, say);
}

/** In the chat nobody acts who does not follow. */
const IN_CHAT = ['unsubscribe', 'scan', 'text', 'click', 'view', 'scancode', 'image', 'voice', 'location'] as const;

/** Who never followed does something in the test, and nothing that only followers can do. */
function checkStrangers({ neverFollowed = [] }: WrittenTest, events: readonly WrittenEvent[], say: Say): void {
  const users = [...new Set(events.flatMap(({ user }) => user ?? []))];
  for (const stranger of neverFollowed) {
    const { value, at } = stranger;
    const own = events.filter(({ user }) => user === value);
    if (own.length === 0) say(at, t`nobody is called "${value}" in this test${suggest(value, users)}`);
    const first = own.find(event => event.subscribe !== undefined || IN_CHAT.some(kind => event[kind] !== undefined));
    const kind = first && first.subscribe === undefined && IN_CHAT.find(each => first[each] !== undefined);
    if (kind)
      say(
        at,
        t`"${value}" never followed, and ${kind} comes from followers only; let them subscribe before it, or visit`,
      );
  }
}

function checkCodes({ codes }: WrittenTest, { rules = [] }: Written, prizes: readonly string[], say: Say): void {
  const batches = rules.flatMap(({ value }) =>
    (value.on?.value ?? []).flatMap(trigger => (trigger.kind === 'code' ? (trigger.batch ?? []) : [])),
  );
  for (const { key, value: code } of codes ?? []) {
    if (key && codeFrom(key.value) !== key.value) say(key.at, codeTrouble(key.value));
    if (code?.batch) sayUnknown(t`batch`, code.batch, batches, say, t`no rule has on: { code: … }`);
    if (code?.prize) sayUnknown(t`prize`, code.prize, prizes, say);
  }
}

/** With the right last two letters, where the others can stand. */
function codeTrouble(code: string): Wording {
  const body = code.toUpperCase().slice(0, CODE_LENGTH - 2);
  const isBody = body.length === CODE_LENGTH - 2 && [...body].every(letter => CODE_LETTERS.includes(letter));
  const rule = t`a code has ${CODE_LENGTH} of ${CODE_LETTERS}, the last two a checksum`;
  return t`"${code}" is no code: ${rule}${isBody ? t`; write ${body}${checksumOf(body)}` : ''}`;
}

/** A refund is of an order of its test; it may be told before the payment is. */
function checkOrders(events: readonly WrittenEvent[], say: Say): void {
  const orders = events.flatMap(({ paid }) => paid?.order?.value ?? []);
  for (const { refunded } of events) {
    if (!refunded || orders.includes(refunded.value)) continue;
    const hint = orders.length === 0 ? t`; write paid: { amount: ¥60.00, order: A1 }` : suggest(refunded.value, orders);
    say(refunded.at, t`no event of this test pays the order "${refunded.value}"${hint}`);
  }
}
