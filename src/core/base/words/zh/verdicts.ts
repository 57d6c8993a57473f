// What a person may do to a payout by hand, and why not; how a draw is worked out again.
export const VERDICTS: Readonly<Record<string, string>> = {
  offered: '换新单号',
  settled: '定下结果',
  'a transfer': '转账',
  'it was never tried: it waits for its turn, for a running bot and an open merchant':
    '还没试过：在等轮到它，等机器人运行、商户没有停',
  'a call is under way, or its end was never seen: the bot asks after it by itself within 30 s':
    '正在请求，或没看到结果：机器人 30 秒内会自己去查',
  'it is with the follower, and is asked after by itself': '已经到了粉丝那里，会自动查询',
  'it is older than the 30 days WeChat Pay answers for, so nobody could tell whether it is paid twice; look it up in 商户平台':
    '超过了微信支付能查的 30 天，没法知道会不会重复付款；请到商户平台查',
  'the follower has it (received)': '粉丝已经收到（received）',
  'nobody opened it and the money came back (refunded)': '没有人领，钱已退回（refunded）',
  'nothing was paid under this number, and nothing will be (failed)': '这个单号没有付过，也不会再付（failed）',
  '{1}: that is final': '{1}：已是最终结果',
  'a call is under way; try again in {1} s': '正在请求；请 {1} 秒后再试',
  'unused, its money returns when it expires': '没有用的，过期后钱退回',
  'unopened, its money returns after {1} h': '没有拆的，{1} 小时后钱退回',
  'it is with the follower, and {1} cannot be taken back; {2}': '已经到了粉丝那里，{1}收不回来；{2}',
  'the merchant’s account says so, and not WeChat Pay': '这是商户账单说的，不是微信支付说的',
  'WeChat Pay knows no such order, which is no proof that nothing was paid; `payouts retry` tries the same number again':
    '微信支付说没有这一单，但不能证明没付过；`payouts retry` 用同一个单号再试',
  'WeChat Pay answers {1}, which does not tell whether it was paid': '微信支付回答 {1}，看不出付没付',
  'WeChat Pay could not be asked: {1}': '问不到微信支付：{1}',
  'WeChat Pay has accepted it': '微信支付已经受理',
  'WeChat Pay says {1}{2}; only {3} proves that nothing was paid': '微信支付说 {1}{2}；只有 {3} 能证明没付过',
  'a part of it was opened, so the claim is paid': '已经领了一部分，这次领取算付过',
  'it is {1}, and not given up: the bot takes care of it, `payouts retry` has it tried at once':
    '状态是 {1}，还没有放弃：机器人会处理，`payouts retry` 马上再试',
  'its order was refunded: the claim is owed no more': '订单退款了：不再欠这一笔',
  'its follower left before it was sent: the claim is owed no more': '发出以前粉丝取消了关注：不再欠这一笔',
  'WeChat Pay has said what became of it: {1} came back, the follower has the rest':
    '微信支付已经给出结果：退回 {1}，其余的粉丝已经领走',
  'it was never sent: `payouts cancel` ends it': '从来没有发过：`payouts cancel` 可以结束它',
  'WeChat Pay still answers for numbers of this age, and knows no such order; see `payouts show`':
    '这么久的单号微信支付还能查，说没有这一单；请看 `payouts show`',
  'WeChat Pay still answers for this number, and could not be asked just now: {1}':
    '这个单号微信支付还能查，刚才没问到：{1}',
  'that is no end yet': '还不是最终结果',
  'the bot books that; `payouts retry` has it asked at once': '机器人会照此记账；`payouts retry` 马上去查',
  'WeChat Pay still answers for this number, and says {1}: {2}': '这个单号微信支付还能查，说是 {1}：{2}',
  'the bot is changing it at this very moment; look again with `hongbao payouts show`':
    '机器人正在改它；请用 `hongbao payouts show` 再看',
  'another number of its claim may be paid; if it is to be sent all the same, retry it by its number':
    '同一次领取的另一个单号可能付过；确实要发，请写单号重试',
  'it was called off; if it is to be sent all the same, retry it by its number': '已经叫停；确实要发，请写单号重试',
  '; merchant "{1}" is halted, it waits for `hongbao merchant resume {2}`':
    '；商户「{1}」停了，等 `hongbao merchant resume {2}`',
  'due now{1}': '马上再试{1}',
  'cancelled; its money is back in the budget': '已取消；钱退回预算',
  '{1}, and it is not offered again': '{1}，也不会再换单号发',
  'called off before, and over: its money is back in the budget': '以前叫停的，已经结束：钱退回预算',
  '{1}; so is its successor {2} ({3})': '{1}；后一个单号 {2}（{3}）也一样',
  'its successor {1} lives: {2}': '后一个单号 {1} 还有效：{2}',
  'its successor {1} was {2}': '后一个单号 {1}：{2}',
  'It was undone before, by a refund or because its follower left: it is not sent any more, and no other number follows':
    '以前因为退款或取消关注撤回了：不会再发，也不会换单号',
  'It is called off all the same: it is not sent any more, and no other number follows (`payouts retry` takes that back)':
    '还是叫停了：不会再发，也不会换单号（`payouts retry` 可以收回这个决定）',
  '{1}. {2}': '{1}。{2}',
  'cancelled: WeChat Pay says that nothing was paid; its money is back in the budget':
    '已取消：微信支付说没有付过；钱退回预算',
  'this merchant’s channel cannot take it back': '这个商户的渠道收不回来',
  'WeChat Pay did not take it back ({1})': '微信支付没有收回（{1}）',
  'taken back; its money is back in the budget': '已收回；钱退回预算',
  'WeChat Pay takes it back; a running bot books its money once that is done':
    '微信支付正在收回；收回以后机器人会把钱记回预算',
  // verify-draw
  'claim {1}\n': '领取 {1}\n',
  'row {1}: {2}': '第 {1} 行：{2}',
  'commitment = SHA-256(seed)': '承诺值 = SHA-256(种子)',
  '"{1}" is no key of a claim; expected CAMPAIGN/RULE/OPENID/OCCASION':
    '「{1}」不是领取的键；应为 CAMPAIGN/RULE/OPENID/OCCASION',
  'the claim is of "{1}", not of "{2}"': '这次领取是「{1}」的，不是「{2}」的',
  '{1} has no rule "{2}"': '{1} 里没有规则「{2}」',
  '{1} has no prize "{2}"': '{1} 里没有奖品「{2}」',
  'was decided when the code was printed: there is no draw': '印码时已经定好：不抽',
  'digest = HMAC-SHA256(key = seed, text = claim)': '摘要 = HMAC-SHA256(密钥 = 种子, 内容 = 领取的键)',
  'luck of the prize = the first 12 hex digits / 2^48': '奖品的运气 = 前 12 位十六进制数 / 2^48',
  'luck of the amount = the next 12 hex digits / 2^48': '金额的运气 = 后 12 位十六进制数 / 2^48',
  'draw {1} without a prize': '第 {1} 次还没中',
  'day {1}': '第 {1} 天',
  'time {1}': '第 {1} 次',
  'prize by weight': '按权重抽奖品',
  'none of them was to be had': '一个也没有了',
  '"{1}", the only one': '「{1}」，只有这一个',
  fallback: '替补',
  '"{1}" was gone: "{2}"': '「{1}」发完了：「{2}」',
  '{1}–{2} "{3}"': '{1}–{2}「{3}」',
  '{1} lies in that of "{2}" ({3})': '{1} 落在「{2}」的区间（{3}）',
  'a coupon: the next line of its list': '券码：列表的下一行',
  'the same text for everybody': '每个人一样的文字',
  'by what was paid, not by luck': '按付的钱定，不靠运气',
  "the next slot of the round's layout: see --round": '本场下一个份额：见 --round',
  '{1}, whatever the luck': '{1}，和运气无关',
  '{1} fen + floor({2} × {3}) fen = {4}': '{1} 分 + floor({2} × {3}) 分 = {4}',
  '{1} has no round "{2}"; it has {3}': '{1} 里没有场次「{2}」；有 {3}',
  '{1} has no round "{2}"; it has none': '{1} 里没有场次「{2}」；一场也没有',
  '{1}: no prize is a share of a round': '{1}：没有按场次分的奖品',
  'key of the round = HMAC-SHA256(key = seed, text = "round NAME")':
    '场次的密钥 = HMAC-SHA256(密钥 = 种子, 内容 = "round 场次")',
  'numbers = HMAC-SHA256(key of the round, "0"), then "1" …: five of 12 hex digits each':
    '随机数 = HMAC-SHA256(场次的密钥, "0")，然后 "1" …：每个取五组 12 位十六进制数',
  'each / 2^48; first the amounts, then their order (core/decide/mechanics/round.ts: splitExactly)':
    '各除以 2^48；先定金额，再定顺序（core/decide/mechanics/round.ts: splitExactly）',
  amounts: '金额（全部）',
  'exactly the round': '正好是本场',
  'NOT the round': '不是本场',
  '{1} in {2} rows, {3} in all: {4}': '{1} 个，{2} 行，共 {3}：{4}',
  bounds: '范围',
  'all are within': '都在范围内',
  'NOT all are within': '不都在范围内',
  '{1}–{2}: {3}': '{1}–{2}：{3}',
  'SHA-256 over the rows (comma between amounts, a line a row)': '各行的 SHA-256（金额之间用逗号，一行一排）',
};
