// `hongbao alarms list | ack | test`: what the bot calls people for, who has taken it on, and whether they would be reached.

import { randomBytes } from 'node:crypto';
import { BadInput } from '../core/base/error.ts';
import { beijingText, instant } from '../core/base/time.ts';
import { t } from '../core/base/words/words.ts';
import { readAlarms } from '../core/ops/alarm.ts';
import { ALARMS_NOTE, takeAlarms } from '../engine/ops/alarms.ts';
import { createSender } from '../setup/alarm-sender.ts';
import { whoAmI, writeDown } from './shared/acts.ts';
import { type Common, configOf, EXIT, print, printJson, printNote, table, withStore } from './shared/context.ts';
import { l } from './shared/language.ts';

export function listAlarms(options: Common): Promise<number> {
  return withStore(options, async (store, config) => {
    const standing = readAlarms(await store.note(ALARMS_NOTE));
    const language = config.alarms?.language ?? 'en';
    if (options.json) printJson(standing);
    else if (standing.length === 0) print(t`nothing is wrong, as far as the bot has looked`);
    else {
      const rows = standing.map(({ key, since, taken, words }) => [
        key,
        beijingText(since),
        taken ? `${taken.by}, ${beijingText(taken.at)}` : '',
        words[language],
      ]);
      print(table([l`alarm`, l`since`, l`taken on by`, l`what`], rows));
    }
    if (!config.alarms) printNote(t`bot.yaml has no \`alarms:\`, so nobody is called`);
    return EXIT.fine;
  });
}

/** It is not said again, until it is over. */
export function ackAlarms(key: string, options: Common): Promise<number> {
  return withStore(options, async store => {
    await writeDown(store, 'alarms ack', key);
    const ports = {
      store,
      clock: () => instant(Date.now()),
      holder: `ack:${process.pid}:${randomBytes(6).toString('hex')}`,
    };
    const taken = await takeAlarms(ports, whoAmI(), key === 'all' ? undefined : key);
    if (!taken) {
      printNote(t`the bot is looking just now, and nothing was changed; try again`);
      return EXIT.findings;
    }
    if (taken.length === 0) throw new BadInput(t`there is no alarm "${key}"; \`hongbao alarms list\` names them`);
    for (const each of taken) print(t`taken on: ${each.key}`);
    return EXIT.fine;
  });
}

export async function testAlarms(options: Common): Promise<number> {
  const { alarms } = configOf(options);
  if (!alarms) throw new BadInput(t`bot.yaml has no \`alarms:\` with webhooks or email; nobody would be called`);
  const text = alarms.language === 'zh' ? '这是一条测试消息，机器人一切正常' : 'this is a test; nothing is wrong';
  const failures = await createSender(alarms, () => instant(Date.now()))({
    subject: text,
    text,
    facts: { isTest: true },
  });
  for (const failure of failures) printNote(t`not reached: ${failure}`);
  const ways = alarms.webhooks.length + (alarms.email ? 1 : 0);
  print(t`${ways - failures.length} of ${ways} were reached`);
  return failures.length === 0 ? EXIT.fine : EXIT.findings;
}
