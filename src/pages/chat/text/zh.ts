// Every text of the chat page, in Chinese: the original. `en.ts` says the same in English.

import type { PayoutState } from '../../../core/payout/payout.ts';
import type { Refusal } from '../../../core/rules/campaign.ts';
import type { Packet } from '../../../simulator/shared/protocol.ts';
import type { Push } from '../../../simulator/shared/protocol-push.ts';
import { en } from './en.ts';

export type Lang = 'zh' | 'en';

const zh = {
  title: '微信公众号模拟器',
  other: 'EN',
  otherLong: 'Switch to English',
  lost: '连不上模拟器，正在重连…',
  connecting: '正在连接模拟器…',
  close: '关闭',
  back: '返回',
  copied: '已复制',
  copyFailed: '浏览器不允许复制，请手动选择',
  details: '幕后',
  tools: '工具',
  people: '粉丝',

  clock: '虚拟时间',
  clockReal: '与真实时间一致',
  plusHour: '+1 小时',
  plusDay: '+1 天',
  midnight: '到零点',
  midnightLong: '拨到下一个零点',
  reset: '复位',
  unit: (n: number, of: 'd' | 'h' | 'm'): string => `${n} ${{ d: '天', h: '小时', m: '分' }[of]}`,

  faults: '故障演练',
  faultsNone: '一切正常',
  faultsOn: (n: number): string => `${n} 项故障`,
  faultsHint: '打开一项，再让粉丝领一次红包，看机器人怎样应对。',
  faultsPay: '红包接口',
  faultsPlatform: '推送与公众号接口',
  faultsOff: '全部关闭',
  times: '发生',
  timesOf: (n: number | undefined): string => (n === undefined ? '一直' : `${n} 次`),
  timesLeft: (n: number): string => `还剩 ${n} 次`,
  onlyMe: '只对当前粉丝',

  newPerson: '新粉丝',
  following: '已关注',
  notFollowing: '未关注',
  unread: (n: number): string => `${n} 条未读`,
  suggestions: '试一试',
  keywords: '回复口令',
  scenes: '扫码',
  suggestionsFollow: '先关注公众号，再发口令。',
  budgets: '活动预算',
  bucket: { received: '已领取', sent: '待领取', reserved: '已占用', free: '可用', refunded: '曾退回' },
  balance: '商户余额',

  serviceAccount: '服务号',
  follow: '关注公众号',
  unfollow: '不再关注',
  unfollowAsk: '不再关注后，将收不到它的消息。',
  enter: '发消息',
  accountId: '微信号',
  webhook: '推送地址',
  mode: '消息加解密',
  format: '数据格式',
  formatChange: (format: string): string => `换成 ${format}`,
  modes: { plain: '明文模式', compatible: '兼容模式', safe: '安全模式' },
  followHint: '点「关注公众号」开始',
  followScan: '或者扫码关注',
  about: '账号资料',
  chatEmpty: '还没有消息。发一句口令，或点下面的菜单。',
  earlier: '查看更早的消息',
  chatLabel: '聊天记录',
  sending: '微信正在推送',
  failed: '推送失败',
  inspect: '看幕后',

  composer: '发消息…',
  send: '发送',
  more: '更多',
  menu: '菜单',
  image: '图片',
  voice: '语音',
  location: '位置',
  scan: '扫一扫',
  voiceWords: '说了什么（语音识别的结果）',
  voiceSample: '恭喜发财',
  places: [
    { label: '杭州市西湖区龙井路 1 号', latitude: 30.2228, longitude: 120.1156 },
    { label: '上海市黄浦区外滩', latitude: 31.2336, longitude: 121.4906 },
    { label: '北京市朝阳区国贸桥', latitude: 39.9087, longitude: 116.4605 },
  ],
  scanHint: '选一个带参数的二维码，或输入场景值',
  scanNone: '这个账号还没有生成二维码。',
  scene: '场景值',
  scanGo: '扫码',
  readerResult: (key: string): string => `扫到的内容（菜单 ${key}）`,
  readerType: '码的种类',
  readerTypes: { qrcode: '二维码', barcode: '条码' },
  expires: (text: string): string => `${text} 失效`,
  webTitle: '打开网页',
  webHere: '网页',
  webNote: '微信会在内置浏览器里打开这个页面。',
  webOpen: '在新标签页打开',
  picture: '图片',
  shop: {
    title: '付款',
    amount: '订单金额（元）',
    coupon: '其中代金券（元）',
    attach: '附加数据 attach',
    pay: '付款',
    refund: '退款',
    refunded: '已退款',
  },

  packet: {
    brand: '微信红包',
    state: {
      SENDING: '发放中',
      SENT: '领取红包',
      FAILED: '发放失败',
      RECEIVED: '已领取',
      RFUND_ING: '已过期，退回中',
      REFUND: '已过期退回',
    } satisfies Record<Packet['status'], string>,
    from: (name: string): string => `${name}发出的红包`,
    open: '開',
    openLong: '拆开红包',
    yuan: '元',
    saved: '已存入零钱，可直接使用',
    late: '该红包已超过 24 小时未领取，已退回商户',
    failed: '该红包没有发出',
    sending: '红包还在路上，请稍后再试',
  },

  panel: {
    empty: '这里是幕后',
    emptyHint: '关注、发消息或点菜单，每一次推送、判定和付款都会在这里一步步展开。',
    latest: '跟随最新',
    latestLong: '总是显示最新的一条',
    copy: '复制为规则测试',
    copied: '测试已复制，粘贴到规则文件的 tests: 下面',
    copyWhere: (campaign: string | undefined): string =>
      `粘贴到${campaign ? `活动 ${campaign} 的` : ''}规则文件的 tests: 下面`,
    copyLong: '点一下复制',
    copyNone: '还没有可以写成测试的事件',
    push: '推送',
    decision: '判定',
    payout: '付款',
    none: '无',
    outcome: {
      pending: '等待回答',
      reply: '已回复',
      success: '已接收',
      failure: '失败',
    } satisfies Record<Push['outcome'], string>,
    noBot: '模拟器单独运行，后面接的不是 hongbao-bot，所以看不到判定与付款。推送的全过程照常显示。',
    noDecision: '机器人还没有记下这一条。',
    noDecisionFailed: '机器人没有处理这一条：推送没有送达。',
    kind: { won: '中奖', nothing: '未中奖', answered: '自动回复', ignored: '无规则命中' },
    refusal: {
      notStarted: '活动未开始',
      ended: '活动已结束',
      closed: '不在时段内',
      notEligible: '不符合条件',
      already: '已经领过',
      limited: '达到上限',
      soldOut: '已经发完',
      halted: '发放暂停',
    } satisfies Record<Refusal, string>,
    campaign: '活动',
    rule: '规则',
    prize: '奖品',
    file: '规则文件',
    reply: '回复',
    noReply: '不回复',
    noTrace: '没有规则与它有关。',
    passed: '通过',
    notPassed: '不通过',
    state: {
      planned: '已登记',
      sending: '发送中',
      unknown: '结果未知',
      held: '暂缓',
      sent: '待领取',
      received: '已领取',
      refunded: '已退回',
      failed: '未付出',
    } satisfies Record<PayoutState, string>,
    noPayout: '这一条不涉及付款。',
    noPayoutYet: '付款还没有登记。',
    bill: '商户订单号',
    numberOf: (n: number): string => `第 ${n} 个单号`,
    listId: '微信单号',
    amount: '金额',
    tries: '调用次数',
    times: (n: number): string => `${n} 次`,
    next: '下次动作',
    inTime: (seconds: number): string =>
      seconds <= 0
        ? '马上'
        : seconds < 90
          ? `${seconds} 秒后`
          : seconds < 5400
            ? `${Math.round(seconds / 60)} 分钟后`
            : '',
    problem: '问题',
    history: '经过',
    opened: '粉丝已经拆开；机器人在下次查询时得知。',
    attempt: (n: number): string => `第 ${n} 次`,
    noAnswer: '无应答',
    query: '网址参数',
    clear: '明文',
    clearNote: '加密之前的推送',
    body: '请求原文',
    answer: '回答',
    answerRaw: '回答原文',
    answerEmpty: '（空）',
    noTry: '正在投递…',
  },

  event: {
    text: '文本',
    image: '图片',
    voice: '语音',
    video: '视频',
    location: '位置',
    link: '链接',
    subscribe: '关注',
    unsubscribe: '取消关注',
    SCAN: '扫码',
    CLICK: '点菜单',
    scancode_waitmsg: '菜单扫码',
    scancode_push: '菜单扫码',
    VIEW: '菜单链接',
    LOCATION: '上报位置',
  } as Readonly<Record<string, string>>,

  date: {
    yesterday: '昨天',
    weekdays: ['星期日', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六'] as readonly string[],
    monthDay: (month: number, day: number): string => `${month}月${day}日`,
  },
};

export type Words = typeof zh;

export const wordsOf = (lang: Lang): Words => (lang === 'zh' ? zh : en);

/** `?lang=` decides, then the browser. */
export function readLang(): Lang {
  const asked = new URLSearchParams(location.search).get('lang');
  if (asked === 'en' || asked === 'zh') return asked;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const tagOf = (lang: Lang): string => (lang === 'zh' ? 'zh-CN' : 'en');
