// `hongbao campaigns list | pause | resume`: one campaign stopped and let go on by a person, the others untouched. It stands
// in the store, so that every process knows it from the next event on, and a restart changes nothing.

import type { Config } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import { suggest } from '../../core/base/suggest.ts';
import { beijingText, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { pauseOf } from '../../core/rules/campaign-query.ts';
import { calledOf, named } from '../../core/rules/renamed.ts';
import { pauseCampaign, resumeCampaign } from '../../engine/operate/campaigns.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, table, withStore } from '../shared/context.ts';

export type PauseOptions = Common & { readonly say?: string };

/** WeChat: the content of a text reply, bytes. */
const SAY_BYTES = 2048;

async function campaignsOf({ rules }: Config): Promise<readonly Campaign[]> {
  return checkRuleFiles(await readRuleFiles([rules])).campaigns;
}

/** The id inside: one that was renamed keeps its first. */
async function idOf(config: Config, typed: string): Promise<string> {
  const campaigns = await campaignsOf(config);
  const found = named(campaigns, typed);
  if (!found) throw new BadInput(t`there is no campaign "${typed}"${suggest(typed, campaigns.map(calledOf))}`);
  return found.id;
}

export function pause(typed: string, { say = '', ...options }: PauseOptions): Promise<number> {
  if (Buffer.byteLength(say) > SAY_BYTES) throw new BadInput(t`--say: expected at most ${SAY_BYTES} bytes`);
  return withStore(options, async (store, config) => {
    const id = await idOf(config, typed);
    await writeDown(store, 'campaigns pause', typed, [say]);
    await pauseCampaign(store, id, say, instant(Date.now()));
    print(
      t`campaign "${typed}" is paused: it gives nothing more, what was won is paid. \`hongbao campaigns resume ${typed}\` lets it go on`,
    );
    return EXIT.fine;
  });
}

export function resume(typed: string, options: Common): Promise<number> {
  return withStore(options, async (store, config) => {
    const id = await idOf(config, typed);
    await writeDown(store, 'campaigns resume', typed);
    const before = await resumeCampaign(store, id);
    const { mode } = (await campaignsOf(config)).find(each => each.id === id)!;
    if (mode === 'paused') print(t`campaign "${typed}" stays paused: its file says \`mode: paused\``);
    else if (!before) print(t`campaign "${typed}" was not paused`);
    else print(t`campaign "${typed}" goes on; it was paused since ${beijingText(before.since)}`);
    return mode === 'paused' ? EXIT.findings : EXIT.fine;
  });
}

export function list(options: Common): Promise<number> {
  return withStore(options, async (store, config) => {
    const rows = [];
    for (const campaign of await campaignsOf(config)) {
      const { id, name, mode, period } = campaign;
      const byHand = await store.halt(pauseOf(id));
      const pausedBy = byHand ? 'hand' : mode === 'paused' ? 'file' : undefined;
      rows.push({ campaign: calledOf(campaign), name, mode, period, ...(pausedBy && { pausedBy }), byHand });
    }
    if (options.json)
      printJson(
        rows.map(({ period: { from, to }, byHand, ...row }) => ({
          ...row,
          from: beijingText(from),
          to: beijingText(to),
          ...(byHand && { pausedSince: beijingText(byHand.since), says: byHand.reason }),
        })),
      );
    else if (rows.length === 0) print(t`there are no campaigns`);
    else {
      const head = ['campaign', 'name', 'mode', 'from', 'to', 'paused', 'since', 'says'];
      const cells = rows.map(({ campaign, name, mode, period: { from, to }, pausedBy = '', byHand }) => [
        ...[campaign, name, mode, beijingText(from).slice(0, 16), beijingText(to).slice(0, 16), pausedBy],
        ...(byHand ? [beijingText(byHand.since), byHand.reason] : []),
      ]);
      print(table(head, cells));
    }
    return EXIT.fine;
  });
}
