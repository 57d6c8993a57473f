// 「复制为规则测试」: a follower's events, as they were, as one item of a rule file's `tests:`.
import type { Event } from '../../../core/base/event.ts';
import type { Person } from '../../../simulator/shared/protocol.ts';
import type { BotLine, CampaignLine } from '../api.ts';
import { fullText, money } from '../text/format.ts';

/**
 * The events the shown one's campaign decided, and the follows around them. `undefined`: none can stand in a rule
 * file.
 */
export function ruleTestOf(
  person: Person,
  lines: readonly BotLine[],
  shown: BotLine | undefined,
  campaigns: readonly CampaignLine[],
  where: (campaign: string | undefined) => string,
): string | undefined {
  const oldestFirst = [...lines].sort((a, b) => a.at - b.at || a.id - b.id);
  const campaign = campaignOf(shown) ?? lines.map(campaignOf).find(id => id !== undefined);
  const prizes = new Set<string>();
  for (const line of oldestFirst) {
    if (line.decision.kind === 'awarded' && line.decision.campaign === campaign) prizes.add(line.decision.prize);
  }
  const pinned = prizes.size === 1 ? [...prizes][0] : undefined;
  const isFixed = (prize: string): boolean => {
    const known = campaigns.find(each => each.id === campaign)?.prizes?.find(each => each.name === prize);
    return known !== undefined && known.min === known.max;
  };
  const events: string[] = [];
  for (const line of oldestFirst) {
    const action = actionOf(line.event);
    const isItsOwn = line.decision.kind === 'ignored' || line.decision.campaign === campaign;
    const isTurn = line.event.kind === 'subscribe' || line.event.kind === 'unsubscribe';
    if (!action || !(isItsOwn || isTurn)) continue;
    const expect = isItsOwn ? expectOf(line, pinned, isFixed) : [];
    const fields = [`at: ${atText(line.at)}`, `user: ${scalar(person.nickname)}`, action];
    if (expect.length > 0) fields.push(`expect: { ${expect.join(', ')} }`);
    events.push(`      - { ${fields.join(', ')} }`);
  }
  if (events.length === 0) return undefined;
  const first = oldestFirst[0]!;
  return [
    `  # ${where(campaign)}`,
    `  - name: ${scalar(`${person.nickname} ${fullText(first.at).slice(0, 16)}`)}`,
    ...(pinned === undefined ? [] : [`    draw: ${scalar(pinned)}`]),
    '    events:',
    ...events,
    '',
  ].join('\n');
}

const campaignOf = (line: BotLine | undefined): string | undefined =>
  line && line.decision.kind !== 'ignored' ? line.decision.campaign : undefined;

/** Whole minutes are written short. */
function atText(at: number): string {
  const text = fullText(at);
  return text.endsWith(':00') ? text.slice(0, 16) : text;
}

/** What happened, in the rule file's words; events no rule can be about have none. */
function actionOf(event: Event): string | undefined {
  switch (event.kind) {
    case 'text':
      return `text: ${scalar(event.text)}`;
    case 'subscribe':
      return event.scene === undefined ? 'subscribe: true' : `subscribe: { scene: ${scalar(event.scene)} }`;
    case 'unsubscribe':
      return 'unsubscribe: true';
    case 'scan':
      return `scan: ${scalar(event.scene)}`;
    case 'click':
      return `click: ${scalar(event.button)}`;
    case 'view':
      return `view: ${scalar(event.url)}`;
    case 'scancode':
      return `scancode: { key: ${scalar(event.button)}, text: ${scalar(event.result)} }`;
    case 'image':
    case 'voice':
    case 'location':
      return `${event.kind}: true`;
    default:
      return undefined;
  }
}

/**
 * What must come of it again. A test draws anew: unless its one prize is pinned, neither prize nor amount can be
 * promised, and an amount that is drawn within a range never can.
 */
function expectOf(line: BotLine, pinned: string | undefined, isFixed: (prize: string) => boolean): string[] {
  const { decision, reply } = line;
  const said = reply.kind === 'text' ? [`reply: ${scalar(reply.text)}`] : reply.kind === 'none' ? ['reply: ~'] : [];
  switch (decision.kind) {
    case 'awarded': {
      if (decision.prize !== pinned) return [`rule: ${scalar(decision.rule)}`];
      if (decision.amount > 0 && !isFixed(decision.prize)) return [`prize: ${scalar(decision.prize)}`];
      const pays = decision.amount > 0 ? [`pays: ${money(decision.amount).replace(/,/g, '')}`] : [];
      return [`prize: ${scalar(decision.prize)}`, ...pays, ...said];
    }
    case 'refused':
      return [`refused: ${decision.refusal}`, ...said];
    case 'answered':
      return [`rule: ${scalar(decision.rule)}`, ...said];
    case 'ignored':
      return said;
  }
}

const RESERVED = /^(true|false|null|yes|no|on|off|~|[-+.\d].*)$/i;

/** Plain where YAML takes it plainly inside `{ }`, otherwise in double quotes. */
function scalar(text: string): string {
  const isPlain =
    text !== '' &&
    text.trim() === text &&
    !RESERVED.test(text) &&
    !/^[\s!&*?|>@`%"'#{}[\],:-]/.test(text) &&
    !/[{}[\],"'\\\n\r\t]|: |:$| #/.test(text);
  return isPlain ? text : JSON.stringify(text);
}
