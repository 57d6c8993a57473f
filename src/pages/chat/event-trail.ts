// The way of one event: which push, which journal line and which line of the chat belong together.

import type { Line } from '../../simulator/shared/protocol.ts';
import type { Push } from '../../simulator/shared/protocol-push.ts';
import type { BotLine } from './api.ts';
import { xmlText } from './text/format.ts';

/** The event key our door gives this push (消息排重). Long ones are cut and end in a digest we cannot know. */
function keyOf(push: Push): string {
  if (push.msgId) return `m:${push.person}:${push.msgId}`;
  const field = (name: string): string => xmlText(push.xml, name) ?? '';
  const parts = ['e', push.person, push.createTime, field('Event').toLowerCase(), field('EventKey'), field('Ticket')];
  return parts.join(':').replace(/:+$/, '');
}

function isOf(push: Push, line: BotLine): boolean {
  const key = keyOf(push);
  const known: string = line.event.key;
  return known === key || (key.length > 160 && known.startsWith(`${key.slice(0, 100)}#`));
}

export function pushOfBotLine(pushes: readonly Push[], line: BotLine): Push | undefined {
  return pushes.find(push => isOf(push, line));
}

export function botLineOfPush(lines: readonly BotLine[], push: Push): BotLine | undefined {
  return lines.find(line => isOf(push, line));
}

/** The push behind a line of the chat. A packet comes by itself; its payout knows the event. */
export function pushOfLine(line: Line, pushes: readonly Push[], lines: readonly BotLine[]): Push | undefined {
  if (line.push) return pushes.find(push => push.id === line.push);
  if (line.kind !== 'packet') return undefined;
  const cause = lines.find(each => each.payout?.billNo === (line.billNo as string));
  return cause && pushOfBotLine(pushes, cause);
}
