// The scenes of transfers (转账场景), as data: what each must report, all of it and once each, and whether a transfer of it can look
// like a red packet. A merchant sees the number of its scene in the console.
import { type Fen, fen } from '../../base/money.ts';
import { t, type Wording } from '../../base/words/words.ts';

type Scene = {
  readonly name: string;
  /** `info_type`; absent: nobody has seen what it asks for. */
  readonly reports?: readonly string[];
  /** `user_recv_style` RED_PACKET. Where WeChat Pay does not say so, it is not tried. */
  readonly looksLikePacket?: true;
};

export const TRANSFER_SCENES: Readonly<Record<string, Scene>> = {
  1000: { name: '现金营销', reports: ['活动名称', '奖励说明'], looksLikePacket: true },
  1002: { name: '行政补贴', reports: ['补贴类型'] },
  1004: { name: '保险理赔', reports: ['保险产品备案编号', '保险名称', '保险操作单号'] },
  1005: { name: '佣金报酬', reports: ['岗位类型', '报酬说明'] },
  1006: { name: '企业报销' },
  1009: { name: '采购货款', reports: ['采购商品名称'] },
  1010: { name: '二手回收', reports: ['回收商品名称'] },
  1011: { name: '企业赔付', reports: ['赔付原因'] },
  1013: { name: '公益补助', reports: ['公益活动名称', '公益活动备案编号'] },
};

/** Its reports are the campaign's name and the prize's; every other scene's stand in bot.yaml. */
export const CASH_MARKETING = '1000';

/** A transfer that looks like a red packet holds at most so much. */
export const PACKET_STYLE_MAX: Fen = fen(200_00);
/** From here on WeChat Pay wants the follower's real name (`user_name`), which nobody asks them for. */
export const NAME_NEEDED_FROM: Fen = fen(2_000_00);

/** What is wrong with the reports of a scene, in a sentence. */
export function wrongReports(scene: string, types: readonly string[]): Wording | undefined {
  const known = TRANSFER_SCENES[scene];
  if (scene === CASH_MARKETING)
    return types.length === 0 ? undefined : t`scene 1000 reports the names of the campaign and the prize; leave it out`;
  if (types.length === 0) {
    const own = t`transferScene ${scene} has reports of its own (transfer_scene_report_infos); add \`reports\``;
    return known?.reports ? t`${own}: ${known.reports.join(', ')}` : t`${own}; the console of WeChat Pay names them`;
  }
  const { reports } = known ?? {};
  const isRight = !reports || (types.length === reports.length && reports.every(each => types.includes(each)));
  return isRight ? undefined : t`scene ${scene} ${known!.name} reports exactly ${reports.join(', ')}`;
}
