// The fund flows (资金账单) of all merchants of bot.yaml for one Beijing day, fetched from WeChat Pay and read as those are that an
// operator hands in.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { type MerchantConfig, waysOf } from '../config/merchant.ts';
import { type Cover, FundFlow } from '../core/audit/fund-flow.ts';
import { BadInput } from '../core/base/error.ts';
import { calendarDay, DAY, type Day, dayOf, later, parseBeijing } from '../core/base/time.ts';
import { t } from '../core/base/words/words.ts';
import { channelOf } from '../core/payout/channels/index.ts';
import { tableFile } from '../lib/table-file.ts';
import type { Clock } from '../ports.ts';
import { ACCOUNTS, createFundDesk, type Fetched, type FundAccount, type FundConfig } from '../wechat/pay/fund-flow.ts';
import { keysOf } from './platform-keys.ts';

/** What was fetched for a merchant: how many rows there are in each account that it has. */
type FundLine = { readonly merchant: string; readonly account: FundAccount; readonly rows: number };
export type FundFlows = { readonly funds: FundFlow; readonly lines: readonly FundLine[] };

/** The API keeps a bill for three months. */
const KEPT_MS = 90 * DAY;

/** `2026-02-10`, or `yesterday`. Throws `BadInput` for what WeChat Pay cannot have. */
export function fundDayFrom(text: string, clock: Clock): Day {
  const yesterday = dayOf(later(clock(), -DAY));
  const day = text === 'yesterday' ? yesterday : calendarDay(text);
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? parseBeijing(day) : undefined;
  if (at === undefined) throw new BadInput(t`--fetch ${text}: expected a day such as ${yesterday}, or yesterday`);
  if (day > yesterday) throw new BadInput(t`--fetch ${text}: a day's fund flow is there from 10:00 of the next day on`);
  if (clock() - at > KEPT_MS)
    throw new BadInput(
      t`--fetch ${text}: WeChat Pay hands out three months; export it in 商户平台 and name it with --funds`,
    );
  return day;
}

/** Throws `BadInput` where one of them cannot be had: half of the books would look like a loss. */
export async function fetchFundFlows(config: Config, day: Day, clock: Clock): Promise<FundFlows> {
  const folder = await mkdtemp(join(tmpdir(), 'hongbao-funds-'));
  const funds = new FundFlow(day);
  const lines: FundLine[] = [];
  try {
    for (const merchant of paying(config))
      lines.push(...(await fetchOf(config, merchant, day, clock, { folder, funds })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { funds, lines };
}

/** Vouchers leave no line there. A merchant that no account uses has paid nothing, and API v2 has no AppID to ask with. */
function paying({ merchants, accounts }: Config): MerchantConfig[] {
  const used = new Set([...accounts.values()].map(account => account.merchant));
  const payers = [...merchants.values()].filter(
    merchant =>
      channelOf(merchant).pays === 'redpacket' &&
      (used.has(merchant.name) || merchant.payNotice?.v3?.fetcher !== undefined),
  );
  // Two names of one merchant have one account.
  return payers.filter(({ mchId }, n) => payers.findIndex(each => each.mchId === mchId) === n);
}

type Into = { readonly folder: string; readonly funds: FundFlow };

async function fetchOf(
  config: Config,
  merchant: MerchantConfig,
  day: Day,
  clock: Clock,
  into: Into,
): Promise<FundLine[]> {
  const keys = keysOf(merchant, clock);
  const desk = createFundDesk(deskConfigOf(config, merchant, keys), clock);
  const lines: FundLine[] = [];
  try {
    for (const account of ACCOUNTS) {
      const file = join(into.folder, `${merchant.name}-${account}.csv`);
      const fetched = await desk.fetch(day, account, file);
      const rows = await readInto(into.funds, fetched, { merchant, day, account, file });
      if (rows !== undefined) lines.push({ merchant: merchant.name, account, rows });
    }
    return lines;
  } finally {
    await Promise.all([desk.close(), keys?.close()]);
  }
}

function deskConfigOf(config: Config, merchant: MerchantConfig, keys: ReturnType<typeof keysOf>): FundConfig {
  const { mchId, api, ca, payNotice } = merchant;
  const signer = payNotice?.v3?.fetcher;
  const packets = waysOf(merchant).find(each => each.channel === 'redpack');
  const appId = [...config.accounts.values()].find(each => each.merchant === merchant.name)?.appId;
  return {
    ...{ mchId, api, ca },
    ...(keys && signer && { v3: { keys, signer } }),
    ...(packets &&
      appId !== undefined && { v2: { apiV2Key: packets.apiV2Key, appId }, certificate: packets.certificate }),
  };
}

type Place = {
  readonly merchant: MerchantConfig;
  readonly day: Day;
  readonly account: FundAccount;
  readonly file: string;
};

/** How many rows there were; `undefined`: there is no such account. */
async function readInto(
  funds: FundFlow,
  fetched: Fetched,
  { merchant, day, account, file }: Place,
): Promise<number | undefined> {
  const name = `${merchant.name} ${day} ${account}`;
  const cover = coverOf(merchant, day);
  switch (fetched.kind) {
    case 'closed':
      return undefined;
    case 'empty':
      funds.cover(name, cover);
      return 0;
    case 'bill': {
      const before = funds.rows + funds.others;
      funds.open(name, cover);
      for await (const { rows } of tableFile(file, {})) for (const row of rows) funds.read(row);
      funds.mustBeWhole();
      return funds.rows + funds.others - before;
    }
    case 'creating':
      throw new BadInput(t`the fund flow of merchant "${merchant.name}" for ${day} is not built yet; ask after 10:00`);
    case 'failed':
      throw new BadInput(
        t`the fund flow of merchant "${merchant.name}" for ${day} cannot be fetched: ${fetched.reason}`,
      );
    default:
      return fetched satisfies never;
  }
}

function coverOf({ mchId }: MerchantConfig, day: Day): Cover {
  const from = parseBeijing(day)!;
  return { mchId, from, to: later(from, DAY - 1) };
}
