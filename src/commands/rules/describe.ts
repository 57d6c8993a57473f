// `hongbao describe`: rule files as the public rules of their campaigns (活动规则), ready to be published.

import { showFindingIn, told } from '../../core/base/error.ts';
import { commitmentOf, seedOf } from '../../core/decide/draw.ts';
import { seedNameOf } from '../../core/draw/final-draw.ts';
import { describe } from '../../core/public-rules/describe.ts';
import { hasTrigger, makesClaims } from '../../core/rules/campaign-query.ts';
import { calledOf } from '../../core/rules/renamed.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { type Common, EXIT, print, printJson, printNote } from '../shared/context.ts';
import { l, language } from '../shared/language.ts';
import { gather } from './test.ts';

export type DescribeCommand = Common & { readonly words?: boolean };

export async function describeFiles(paths: readonly string[], options: DescribeCommand): Promise<number> {
  const lang = language();
  const { files, config } = await gather(paths, options);
  const { campaigns, findings } = checkRuleFiles(files, config);
  const texts = campaigns.map(campaign => {
    const commitment = config && commitmentOf(seedOf(config.secret, campaign.id));
    const words = options.words === true;
    const drawCommitment = (draw: string): string =>
      commitmentOf(seedOf(config?.secret ?? '', seedNameOf(campaign.id, draw)));
    const published = commitment === undefined ? {} : { commitment, drawCommitment };
    return { campaign, lines: describe(campaign, { lang, words, ...published }) };
  });
  if (options.json)
    printJson({
      campaigns: texts.map(({ campaign, lines }) => ({ campaign: calledOf(campaign), lines })),
      findings: findings.map(each => told(each, lang)),
    });
  else print(texts.map(({ lines }) => lines.join('\n')).join('\n\n'));
  // Beside the text, which may go into a file as it is.
  for (const finding of findings) printNote(showFindingIn(lang, finding));
  if (!config)
    printNote(
      l`without --config nothing is said of how a draw is verified: its commitment needs the secret of the bot`,
    );
  for (const { campaign } of texts)
    if (campaign.rules.some(rule => makesClaims(rule) && hasTrigger(rule, ['subscribe'])))
      printNote(
        l`${campaign.file}: gives something to new followers, which WeChat forbids to announce (诱导关注); take that out before it is published`,
      );
  return findings.length === 0 ? EXIT.fine : EXIT.findings;
}
