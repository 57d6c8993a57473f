// The faults one can switch on, in groups, in the words of people who have met them: what breaks, and what one will see.
import type { PayFault, PlatformFault } from '../../../simulator/shared/protocol.ts';
import type { Lang } from './zh.ts';

type FaultWords = { readonly name: string; readonly note: string };
/** What one types beside it: an error code, a status. */
type FaultField = {
  readonly key: 'code' | 'status';
  readonly usual: string;
  /** As the control API reads it. */
  readonly pattern: string;
  readonly label: Readonly<Record<Lang, string>>;
};
/** Which of the two interfaces it happens to. `isInFront`: it strikes before anybody has read for whom the call is. */
type Place =
  | { readonly at: 'pay'; readonly kind: PayFault['kind']; readonly field?: FaultField; readonly isInFront?: true }
  | { readonly at: 'platform'; readonly kind: PlatformFault['kind'] };
export type FaultRow = Place & Readonly<Record<Lang, FaultWords>>;

const CODE: FaultField = {
  ...{ key: 'code', usual: 'SENDNUM_LIMIT', pattern: '[A-Za-z0-9_ ]{1,64}' },
  label: { zh: '错误码', en: 'Error code' },
};
const STATUS: FaultField = {
  ...{ key: 'status', usual: '403', pattern: '[2-5][0-9][0-9]' },
  label: { zh: 'HTTP 状态', en: 'HTTP status' },
};

export const FAULT_GROUPS = ['maybePaid', 'notPaid', 'pushes', 'messages', 'notices'] as const;
export type FaultGroup = (typeof FAULT_GROUPS)[number];

type Texts = readonly [zh: string, zhNote: string, en: string, enNote: string];
const row = (place: Place, [zh, zhNote, en, enNote]: Texts): FaultRow => ({
  ...place,
  zh: { name: zh, note: zhNote },
  en: { name: en, note: enNote },
});
const pay = (kind: (Place & { at: 'pay' })['kind'], ...texts: Texts): FaultRow => row({ at: 'pay', kind }, texts);
const platform = (kind: PlatformFault['kind'], ...texts: Texts): FaultRow => row({ at: 'platform', kind }, texts);

