// A rule file's text → its campaign (活动), or everything that is wrong with it. The shapes in `rule-shape.ts` read the
// keys; here is what no key can know alone: names that must exist, sums that must fit, texts that would never be said.
// Pure.
import { createHash } from 'node:crypto';
import type { Finding } from './error.ts';
import { type Fen, fen, showFen } from './money.ts';
import type { Campaign, Packet, Prize, Rule, RuleTest } from './rule.ts';
import { actionOf, PACKET_BYTES, type RuleFile, ruleFile, SCENES } from './rule-shape.ts';
import { type Draft, type Located, type Place, readYaml, suggest } from './shape.ts';
import { beijingText } from './time.ts';

export { ruleSchema } from './rule-shape.ts';

/** What is known around the rule files. */
export type Known = {
  /** The accounts in bot.yaml. */
  readonly accounts: readonly string[];
};

type Written = Draft<RuleFile>;
type WrittenRule = Draft<RuleFile['rules'][number]['value']>;
type WrittenPrize = Draft<NonNullable<ReturnType<NonNullable<RuleFile['prizes']>['get']>>>;
type Say = (at: Place, message: string) => void;

/** WeChat pays between these without being told a scene, and between those with one (reference 2.4). */
const USUAL = { min: fen(100), max: fen(20_000) };
/** One group packet (裂变红包). */
const GROUP_MAX = fen(100_000);
const POSSIBLE = { min: fen(30), max: fen(499_900) };

/** One file. `known` absent: whether its account exists is not asked. */
export function loadCampaign(
  file: string,
  text: string,
  known?: Known,
): { readonly campaign: Campaign } | { readonly findings: Finding[] } {
  const read = readFile(file, text, known);
  return 'findings' in read ? read : { campaign: read.campaign };
}

type Loaded = { readonly campaign: Campaign; readonly id: Located<string> };

function readFile(file: string, text: string, known?: Known): Loaded | { readonly findings: Finding[] } {
  const read = readYaml(file, text, ruleFile, { check: (draft, say) => checkFile(draft, say, known) });
  return 'findings' in read ? read : { campaign: build(file, text, read.value), id: read.value.campaign };
}

/** Several files together. Two that claim one id are both refused: nobody can tell which one was meant to be live. */
export function loadCampaigns(
  files: readonly { readonly file: string; readonly text: string }[],
  known?: Known,
): { readonly campaigns: Campaign[]; readonly findings: Finding[] } {
  const loaded: Loaded[] = [];
  const findings: Finding[] = [];
  for (const { file, text } of files) {
    const read = readFile(file, text, known);
    if ('findings' in read) findings.push(...read.findings);
    else loaded.push(read);
  }
  const isAlone = ({ campaign, id }: Loaded): boolean => {
    const twin = loaded.find(other => other.campaign.id === campaign.id && other.campaign !== campaign);
    if (twin)
      findings.push({
        file: campaign.file,
        ...id.at,
        message: `the campaign "${campaign.id}" is in ${twin.campaign.file} as well; give one of them another id`,
      });
    return !twin;
  };
  return { campaigns: loaded.filter(isAlone).map(({ campaign }) => campaign), findings };
}

// ── What must fit together ───────────────────────────────────────────────────────────────────────────────────

/** A key that is there, even if its value could not be read. */
function isWritten(draft: object | undefined, key: string): boolean {
  return draft !== undefined && Object.hasOwn(draft, key);
}

function checkFile(file: Written, say: Say, known: Known | undefined): void {
  if (known) checkAccount(file, say, known);
  const { from, to } = file.period ?? {};
  if (from?.value !== undefined && to?.value !== undefined && from.value >= to.value) {
    say(to.at, `the period ends (${beijingText(to.value)}) before it begins (${beijingText(from.value)})`);
  }
  checkBudget(file, say);
  for (const [name, prize] of file.prizes ?? []) if (prize) checkPrize(name, prize, file, say);
  checkPacket(file, say);
  const seen = new Map<string, Place>();
  for (const { value: rule, at } of file.rules ?? []) {
    checkRule(rule, at, file, say);
    const first = rule.id && seen.get(rule.id.value);
    if (first) say(rule.id!.at, `the rule "${rule.id!.value}" is there already, in line ${first.line}`);
    else if (rule.id) seen.set(rule.id.value, rule.id.at);
  }
  checkMoneyRules(file, say);
  for (const { value: test } of file.tests ?? []) checkTest(test, file, [...seen.keys()], say);
}

