// What happened to one follower, in the order in which it arrived: pushes as WeChat sent them, and what the bot wrote down.
// Many events are both; a win on the campaign's page, a payment, a friend's deed are no push, and after a restart the
// simulator has forgotten its pushes.

import type { Line } from '../../simulator/shared/protocol.ts';
import type { Push } from '../../simulator/shared/protocol-push.ts';
import type { BotLine } from './api.ts';
import { xmlText } from './text/format.ts';

/** One event: at least one of the two is there. */
export type Deed = {
  readonly id: string;
  readonly at: number;
  readonly push?: Push;
  readonly line?: BotLine;
};

/** The event key our door gives this push (消息排重). Long ones are cut and end in a digest we cannot know. */
function keyOf(push: Push): string {
  if (push.msgId) return `m:${push.person}:${push.msgId}`;
  const field = (name: string): string => xmlText(push.xml, name) ?? '';
  const parts = ['e', push.person, push.createTime, field('Event').toLowerCase(), field('EventKey'), field('Ticket')];
  return parts.join(':').replace(/:+$/, '');
}

function isOf(key: string, line: BotLine): boolean {
  const known: string = line.event.key;
  return known === key || (key.length > 160 && known.startsWith(`${key.slice(0, 100)}#`));
}

/** Both newest first by arrival, as this is: a clock that was moved back leaves the order as it was. */
export function deedsOf(pushes: readonly Push[], lines: readonly BotLine[]): readonly Deed[] {
  const lineOf = new Map<Push, BotLine>();
  for (const push of pushes) {
    const key = keyOf(push);
    const line = lines.find(each => isOf(key, each));
    if (line) lineOf.set(push, line);
  }
  const known = new Set(lineOf.values());
  const deeds: Deed[] = [];
  let [p, l] = [0, 0];
  const takeLine = (): void => {
    const line = lines[l++]!;
    if (!known.has(line)) deeds.push({ id: `line-${line.id}`, at: line.at, line });
  };
  while (p < pushes.length) {
    const push = pushes[p]!;
    const own = lineOf.get(push);
    while (l < lines.length && lines[l] !== own && isBefore(lines[l]!, known, own, push)) takeLine();
    if (own && lines[l] === own) l++;
    deeds.push({ id: push.id, at: push.at, push, ...(own && { line: own }) });
    p++;
  }
  while (l < lines.length) takeLine();
  return deeds;
}

/** Whether this line is newer than the push: up to the push's own line all are; where it has none, the clock says. */
function isBefore(line: BotLine, known: ReadonlySet<BotLine>, own: BotLine | undefined, push: Push): boolean {
  if (known.has(line)) return own !== undefined && line.id > own.id;
  return own ? line.id > own.id : line.at > push.at;
}

/** Whose deed a line of the chat is, or what came of one. A packet comes by itself; its payout knows the event. */
export function deedOfLine(line: Line, deeds: readonly Deed[]): Deed | undefined {
  if (line.kind === 'packet') return deeds.find(deed => deed.line?.payout?.billNo === line.billNo);
  if (line.push) {
    const pushed = deeds.find(deed => deed.push?.id === line.push);
    if (pushed) return pushed;
  }
  if (line.kind === 'notice') return undefined;
  return line.from === 'user' ? deeds.find(deed => isSaidBy(line, deed)) : deeds.find(deed => isSaidTo(line, deed));
}

/** The simulator's push is forgotten, the words are not. */
function isSaidBy(line: Line, { line: bot, at }: Deed): boolean {
  if (!bot || Math.abs(at - line.at) > 3000) return false;
  return line.kind === 'text'
    ? bot.event.kind === 'text' && bot.event.text === line.text
    : bot.event.kind === line.kind;
}

/** What the account said by itself, after a payment or a friend's deed: the reply that stands in it. */
function isSaidTo(line: Line, { line: bot, at }: Deed): boolean {
  return (
    line.kind === 'text' && bot?.reply.kind === 'text' && at <= line.at + 1000 && line.text.includes(bot.reply.text)
  );
}
