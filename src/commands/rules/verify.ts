// `hongbao verify-draw` and `hongbao reveal`: anybody works a draw out again, once the campaign's seed is published; and
// the seed is told after the campaign's end only.

import { claimParts, isSeed, type Step, verifyDraw, verifyRound } from '../../core/analysis/verify-draw.ts';
import { BadInput } from '../../core/base/error.ts';
import { showFen } from '../../core/base/money.ts';
import { beijingText, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { commitmentOf, seedOf } from '../../core/decide/draw.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { calledOf, named, namesOf } from '../../core/rules/renamed.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { type Common, configOf, EXIT, print, printJson } from '../shared/context.ts';
import { l, worded } from '../shared/language.ts';
import { gather } from './test.ts';

export type VerifyOptions = Common & {
  readonly campaign: string;
  readonly seed: string;
  /** The key of the claim, or what it is made of. */
  readonly claim?: string;
  readonly openid?: string;
  readonly rule?: string;
  readonly occasion?: string;
  readonly round?: string;
  /** Prizes that were gone when the draw was made. */
  readonly gone?: readonly string[];
  /** The one that was published. */
  readonly commitment?: string;
  /** The rule file. */
  readonly rules?: string;
};

export async function verify(options: VerifyOptions): Promise<number> {
  const seed = options.seed.trim().toLowerCase();
  if (!isSeed(seed)) throw new BadInput(t`--seed ${options.seed}: expected the 64 hex digits that were published`);
  const campaign = await campaignIn(options);
  const claim = claimIn(options, campaign);
  if (claim === undefined && options.round === undefined)
    throw new BadInput(t`say which: --claim KEY, or --openid with --rule and --occasion, or --round NAME`);
  const draw = claim === undefined ? undefined : verifyDraw(seed, claim, campaign, new Set(options.gone));
  const layout = options.round === undefined ? undefined : verifyRound(seed, mustHave(campaign), options.round);
  const isAsPublished =
    options.commitment === undefined || options.commitment.trim().toLowerCase() === commitmentOf(seed);
  if (options.json) printJson({ claim, isAsPublished, ...draw, ...(layout && { round: layout }) });
  else {
    if (claim !== undefined) print(t`claim ${claim}\n`);
    if (draw) showSteps(draw.steps);
    if (layout) showSteps(layout.steps);
    if (layout) for (const [n, row] of layout.rows.entries()) print(t`row ${n + 1}: ${row.map(showFen).join(' ')}`);
    for (const { when, prize, amount } of draw?.drawn ?? [])
      print(
        `→ ${when === undefined ? '' : `${worded(when)}: `}${l`"${prize}"`}${amount === undefined ? '' : ` ${showFen(amount)}`}`,
      );
    if (!isAsPublished) print(t`the seed does NOT fit the commitment ${options.commitment}`);
    else if (options.commitment !== undefined) print(t`the seed fits the commitment that was published`);
  }
  return isAsPublished ? EXIT.fine : EXIT.findings;
}

/** A key has the first names there were, whatever the file calls them today. */
function claimIn(
  { campaign, claim, openid, rule, occasion }: VerifyOptions,
  file: Campaign | undefined,
): string | undefined {
  if (claim !== undefined) {
    const parts = claimParts(claim);
    const names = file ? namesOf(file) : [campaign];
    if (!names.includes(parts.campaign)) throw new BadInput(t`--claim is of "${parts.campaign}", not of "${campaign}"`);
    return claim;
  }
  if (openid === undefined && rule === undefined && occasion === undefined) return undefined;
  if (openid === undefined || rule === undefined || occasion === undefined)
    throw new BadInput(t`--openid, --rule and --occasion go together: they make the key CAMPAIGN/RULE/OPENID/OCCASION`);
  return `${file?.id ?? campaign}/${(file && named(file.rules, rule)?.id) ?? rule}/${openid}/${occasion}`;
}

/** With --rules, or where the configured ones have it. Without it the luck can still be worked out. */
async function campaignIn({ campaign: id, rules, config }: VerifyOptions): Promise<Campaign | undefined> {
  if (rules === undefined && config === undefined) return undefined;
  const { files } = await gather(rules === undefined ? [] : [rules], config === undefined ? {} : { config });
  const { campaigns, findings } = checkRuleFiles(files);
  const found = named(campaigns, id);
  if (found) return found;
  throw new BadInput(t`no rule file of the campaign "${id}" that can be read`, findings);
}

function mustHave(campaign: Campaign | undefined): Campaign {
  if (!campaign) throw new BadInput(t`--round needs the rule file: --rules FILE`);
  return campaign;
}

function showSteps(steps: readonly Step[]): void {
  for (const { what, repeat, result } of steps) {
    print(what);
    if (repeat !== undefined) print(`    $ ${repeat}`);
    print(`    ${worded(result)}`);
  }
}

// ── The seed ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Before the end whoever has the seed knows every draw to come. */
export async function reveal(id: string, options: Common): Promise<number> {
  const config = configOf(options);
  const { files } = await gather([config.rules], {});
  const { campaigns } = checkRuleFiles(files, config);
  const campaign = named(campaigns, id);
  if (!campaign) {
    const names = campaigns.map(calledOf).join(', ') || 'none';
    throw new BadInput(t`no campaign "${id}" in ${config.rules}; there are: ${names}`);
  }
  const seed = seedOf(config.secret, campaign.id);
  const commitment = commitmentOf(seed);
  const { to } = campaign.period;
  const isOver = instant(Date.now()) >= to;
  if (options.json)
    printJson({
      campaign: id,
      commitment,
      ends: beijingText(to),
      ...(isOver ? { seed } : { refused: 'not over yet' }),
    });
  else if (!isOver)
    print(
      t`refused: "${id}" ends at ${beijingText(to)}; until then its seed would tell every draw to come. Its commitment: ${commitment}`,
    );
  else print(`campaign   ${id}\ncommitment ${commitment}\nseed       ${seed}`);
  return isOver ? EXIT.fine : EXIT.findings;
}