function checkAccount({ account, campaign }: Written, say: Say, { accounts }: Known): void {
  if (account && !accounts.includes(account.value)) {
    say(account.at, `bot.yaml has no account "${account.value}"${suggest(account.value, accounts)}`);
  }
  if (!account && accounts.length > 1 && campaign) {
    say(campaign.at, `missing key "account": bot.yaml has several, ${accounts.join(', ')}`);
  }
}

function checkBudget({ budget, prizes }: Written, say: Say): void {
  const { total, perDay, packets, packetsPerDay } = budget ?? {};
  if (total && perDay && perDay.value > total.value) {
    say(perDay.at, `perDay ${showFen(perDay.value)} is more than total ${showFen(total.value)}`);
  }
  if (packets && packetsPerDay && packetsPerDay.value > packets.value) {
    say(packetsPerDay.at, `packetsPerDay ${packetsPerDay.value} is more than packets ${packets.value}`);
  }
  for (const [name, prize] of prizes ?? []) {
    const range = prize?.redpacket;
    const min = range?.value.min;
    const max = range?.value.max;
    if (!range || min === undefined || max === undefined || max > POSSIBLE.max) continue;
    if (total && max > total.value)
      say(range.at, `prize "${name}" is worth ${showFen(max)}, more than budget.total ${showFen(total.value)}`);
    else if (perDay && min > perDay.value) {
      say(
        range.at,
        `prize "${name}" is worth ${showFen(min)}, more than budget.perDay ${showFen(perDay.value)}: nobody could win it`,
      );
    }
  }
}

/** 裂变红包: one sum for the whole group, ¥1.00 a share on the average, at most ¥1000.00. */
function checkShares(shares: number, at: Place, min: Fen | undefined, max: Fen | undefined, say: Say): void {
  if (min === undefined || max === undefined) return;
  if (min !== max) say(at, 'a group packet has one amount for the whole group; write redpacket: ¥10.00, not a range');
  if (min < shares * USUAL.min)
    say(at, `${shares} shares need at least ${showFen(fen(shares * USUAL.min))}: ¥1.00 each on the average`);
  if (max > GROUP_MAX) say(at, `a group packet has at most ${showFen(GROUP_MAX)}`);
}

function checkPrize(name: string, { redpacket, weight, shares }: WrittenPrize, file: Written, say: Say): void {
  const shared = (file.rules ?? []).some(({ value: { give } }) => {
    const names = give?.value.map(each => each.value) ?? [];
    return names.length > 1 && names.includes(name);
  });
  if (weight?.value === 0 && shared)
    say(weight.at, `a weight of 0 is never drawn; take "${name}" out of \`give\` instead`);
  const { min, max } = redpacket?.value ?? {};
  if (shares?.value !== undefined) {
    checkShares(shares.value, shares.at, min, max, say);
    return;
  }
  if (!redpacket || min === undefined || max === undefined) return;
  if (max > POSSIBLE.max) {
    say(redpacket.at, `${showFen(max)} is more than WeChat ever pays in one red packet, ${showFen(POSSIBLE.max)}`);
  } else if (min < POSSIBLE.min) {
    say(
      redpacket.at,
      `${showFen(min)} is less than WeChat ever pays in one red packet, ${showFen(POSSIBLE.min)}; without a scene it is ${showFen(USUAL.min)}`,
    );
  } else if ((min < USUAL.min || max > USUAL.max) && !isWritten(file.packet?.value, 'scene')) {
    const which = min < USUAL.min ? `below ${showFen(USUAL.min)}` : `above ${showFen(USUAL.max)}`;
    say(
      redpacket.at,
      `WeChat pays an amount ${which} only with a scene: add packet.scene, one of ${Object.keys(SCENES).join(', ')}`,
    );
  }
}