/** The likeliest first. */
export const FAULTS: Readonly<Record<FaultGroup, readonly FaultRow[]>> = {
  maybePaid: [
    pay(
      'lostReply',
      '回包丢失',
      '红包发了，回答没到：结果未知，查单后只有一个',
      'Lost answer',
      'sent, no answer: unknown, then asked after; one packet',
    ),
    pay(
      'errorAfterSent',
      'SYSTEMERROR，其实已发',
      '报错，钱已出：原单号查单，不换号',
      'SYSTEMERROR, yet sent',
      'told an error: the same number is asked after',
    ),
    pay('slow', '回答很慢', '30 秒才回答：先按未知处理', 'Slow answer', 'after 30 s: unknown meanwhile'),
    pay('truncated', '回答残缺', '只有半个 XML：按未知处理', 'Cut answer', 'half an XML document: unknown'),
    pay('html502', '支付网关 502', '回来一张网页：按未知处理', 'Pay gateway 502', 'a web page comes back: unknown'),
    pay('unknownCode', '没见过的错误码', '不认识就当未知，去查单', 'Unheard-of code', 'taken as unknown, asked after'),
    pay('processing', '处理中', '20 分钟后发出：一直查单', 'Processing', 'sent 20 minutes later: asked until then'),
    pay('extraElements', '多余字段', '字段多了、乱了：照样成功', 'Extra elements', 'unknown elements: it succeeds'),
    pay(
      'expiredButReceived',
      '单号过期，钱已领',
      '换号之前先问清楚，不会付两次',
      'Number expired, yet paid',
      'a person must look: nothing is paid twice',
    ),
  ],
  notPaid: [
    pay(
      'notEnough',
      '余额不足',
      '商户暂停，横幅出现，自动重试；红包排队',
      'Balance too low',
      'the merchant halts with a banner; packets wait',
    ),
    pay(
      'errorNothingStored',
      'SYSTEMERROR，没有订单',
      '查不到单，原单号再发一次',
      'SYSTEMERROR, no order',
      'not found: the same number once more',
    ),
    pay(
      'processingThenFailed',
      '处理中，最后失败',
      '查到 FAILED，才换新单号',
      'Processing, then failed',
      'FAILED at last: only then a new number',
    ),
    pay('freqLimit', '超过频率', '放慢，再发', 'Too fast', 'slower, then again'),
    pay('noAuthUser', '用户被拦截', '只影响这位粉丝，别人照发', 'Follower blocked', 'this one waits, others go on'),
    pay('noAuthIp', 'IP 不在白名单', '商户暂停，等人处理', 'IP not allowed', 'the merchant halts'),
    pay('noAuthProduct', '产品未开通', '商户暂停，等人处理', 'Product not enabled', 'the merchant halts'),
    pay('billFails', '转账失败', '商家转账：待收款，一分钟后失败', 'Transfer fails', 'transfers: fails after a minute'),
    pay(
      'balanceShort',
      '转账锁不到钱',
      '商家转账：一天后关闭，退回预算',
      'Transfer not locked',
      'transfers: closed after a day',
    ),
    row({ at: 'pay', kind: 'code', field: CODE }, [
      '任意错误码',
      '填一个：认识的照规矩办，不认识的去查单',
      'Any error code',
      'type one: known ones have a rule, others are asked after',
    ]),
    row({ at: 'pay', kind: 'http', field: STATUS, isInFront: true }, [
      '请求被拦在门外',
      '没到微信支付，只回一个 HTTP 状态：去查单',
      'Stopped on the way',
      'WeChat Pay never sees it, a status comes back: asked after',
    ]),
    row({ at: 'pay', kind: 'tlsRefused', isInFront: true }, [
      '商户证书被拒',
      '握手后断开：去查单，钱没有出去',
      'Certificate refused',
      'cut after the handshake: asked after, nothing is sent',
    ]),
  ],
  pushes: [
    platform(
      'duplicatePush',
      '推送三连发',
      '送达三次，只回答、只发一次',
      'Triple push',
      'arrives three times, one answer, one packet',
    ),
    platform('renewOnRetry', '重试换签名', '重投时密文不同：照样认出来', 'Retry re-signed', 'recognised all the same'),
    platform('busy', '接口繁忙 -1', '稍后再试；聊天照常回答', 'API busy (-1)', 'tried later; the chat goes on'),
    platform('quota', '接口超额 45009', '今天不再调用', 'API quota 45009', 'not called again today'),
    platform('expireToken', 'Token 过期', '换一个新的，再试', 'Token expired', 'a new one is fetched'),
    platform('slow', '接口很慢', '推送不等它', 'API slow', 'pushes do not wait for it'),
    platform('html502', '接口 502', '回来一张网页：稍后再试', 'API 502', 'a web page comes back: later'),
    platform(
      'snapshot',
      '快照页',
      '活动页请人点「使用完整服务」',
      'Snapshot page',
      'the H5 page asks for the full one',
    ),
  ],
  messages: [
    platform('messageClosed', '会话超时 45015', '下次说话时一起补上', 'Window closed', 'said with the next answer'),
    platform('messageUsedUp', '条数用完 45047', '下次说话时一起补上', 'Messages used up', 'said with the next answer'),
    platform(
      'messageUnauthorized',
      '没有权限 48001',
      '下次说话时一起补上',
      'No permission',
      'said with the next answer',
    ),
    platform('messageOff', '用户关闭 48002', '下次说话时一起补上', 'Switched off', 'said with the next answer'),
    platform('messageBlocked', '被拉黑 43019', '下次说话时一起补上', 'On the blacklist', 'said with the next answer'),
  ],
  notices: [
    pay('lostNotice', '通知丢失', '支付、退款、转账通知不来', 'Lost notice', 'of payments, refunds, transfers'),
    pay('duplicateNotice', '通知重复', '同一条来两次：只算一次', 'Double notice', 'arrives twice, counts once'),
    pay('lateNotice', '支付通知迟到', '10 分钟后才算', 'Late payment notice', 'counts 10 minutes later'),
    pay('forgedNotice', '伪造支付通知', '金额百倍的假通知：被拒绝', 'Forged payment notice', 'a hundredfold: refused'),
    platform('noticeRefused', '拒收通知 43101', '改用别的方式告知', 'Notice refused', 'told another way'),
    platform('noticeBlocked', '通知被屏蔽', '发出后回报 user block', 'Notice blocked', 'reported as user block'),
    platform('noticeFailed', '通知失败', '发出后回报 system failed', 'Notice failed', 'reported as system failed'),
  ],
};

/** Three to begin with: the fault, for how often, and what it shows. A new follower walks into it. */
export const RECIPES: readonly { readonly row: FaultRow; readonly times?: number }[] = [
  { row: FAULTS.maybePaid[0]!, times: 1 },
  { row: FAULTS.notPaid[0]! },
  { row: FAULTS.pushes[0]!, times: 1 },
];

export function faultName(kind: string, lang: Lang): string {
  const known = Object.values(FAULTS)
    .flat()
    .find(each => each.kind === kind);
  return known ? known[lang].name : kind;
}
