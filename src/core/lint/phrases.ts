// Sentences that WeChat or the law forbids, as patterns over Chinese text. Spaces, brackets and emoji between the
// characters do not hide one; thanks, refusals and negations are no offers.

export type PhraseKind =
  | 'induce-follow'
  | 'induce-share'
  | 'lottery-words'
  | 'sure-win-false'
  | 'follow-gift-announced';

/** `word`: as it is written in the text. */
type Phrase = { readonly kind: PhraseKind; readonly word: string };

// ── Sentences ────────────────────────────────────────────────────────────────────────────────────────────────

/** A sentence as it is compared: half-width, without what is not read. `starts[n]`: where its character n is written. */
type Sentence = { readonly text: string; readonly starts: readonly number[]; readonly ends: readonly number[] };

const UNREAD =
  /^[\s\p{Cf}\p{Variation_Selector}\p{Emoji_Modifier}\p{Extended_Pictographic}\p{Regional_Indicator}·•・*_~|^"'“”‘’「」『』【】《》〈〉<>()[\]{}#=-]$/u;
const PAUSE = /^[,、:?…]$/;
const END = /^[。!;\n]$/;
/** Other spellings of the same. */
const SAME: Readonly<Record<string, string>> = {
  關: '关',
  註: '注',
  領: '领',
  紅: '红',
  獎: '奖',
  禮: '礼',
  轉: '转',
  發: '发',
  贈: '赠',
  讚: '赞',
};

function sentencesOf(written: string): Sentence[] {
  const sentences: Sentence[] = [];
  let [text, starts, ends]: [string, number[], number[]] = ['', [], []];
  const add = (sign: string, at: number, end: number): void => {
    text += sign;
    for (let unit = 0; unit < sign.length; unit++) {
      starts.push(at);
      ends.push(end);
    }
  };
  const close = (): void => {
    if (text !== '') sentences.push({ text, starts, ends });
    [text, starts, ends] = ['', [], []];
  };
  for (const { 0: sign, index } of written.matchAll(/\{\{[^{}]*\}\}|./gsu)) {
    const end = index + sign.length;
    if (sign.startsWith('{{')) {
      add('8', index, end); // whatever it stands for: a number does no harm
      continue;
    }
    const plain = sign === '\n' ? sign : sign.normalize('NFKC').toLowerCase();
    if (END.test(plain)) close();
    else if (PAUSE.test(plain)) add(',', index, end);
    else if (!UNREAD.test(plain)) add(SAME[plain] ?? plain, index, end);
  }
  close();
  return sentences.map(one => ({ ...one, text: one.text.replaceAll('订阅', '关注').replace(MINDED, '留意') }));
}

// ── What is forbidden ────────────────────────────────────────────────────────────────────────────────────────

const REWARD =
  '(?:红包|现金|礼品|礼物|[好大豪小厚]礼|奖品|奖励|大奖|奖金|券|礼包|福利|积分|话费|免单|利是|机会|资格|抽奖|[\\d一二两三五十百]+(?:\\.\\d+)?[元块折份杯]|¥\\d)';
const GET = '(?:领取?|送|赠|得|抽取?|抢|拿|获得?|赢取?|享|兑换?|换取?|返|发放|奖|参与|参加|解锁|收取)';
const MAY = '(?:即可|就能|就可以?|便可|方可|才能?|可以?|即|就|再)';
const MUST = '(?:请先?|需要?|要先?|须|必须|只需|先|得先)';

type Ban = {
  readonly kind: PhraseKind;
  readonly pattern: RegExp;
  /** Where in the match it turns on: what stands before that may mean the opposite. */
  readonly about: RegExp;
  readonly unlessBefore?: RegExp;
  readonly unlessAnywhere?: RegExp;
};

/** Thanks are not an offer; who leaves is not lured. */
const THANKED =
  /(?:感谢|谢谢|多谢|感恩|敬请|取消|取|高兴|开心)(?:[您你]们?|大家|各位|朋友们?|的|对|我们|阿茶|长期|一直|持续|以来|一路|再次|能|被){0,6}$/;
const DENIED =
  /(?:无需|无须|不用|不必|不需要?|不要求|请勿|不要|勿|禁止|严禁|不得|别|并非|不以|不是|拒绝|远离|没有|不鼓励|感谢|谢谢)[^,]{0,4}$/;

const FOLLOW: readonly RegExp[] = [
  // 关注公众号，领 5 元红包
  new RegExp(
    `关注(?!.{0,5}(?:消息|通知|推送|公告|动态|天气|物流|进度|到账))[^。]{0,14}?${GET}[^,]{0,8}?${REWARD}`,
    'gu',
  ),
  // 关注有礼、关注即送
  /关注(?:公众号|服务号|我们|本号|后|即|就|立|可)*(?:有礼|有奖|有惊喜|有红包|有福利|抽奖|送礼|领奖|领礼|得奖|礼包|好礼|红包(?![雨动活进到])|礼$)/gu,
  /关注(?:公众号|我们|本号|后)*(?:即|就|立)(?:可|能)?(?:送|领|得|返|赠|享)/gu,
  // 关注后方可参加、需先关注才能领
  new RegExp(`${MUST}[^,关]{0,2}关注[^,]{0,12},?${MAY}来?(?:${GET}|抽|玩|继续|查看)`, 'gu'),
  new RegExp(`关注[^,满]{0,8}?之?后,?${MAY}?来?(?:领|参[与加]|抽|兑|获[得取奖]|享|拿|抢)`, 'gu'),
  new RegExp(`未关注[^,]{0,8}(?:不能|无法|不可|不得)[^,]{0,4}(?:${GET})`, 'gu'),
  // 领红包请先关注
  new RegExp(
    `${REWARD}[^,]{0,6},?${MUST}+[^,]{0,4}关注(?!.{0,6}(?:活动|动态|公告|通知|微信支付|消息|到账|进度|后续|下))`,
    'gu',
  ),
  /(?:领|抢|拿)红包,?(?:就|戳|点|扫码)?关注/gu,
  /新粉丝?(?:专享|专属|有礼|见面礼|礼|红包|福利|[领送得])/gu,
  /新关注[^,]{0,6}(?:领|送|得|享|有礼|红包|礼)/gu,
];

const SHARED =
  '(?:分享(?!快乐|喜悦|会|美好|心得|经验|干货|好消息|生活|甜蜜|好茶|官)|转发(?!票)|转给|转到|发(?:到|至)?朋友圈|朋友圈)';

const SHARE: readonly RegExp[] = [
  // 转发朋友圈领红包
  new RegExp(`${SHARED}[^。]{0,16}?${GET}[^,]{0,8}?${REWARD}`, 'gu'),
  new RegExp(
    `${SHARED}[^,]{0,10},?(?:即可|就能|就可以?|方可|才能?|可以?)(?:再|多|额外|来)?(?:${GET}|抽|一次|加|增|提现|打开|查看|开启)`,
    'gu',
  ),
  /每(?:成功)?(?:分享|转发(?!票))|(?:分享|转发(?!票))(?:一次|\d+次|成功)[^,]{0,4}(?:多|加|增|再|送|得|\+)/gu,
  /(?:转发(?!票)|分享)(?:有礼|有奖|抽奖|送礼|领奖|得奖|赚|返利|裂变)/gu,
  new RegExp(`(?:${REWARD}|领奖|兑奖|参[与加])[^,]{0,8},?${MUST}+[^,]{0,3}(?:分享|转发(?!票)|集赞)`, 'gu'),
  /(?:朋友圈|转发(?!票))[^。]{0,10}截图/gu,
  // 集赞、助力、砍价
  new RegExp(`集[满齐够]?\\d*个?赞|点赞(?:满|达|数|最多|前)?[^,]{0,8}(?:${GET}|前\\d)`, 'gu'),
  /砍价|砍一刀|帮[我忙你]砍|助力(?:领|得|成功|免费|抽|\d)|(?:好友|朋友|帮[我忙]|请人)[^,]{0,3}助力/gu,
];
/** What a friend buys may be rewarded; that a friend came may not. */
const INVITE = new RegExp(
  `(?:邀请?|拉|召集|叫上?|喊)(?:了|满|够|到|来)?(?:[\\d一二两三四五六七八九十]+)?[个位名]?(?:好友|朋友|新人|新用户|粉丝|人)[^。]{0,14}?${GET}[^,]{0,8}?${REWARD}`,
  'gu',
);

const LOTTERY =
  /博彩|彩票|体彩|福彩|六合彩|时时彩|赌(?:博|场|局|注|钱|徒|球|一把)|押注|下注|投注|赔率|庄家|坐庄|老虎机|百家乐|稳赚|包赚/gu;
const SURE =
  /(?:百分百|100%|百分之百|稳|必定?)(?:能|会|都|可)?中(?:奖|红包)?|(?:人人|全员|次次|每次都?)(?:能|会|都|可)?(?:中奖|有奖|有份|有礼|得奖)|抽就(?:中|有)/gu;
const ANNOUNCED =
  /新(?:人|客|朋友|用户|会员)(?:专享|专属)?(?:见面|关注|欢迎)?(?:礼|红包|福利|有礼)|见面礼|入会礼|首次关注/gu;

const BANS: readonly Ban[] = [
  ...FOLLOW.map((pattern): Ban => ({ kind: 'induce-follow', pattern, about: /关注|新粉/u, unlessBefore: THANKED })),
  ...SHARE.map(
    (pattern): Ban => ({
      kind: 'induce-share',
      pattern,
      about: /分享|转发|转给|转到|朋友圈|集|点赞|助力|砍|截图/u,
      unlessBefore: DENIED,
    }),
  ),
  {
    kind: 'induce-share',
    pattern: INVITE,
    about: /邀|拉|召集|叫|喊/u,
    unlessBefore: DENIED,
    unlessAnywhere: /下单|首单|消费|购买|付款|店|买/u,
  },
  { kind: 'lottery-words', pattern: LOTTERY, about: /./u, unlessBefore: DENIED },
  { kind: 'sure-win-false', pattern: SURE, about: /./u, unlessBefore: /(?:不|并非|非|不是|不保证|未必)[^,]{0,3}$/ },
  { kind: 'follow-gift-announced', pattern: ANNOUNCED, about: /./u },
];

/** To mind something (请关注海报上的口令) is not to follow an account. */
const MINDED =
  /关注(?=(?:一下)?(?:本店|门店|店内|店里|现场|包装|瓶身|海报|小票|菜单|屏幕|直播间?|公告|活动|口令|开奖|今日|今天|每日|明天))/gu;

/** Each kind once a text, where it stands first. */
export function phrasesIn(written: string): Phrase[] {
  const found = new Map<PhraseKind, { word: string; at: number }>();
  for (const sentence of sentencesOf(written))
    for (const ban of BANS) {
      const match = firstMatch(sentence, ban);
      if (!match) continue;
      const [from, to] = match;
      const at = sentence.starts[from]!;
      const known = found.get(ban.kind);
      if (!known || at < known.at) found.set(ban.kind, { word: written.slice(at, sentence.ends[to - 1]), at });
    }
  return [...found].map(([kind, { word }]) => ({ kind, word }));
}

function firstMatch({ text }: Sentence, ban: Ban): readonly [number, number] | undefined {
  if (ban.unlessAnywhere?.test(text)) return undefined;
  for (let from = 0; from < text.length; ) {
    ban.pattern.lastIndex = from;
    const match = ban.pattern.exec(text);
    if (!match) return undefined;
    const turn = match.index + match[0].search(ban.about);
    if (!ban.unlessBefore?.test(text.slice(0, turn))) return [match.index, match.index + match[0].length];
    from = Math.max(turn, match.index) + 1;
  }
  return undefined;
}