/** The words on the packet, also those that are taken from elsewhere. */
function checkPacket({ packet, name, prizes }: Written, say: Say): void {
  const pays = [...(prizes ?? [])].some(([, prize]) => isWritten(prize, 'redpacket'));
  if (!packet || !pays) return;
  if (!isWritten(packet.value, 'sendName'))
    say(packet.at, 'missing key "sendName" in packet: whom the red packet is from');
  const size = name ? Buffer.byteLength(name.value) : 0;
  if (name && !isWritten(packet.value, 'actName') && size > PACKET_BYTES.actName) {
    say(
      name.at,
      `the name has ${size} bytes and would be packet.actName, of at most ${PACKET_BYTES.actName}; write a shorter packet.actName`,
    );
  }
}

function checkRule(rule: WrittenRule, at: Place, file: Written, say: Say): void {
  const { give, reply, replies, who, once } = rule;
  const gives = isWritten(rule, 'give');
  if (!gives && !isWritten(rule, 'reply')) say(at, 'the rule does nothing: it needs `give` or `reply`');
  if (gives && reply) say(reply.at, 'a rule that gives something has no `reply`; write `replies: { won: … }`');
  if (!gives && replies)
    say(replies.at, '`replies` are for what `give` comes to; a rule that gives nothing has one `reply`');
  if (!gives && who) say(who.at, '`who` says who may get something; a rule that gives nothing answers everybody');
  if (!gives && once)
    say(once.at, '`once` says how often one may get something; a rule that gives nothing always answers');
  const names = [...(file.prizes?.keys() ?? [])];
  const before = new Set<string>();
  for (const { value: name, at: place } of give?.value ?? []) {
    if (!file.prizes?.has(name)) say(place, `unknown prize "${name}"${suggest(name, names)}`);
    if (before.has(name)) say(place, `the prize "${name}" is there already; use \`weight\` to make it likelier`);
    before.add(name);
  }
}

/** The first rule that gives money is where it shows that there is none. */
function checkMoneyRules(file: Written, say: Say): void {
  for (const { value: rule } of file.rules ?? []) {
    const paying = rule.give?.value.find(({ value }) => isWritten(file.prizes?.get(value), 'redpacket'));
    if (!paying) continue;
    const needs = (key: string, example: string): void => {
      if (!isWritten(file, key))
        say(paying.at, `"${paying.value}" is a red packet, but the campaign has no \`${key}\`; add ${example}`);
    };
    needs('budget', 'budget: { total: ¥100.00 }');
    needs('packet', 'packet: { sendName: … }');
    return;
  }
}

function checkTest(
  test: Draft<NonNullable<RuleFile['tests']>[number]['value']>,
  file: Written,
  rules: readonly string[],
  say: Say,
): void {
  const prizes = [...(file.prizes?.keys() ?? [])];
  const knows = (what: string, name: Draft<Located<string>> | undefined, names: readonly string[]): void => {
    if (name && !names.includes(name.value))
      say(name.at, `unknown ${what} "${name.value}"${suggest(name.value, names)}`);
  };
  knows('prize', test.draw, prizes);
  let before: number | undefined;
  for (const { value: event } of test.events ?? []) {
    knows('prize', event.expect?.prize, prizes);
    knows('rule', event.expect?.rule, rules);
    if (event.at === undefined) continue;
    if (before !== undefined && event.at.value < before)
      say(event.at.at, 'this event is earlier than the one above it; write events in the order of time');
    before = event.at.value;
  }
}

// ── The campaign ─────────────────────────────────────────────────────────────────────────────────────────────

