// What no key of a rule file can know alone: names that must exist, sums that must fit, texts that would never be said.
// Everything that is wrong is said, each at its place.

import type { Place } from '../../base/error.ts';
import { showFen } from '../../base/money.ts';
import { suggest } from '../../base/suggest.ts';
import { beijingText } from '../../base/time.ts';
import { t } from '../../base/words/words.ts';
import { checkMechanics } from '../../mechanics/index.ts';
import type { Draft } from '../../yaml/schema.ts';
import type { Written } from '../language/file.ts';
import { PACKET_BYTES, type ReadPeople } from '../schema/file.ts';
import { isWritten, type Say, sayTwins } from '../schema/written.ts';
import type { Checking, Known } from './common.ts';
import { checkDraws } from './draw.ts';
import { checkNames } from './names.ts';
import { checkOdds } from './odds.ts';
import { checkPrizes } from './prize.ts';
import { checkRounds } from './round.ts';
import { checkMoneyRules, checkRule } from './rule.ts';
import { checkTest } from './test.ts';

export function checkFile(check: Checking): void {
  const { file, known, say } = check;
  if (known) checkAccount(file, say, known);
  const { from, to } = file.period ?? {};
  if (from?.value !== undefined && to?.value !== undefined && from.value >= to.value) {
    say(to.at, t`the period ends (${beijingText(to.value)}) before it begins (${beijingText(from.value)})`);
  }
  checkNames(check);
  checkMode(file, say);
  checkBudget(file, say);
  checkFiles(check);
  checkRounds(check);
  checkPrizes(check);
  checkDraws(check);
  checkPacket(file, say);
  const seen = new Map<string, Place>();
  for (const { value: rule, at } of file.rules ?? []) {
    checkRule(rule, at, check);
    checkMechanics(rule, check);
    checkOdds(rule, check);
    const first = rule.id && seen.get(rule.id.value);
    if (first) say(rule.id!.at, t`the rule "${rule.id!.value}" is there already, in line ${first.line}`);
    else if (rule.id) seen.set(rule.id.value, rule.id.at);
  }
  checkMoneyRules(file, say);
  for (const { value: test } of file.tests ?? []) checkTest(test, check);
}

function checkAccount({ account, campaign }: Written, say: Say, { accounts }: Known): void {
  if (account && !accounts.includes(account.value)) {
    say(account.at, t`bot.yaml has no account "${account.value}"${suggest(account.value, accounts)}`);
  }
  if (!account && accounts.length > 1 && campaign) {
    say(campaign.at, t`missing key "account": bot.yaml has several, ${accounts.join(', ')}`);
  }
}

/** Who lists testers and forgets the mode would pay everybody. */
function checkMode(file: Written, say: Say): void {
  const { mode, testers } = file;
  if (mode?.value === 'rehearse' && !isWritten(file, 'testers'))
    say(mode.at, t`in rehearse a campaign exists only for its testers; add testers: [openid] or testers: testers.csv`);
  if (testers && !isWritten(file, 'mode'))
    say(testers.at, t`without a mode the campaign is live for everybody; write mode: rehearse, or mode: live`);
}

function checkBudget({ budget }: Written, say: Say): void {
  const { total, perDay, packets, packetsPerDay } = budget ?? {};
  if (total && perDay && perDay.value > total.value) {
    say(perDay.at, t`perDay ${showFen(perDay.value)} is more than total ${showFen(total.value)}`);
  }
  if (packets && packetsPerDay && packetsPerDay.value > packets.value) {
    say(packetsPerDay.at, t`packetsPerDay ${packetsPerDay.value} is more than packets ${packets.value}`);
  }
}

/** Reads the lists that lie beside the file and says which are not there. */
function checkFiles({ file, data, say }: Checking): void {
  const checkPeople = (people: Draft<ReadPeople> | undefined): void => {
    if (people && 'list' in people && people.list) data.openIds(people.list, say);
    if (people && 'openIds' in people) sayTwins(t`openid`, people.openIds ?? [], say);
  };
  checkPeople(file.testers?.value);
  for (const [, people] of file.segments ?? []) checkPeople(people);
  if (file.stores) data.stores(file.stores, say);
  for (const { value: rule } of file.rules ?? []) {
    for (const trigger of rule.on?.value ?? []) {
      if (trigger.kind !== 'text' || trigger.match !== 'daily') continue;
      if ('list' in trigger && trigger.list) data.passwords(trigger.list, say);
      if ('days' in trigger) for (const { value } of trigger.days ?? []) sayTwins(t`password`, value ?? [], say);
    }
  }
}

/** The words on the packet, also those that are taken from elsewhere. */
function checkPacket({ packet, name, prizes }: Written, say: Say): void {
  const pays = [...(prizes ?? [])].some(([, prize]) => isWritten(prize, 'redpacket'));
  if (!packet || !pays) return;
  if (!isWritten(packet.value, 'sendName'))
    say(packet.at, t`missing key "sendName" in packet: whom the red packet is from`);
  const size = name ? Buffer.byteLength(name.value) : 0;
  if (name && !isWritten(packet.value, 'actName') && size > PACKET_BYTES.actName) {
    say(
      name.at,
      t`the name has ${size} bytes and would be packet.actName, of at most ${PACKET_BYTES.actName}; write a shorter packet.actName`,
    );
  }
}