function build(file: string, text: string, read: RuleFile): Campaign {
  const { budget } = read;
  return {
    id: read.campaign.value,
    name: read.name.value,
    ...(read.account && { account: read.account.value }),
    period: {
      from: read.period.from.value,
      to: read.period.to.value,
      hours: read.period.hours ?? [],
      weekdays: read.period.weekdays ?? [],
      dayStartsAt: 0,
    },
    ...(budget && {
      budget: {
        total: budget.total.value,
        ...(budget.perDay && { perDay: budget.perDay.value }),
        ...(budget.packets && { packets: budget.packets.value }),
        ...(budget.packetsPerDay && { packetsPerDay: budget.packetsPerDay.value }),
        alertAt: [...new Set(budget.alertAt ?? [])].sort((a, b) => a - b),
      },
    }),
    perUser: read.limits?.perUser ?? {},
    perScene: {},
    mode: 'live',
    testers: new Set(),
    segments: new Map(),
    wallets: new Map(),
    rounds: [],
    ...packetOf(read),
    unclaimed: read.unclaimed ?? 'return',
    prizes: new Map([...(read.prizes ?? [])].map(([name, prize]) => [name, prizeOf(name, prize)])),
    rules: read.rules.map(ruleOf),
    tests: (read.tests ?? []).map(testOf),
    warnings: warningsOf(file, read),
    file,
    hash: createHash('sha256').update(text).digest('hex'),
  };
}

/** Not wrong, and yet to be known before it goes live. */
function warningsOf(file: string, { prizes }: RuleFile): Finding[] {
  return [...(prizes ?? [])].flatMap(([name, { shares }]) => {
    if (!shares) return [];
    const message = `warning: "${name}" is a group packet; WeChat Pay deprecated these on 2024-06-05 and may refuse them`;
    return [{ file, ...shares.at, message }];
  });
}

function packetOf({ packet, name }: RuleFile): { packet?: Packet } {
  const words = packet?.value;
  if (words?.sendName === undefined) return {}; // nothing is paid, or checkPacket has said so
  return {
    packet: {
      actName: name.value,
      wishing: '恭喜发财',
      remark: name.value,
      ...words,
      sendName: words.sendName,
    },
  };
}

type ReadPrize = NonNullable<RuleFile['prizes']> extends ReadonlyMap<string, infer P> ? P : never;

function prizeOf(name: string, { redpacket, weight, stock, perUser, shares }: ReadPrize): Prize {
  const limits = {
    name,
    weight: weight?.value ?? 1,
    ...(stock !== undefined && { stock }),
    ...(perUser !== undefined && { perUser }),
  };
  if (!redpacket) return { ...limits, kind: 'nothing' };
  return { ...limits, kind: 'redpacket', ...redpacket.value, ...(shares && { shares: shares.value }) };
}

function ruleOf({ value: rule, at }: RuleFile['rules'][number]): Rule {
  return {
    id: rule.id.value,
    on: rule.on,
    who: rule.who?.value ?? {},
    once: rule.once?.value ?? 'ever',
    give: rule.give?.value.map(({ value }) => value) ?? [],
    ...(rule.reply && { reply: rule.reply.value }),
    replies: rule.replies?.value ?? {},
    earn: new Map(),
    spend: new Map(),
    cancelIf: [],
    line: at.line,
  };
}

function testOf({ value: test, at }: NonNullable<RuleFile['tests']>[number]): RuleTest {
  return {
    name: test.name,
    ...(test.draw && { draw: test.draw.value }),
    codes: new Map(),
    events: test.events.map(({ value: event, at: place }) => ({
      at: event.at.value,
      user: event.user,
      action: actionOf(event)!, // the shape demands exactly one
      expect: expectOf(event.expect),
      ...place,
    })),
    ...(test.budgetLeft !== undefined && { budgetLeft: test.budgetLeft }),
    ...at,
  };
}

type ReadExpect = NonNullable<NonNullable<RuleFile['tests']>[number]['value']['events'][number]['value']['expect']>;

function expectOf(expect: ReadExpect | undefined): RuleTest['events'][number]['expect'] {
  const { rule, prize, ...rest } = expect ?? {};
  return { ...rest, ...(rule && { rule: rule.value }), ...(prize && { prize: prize.value }) };
}
