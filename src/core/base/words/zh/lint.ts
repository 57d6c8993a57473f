// Warnings: what a rule file may say, and yet is likely a mistake, dangerous, or against somebody's rules.
export const LINT: Readonly<Record<string, string>> = {
  'who keeps it': '谁在用',
  'what it is for': '用来做什么',
  'how long it is kept': '保存多久',
  'the consent does not say {1}: who agrees must know': '同意的话里没有写{1}：同意的人要知道',
  'every password of "{1}" is of a day on which the campaign is not on: the first of {2}; it is on from {3} to {4}':
    '「{1}」的口令没有一个是活动期里的：第一个是 {2} 的，活动从 {3} 到 {4}',
  'no day on which the campaign is open is one': '活动开放的日子里，没有一天',
  'no hour at which the campaign is open is one': '活动开放的时段里，没有一个钟点',
  '"{1}" never fires: {2} at which its when holds': '「{1}」永远轮不到：{2}能让它的 when 成立',
  '{1} is open at the beginning of {2}, and not after its evening, which is {3}; for a whole night write both days, and when: (now.weekday == "{4}" && now.hour >= {5}) || (now.weekday == "{6}" && now.hour < {7}) in the rules':
    '{1} 开放的是 {2} 这一天的凌晨，不是它晚上过后的 {3} 凌晨；要一整夜，两天都写上，再在规则里写 when: (now.weekday == "{4}" && now.hour >= {5}) || (now.weekday == "{6}" && now.hour < {7})',
  '"{1}" is no placeholder, followers read it as it is; write {2}': '「{1}」不是占位符，粉丝看到的就是它；写成 {2}',
  // On what they rest
  'the budget, limits and prizes of this file': '本文件的预算、限额和奖品',
  'the limits of this file': '本文件的限额',
  'rules are asked from top to bottom, files in the order of their names; the first decides':
    '规则从上往下问，文件按名字的顺序问，第一个说了算',
  'the replies of this file': '本文件的回复',
  'rules of the Official Accounts platform, 3.3 (as of 2026-06-20): inducing to follow (诱导关注)':
    '微信公众平台运营规范 3.3（2026-06-20）：诱导关注',
  'rules of WeChat for outside links, 2.1.2 (2019-10-28): inducing to share (诱导分享)':
    '微信外部链接内容管理规范 2.1.2（2019-10-28）：诱导分享',
  'Anti-Unfair Competition Law (2025-10-15), Provisions on Promotions (2020-12-01): sales with prizes':
    '反不正当竞争法（2025-10-15）、规范促销行为暂行规定（2020-12-01）：有奖销售',
  'WeChat Pay, sendredpack': '微信支付 发放红包接口',
  'customer service messages: 5 within 48 hours of a message, 3 within a minute of following, scanning or tapping the menu':
    '微信客服消息：用户发消息后 48 小时内 5 条，关注、扫码、点菜单后 1 分钟内 3 条',
  '{1}; the number of prizes that was published must be given': '{1}，公布的奖品数量要能兑现',
  '{1}: 30 a second unless more is granted': '{1}：默认每秒 30 个',
  "{1}: a merchant's total a day, ¥1000000.00 unless more is granted": '{1}：商户每天的总额，默认 ¥1000000.00',
  '{1}: 10 packets and ¥1000.00 a day for one follower': '{1}：同一用户每天 10 个、¥1000.00',
  'an order can be refunded, a red packet that has left cannot': '订单可以退款，发出的红包追不回来',
  'WeChat Pay, group packets: no longer kept up since 2024-06-05': '微信支付 裂变红包：2024-06-05 起不再维护',
  '{1}: an account of 商家红包 refuses scene_id': '{1}：商家红包账号传 scene_id 会失败',
  '{1}: an act_name of more than 10 characters is refused (as measured)': '{1}：act_name 超过 10 个字会被拒绝（实测）',
  'once is ever by default: once for each, for ever': 'once 默认 ever：每人一辈子一次',
  'the page, payments and friends do not tell whether somebody follows; WeChat has to be asked':
    '活动页、付款、好友的事不说明本人是否关注；要问微信（获取用户基本信息）',
  'the period of this file': '本文件的活动时间',
  'a file that gives money has tests before it goes live': '发钱的文件上线前要有测试',
  'a live campaign was changed: what was claimed and counted stays': '上线的活动改了：已经领过、数过的都算数',
  'passive replies of WeChat: a text has at most 2048 bytes': '微信被动回复：文字最多 2048 字节',
  '{1}; {2}': '{1}；{2}',
  'notice of WeChat on red packets (2016): what is not cash is not called one':
    '微信公众平台关于红包的公告（2016）：不是现金的不叫红包',
  'rules of the Official Accounts platform (as of 2026-06-20): gambling and lotteries; regulations on lotteries (2009-07-01)':
    '微信公众平台运营规范（2026-06-20）：赌博、彩票类内容；彩票管理条例（2009-07-01）',
  'Anti-Unfair Competition Law (2025-10-15): false advertising': '反不正当竞争法（2025-10-15）：虚假宣传',
  '{1}: what is told must be clear; rules of the Official Accounts platform (as of 2026-06-20)':
    '{1}信息要明确；微信公众平台运营规范（2026-06-20）',
  '{1}: the number of prizes or the odds are to be published': '{1}要公布奖品数量或者中奖概率',
  'Anti-Unfair Competition Law (2025-10-15): the highest prize of a draw is worth ¥50000.00 at most':
    '反不正当竞争法（2025-10-15）：抽奖式有奖销售，最高奖不超过 ¥50000.00',
  '# lint-off: id why': '# lint-off: 编号 原因',
  'what lint in bot.yaml makes an error cannot be switched off in a file':
    'bot.yaml 的 lint 设成 error 的，文件里不能关',
  // What WeChat and the law forbid
  '"感谢关注" may be said; let the condition be a scan in the shop, a word to send, a payment or a quiz, not following':
    '「感谢关注」可以说；领取的条件写成到店扫码、回复口令、消费、答题，不写关注',
  'say nothing of the gift beforehand, give it with the first words after following; speak of other campaigns in public':
    '见面礼事先不说，只在关注后的第一句话里送；公开的文字里写别的活动',
  'reward what friends do, such as coming to the shop or ordering, not sharing, likes or bringing people':
    '奖励朋友到店、下单一类的行为，不奖励分享、转发、集赞、助力、拉人',
  'write 抽奖 and 中奖概率, not 彩票, 博彩 or 下注': '写「抽奖」「中奖概率」，不写彩票、博彩、下注',
  'say the odds, or give who draws nothing a fallback prize': '写明中奖概率，或者给没抽中的人一份 fallback 奖品',
  '"{1}" gives "{2}" as often as one follower likes{3}, and "{4}" gives {5} for them: nothing but the budget ends it; add earnPerDay to the wallet "{6}", once: perDay to "{7}", or limits: { perUser: { perDay: 1 } }':
    '「{1}」让一个人想得多少次「{2}」就得多少次{3}，「{4}」又用它换{5}：除了预算没有别的上限；给钱包「{6}」写 earnPerDay，或给「{7}」写 once: perDay，或写 limits: { perUser: { perDay: 1 } }',
  '{1} is a new claim on "{2}"{3}, and each may bring {4}: nothing about one follower ends it, one alone can take the whole budget; {5}':
    '{1}在「{2}」上都算新的一次{3}，每次可得{4}：没有针对一个人的上限，一个人就能拿走全部预算；{5}',
  'what "{1}" takes it gives back, so that every message': '「{1}」收走的又还回来，所以每条消息',
  'every payment': '每笔付款',
  'every friend': '每位好友',
  'every time somebody follows again': '每次重新关注',
  'every message': '每条消息',
  ' for {1}': '（花 {1}）',
  something: '奖品',
  'add limits: { perUser: { perDay: 1 } }, or a perUser to each prize':
    '写 limits: { perUser: { perDay: 1 } }，或给每个奖品写 perUser',
  'write on: { paid: { over: … } } with more than {1}, or {2}': '写 on: { paid: { over: … } }，金额高于 {1}，或{2}',
  'write on: { friend: { paid: { over: … } } } with more than {1}, or {2}':
    '写 on: { friend: { paid: { over: … } } }，金额高于 {1}，或{2}',
  'add limits: { perUser: { perDay: 1 } }, or once: perDay': '写 limits: { perUser: { perDay: 1 } }，或 once: perDay',
  'it needs a rule that gives something': '需要一条给奖品的规则',
  'offers something for following the account': '是用好处换关注',
  'announces what new followers get': '事先说了新关注的人能得到什么',
  'offers something for sharing, or for bringing people': '是用好处换分享或拉人',
  'is a word of lotteries and gambling': '是彩票、赌博的说法',
  'promises that everybody wins': '保证人人中奖',
  '"{1}" {2}': '「{1}」{2}',
  'call coupons, points and goods 礼券, 奖品 or 福利; 红包 and 现金 are for cash only':
    '券、积分和实物叫「礼券」「奖品」「福利」；红包、现金只用来说现金红包',
  '"{1}" is {2}, and called {3}': '「{1}」是{2}，却叫作{3}',
  '"{1}" is said of what is no cash: nothing here is a red packet': '「{1}」说的不是现金：这里没有红包',
  '"{1}" gives something for each friend who follows; that is what WeChat closes accounts for':
    '「{1}」每来一个朋友关注就给奖励，微信会因此封号',
  'write on: { friend: paid }: the reward comes when the friend has bought something':
    '改成 on: { friend: paid }：朋友到店消费以后才有奖励',
  'no rule answers who asks for the terms; say who may take part, when, how often, what there is to win and who is behind it':
    '没有规则回答问活动规则的人；请写明谁能参加、什么时候、几次、有什么奖、谁举办',
  'the terms of a draw tell neither the odds nor how many prizes there are':
    '抽奖的活动规则里没有写概率，也没有写奖品数量',
  '"{1}" is {2}; the highest prize of a draw may be worth {3}': '「{1}」是 {2}；抽奖的最高奖不能超过 {3}',
  '"{1}" speaks of following ({2}) on {3}, which needs no follower: WeChat is asked once (user/info) about whom we have never seen, and who does not follow is not eligible; say so in a test with neverFollowed':
    '「{1}」在 {3} 上要求关注（{2}），而这些事不需要关注：没见过的人会问一次微信（user/info），没关注的不符合条件；请在测试里用 neverFollowed 写出来',
  // Limits
  '{1} {2} is never reached: {3}': '{1} {2} 用不到：{3}',
  '"{1}" is once: {2}': '「{1}」是 once: {2}',
  'perUser.{1} is {2}': 'perUser.{1} 是 {2}',
  'perUser.perDay {1} on {2} days is {3}': 'perUser.perDay {1} × {2} 天是 {3}',
  'a gap of {1} leaves time for {2} a day': '间隔 {1}，一天最多 {2} 次',
  '"{1}" is once: ever, so that one {2} counts for each follower, and no other {3} after it; write once: perEvent':
    '「{1}」是 once: ever，每人只算一个 {2}，之后的 {3} 都不算；请写 once: perEvent',
  'limits.perUser.total is {1}': 'limits.perUser.total 是 {1}',
  'limits.perUser.wins is {1}': 'limits.perUser.wins 是 {1}',
  'perDay {1} on {2} days is {3}': 'perDay {1} × {2} 天是 {3}',
  'budget.packets is {1}': 'budget.packets 是 {1}',
  'budget.packetsPerDay is {1}': 'budget.packetsPerDay 是 {1}',
  'perScene is about scanned codes, and no rule that gives something has on: scan':
    'perScene 是按扫码的场景值算的，没有给东西的规则写了 on: scan',
  'perUser.total is {1}': 'perUser.total 是 {1}',
  'amountPerDay {1} is enough for {2} packets at a scene': 'amountPerDay {1} 只够一个场景值发 {2} 个红包',
  'perScene.amountPerDay {1} is never reached: budget.perDay is {2}':
    'perScene.amountPerDay {1} 用不到：budget.perDay 是 {2}',
  '{1} is enough for {2}': '{1} 只够 {2} 个',
  'perDay {1} is never reached: {2}, {3} at most': 'perDay {1} 用不到：{2}，最多 {3}',
  'nobody can do anything with "{1}": no rule has spend: { {2}: 1 }': '「{1}」没有用处：没有规则写了 spend: { {2}: 1 }',
  'no rule has earn: { {1}: 1 }, so nothing is earned': '没有规则写了 earn: { {1}: 1 }，得不到',
  '{1} are more than earnPerDay {2}: the rest is lost': '{1} 个比 earnPerDay {2} 还多，多的不算',
  'spendPerDay is {1}': 'spendPerDay 是 {1}',
  'unlockAfter counts draws, and no rule draws among several prizes: "{1}" can never be won':
    'unlockAfter 数的是抽奖次数，没有规则在几个奖品里抽：「{1}」永远中不了',
  'merchant "{1}"': '商户「{1}」',
  'WeChat Pay': '微信支付',
  // About the comments that switch warnings off
  'say which warning: # lint-off: keyword-conflict, and why':
    '请写关哪个提醒：# lint-off: keyword-conflict，后面写原因',
  'say why behind it: # lint-off: {1} 两个文件都要答': '请在后面写原因：# lint-off: {1} 两个文件都要答',
  'there is no warning "{1}"{2}': '没有「{1}」这个提醒{2}',
  'bot.yaml makes "{1}" an error; it cannot be switched off here': 'bot.yaml 把「{1}」设成了错误，这里不能关',
  'there is no "{1}" in this file; take the comment out': '本文件没有「{1}」的提醒；请删掉这行注释',
  // Money
  'at most {1} of {2} can ever be given: {3}; lower the total, or raise that':
    '{2} 最多只能发出 {1}：{3}；请降低总额，或者放宽它',
  '{1} a day on {2} days is {3}: the total {4} can be gone after {5} of them':
    '每天 {1}，{2} 天是 {3}：总额 {4} 可能 {5} 天就发完',
  '"{1}" pays at once, and a red packet that has left stays when the order is refunded; write delay: 24h':
    '「{1}」马上发，订单退款了红包也追不回来；请写 delay: 24h',
  'nothing keeps all {1} from being given on the first of {2} days; add perDay, such as perDay: {3}':
    '活动有 {2} 天，{1} 第一天就可能发完；请加 perDay，例如 perDay: {3}',
  'it is enough for some {1} packets in the {2} hours of a day, which are gone at once when the day begins; add pace: { perHour: {3}, carryOver: true }, or open for fewer hours':
    '一天 {2} 小时只够大约 {1} 个红包，一开始就会抢完；请加 pace: { perHour: {3}, carryOver: true }，或者少开几小时',
  'a packet is {1} on the average: {2} {3} ends after some {4} of the {5}':
    '平均一个红包 {1}：{2} {3} 发大约 {4} 个就没了，到不了 {5} 个',
  '{1}, fewer than packetsPerDay {2}': '{1}，不到 packetsPerDay {2}',
  '{1}, worth {2} at most: less than perDay {3}': '{1}，最多 {2}，不到 perDay {3}',
  '{1} come to {2}, more than the total {3}: not all of them can be won': '{1} 一共 {2}，比总额 {3} 还多：不能全部中出',
  'nobody hears when {1} run out; add alertAt: [50%, 80%, 95%]':
    '{1} 快用完时没有人知道；请加 alertAt: [50%, 80%, 95%]',
  '{1} claims are some {2} packets a day; {3} gives one follower at most {4}, and the others read `limited`':
    '领 {1} 次大约是一天 {2} 个红包；{3}一天最多给一个人 {4} 个，其余的人会看到 `limited`',
  '{1} claims are some {2} a day; {3} gives one follower at most {4}':
    '领 {1} 次大约是一天 {2}；{3}一天最多给一个人 {4}',
  '{1} is more than the {2} that {3} gives one follower on one day': '{1} 超过了{3}一天给一个人的上限 {2}',
  '{1} for one day is more than {2}, which is all that {3} pays on one day': '一天 {1} 超过了{3}一天的上限 {2}',
  ', after the round is over': '，那时这一场已经结束',
  '{1} packets at {2} a second ({3}): when all are taken at once, the last of "{4}" waits {5}{6}{7}':
    '{1} 个红包，每秒 {2} 个（{3}）：同时领完的话，「{4}」的最后一个要等 {5}{6}{7}',
  ', and "{1}" queues behind it': '，「{1}」要排在后面',
  '{1} claims a minute are more than the {2} that {3} pays: the queue grows by {4} a minute':
    '一分钟 {1} 次，超过了{3}一分钟能发的 {2} 个：每分钟多排 {4} 个',
  '{1} min': '{1} 分钟',
  '{1} min {2} s': '{1} 分 {2} 秒',
  '"{1}" is a group packet; WeChat Pay deprecated these on 2024-06-05 and may refuse them':
    '「{1}」是裂变红包；微信支付 2024-06-05 起不再维护，可能会拒绝',
  'the packet\'s actName "{1}" has {2} characters; WeChat Pay refuses more than {3}: write a shorter packet.actName':
    '红包的 actName「{1}」有 {2} 个字；微信支付拒绝超过 {3} 个字的：请写短一点的 packet.actName',
  'no amount needs a scene (all are within {1} and {2}), and 商家红包 accounts refuse any; leave it out':
    '没有金额需要 scene（都在 {1} 到 {2} 之间），商家红包账号传了会失败；请删掉',
  // Odds
  'no rule gives it': '没有规则给它',
  '"{1}" can never be won: {2}': '「{1}」永远中不了：{2}',
  'limits.perUser.amountPerDay is': 'limits.perUser.amountPerDay 是',
  'limits.perScene.amountPerDay is': 'limits.perScene.amountPerDay 是',
  'budget.perDay is': 'budget.perDay 是',
  'on one day {1} gives one follower': '{1}一天最多给一个人',
  'on one day {1} pays': '{1}一天最多发',
  'it is worth {1}, and {2}': '它是 {1}，而{2}',
  'of "{1}" ({2}..{3}) the amounts above {4} can never be won: {5}':
    '「{1}」（{2}..{3}）里超过 {4} 的金额永远中不了：{5}',
  '"{1}" is worth up to {2}; the highest prize of a draw may be {3}': '「{1}」最多 {2}；抽奖的最高奖不能超过 {3}',
  'it wants {1} draws before, and one follower has at most {2} in all': '要先抽 {1} 次，而每人一共最多抽 {2} 次',
  'no round is on in its window': '它的时间窗口里没有场次',
  'the campaign has {1} days': '活动只有 {1} 天',
  'time {1} of "{2}" never comes: {3}': '「{2}」不会有第 {1} 次：{3}',
  'the budget is enough for some {1} draws, in which "{2}" is won {3} times on the average: probably nobody wins it':
    '预算大约够抽 {1} 次，「{2}」平均中 {3} 次：很可能没有人中',
  // Reach
  'the campaign was over at {1}; move the file out of the rules, or give it another period':
    '活动 {1} 已经结束；请把文件移走，或者改活动时间',
  'the campaign gives something and has no tests; add tests: with what must come of it':
    '活动给东西，却没有测试；请加 tests: 写清应该发生什么',
  'the rule "{1}" is never asked: {2} answers all of it before': '规则「{1}」永远轮不到：{2} 先回答了它的全部',
  '{1}{2} never comes to "{3}"{4}: {5} answers it before': '{1}{2}轮不到「{3}」{4}：{5} 先回答了',
  '"{1}" in line {2}': '第 {2} 行的「{1}」',
  ' from {1} to {2}': '（{1} 到 {2}）',
  // Replies
  'in a reply of "{1}"': '在「{1}」的回复里',
  'in `{1}` of "{2}"': '在「{2}」的 `{1}` 里',
  '{{{1}}} is always empty {2}; leave it out': '{{{1}}} {2}总是空的；请删掉',
  'filled in, this text can have {1} bytes; WeChat takes at most {2} (a Chinese character has 3)':
    '填好以后这段文字可能有 {1} 个字节，微信最多 {2} 个（一个汉字 3 个字节）',
  '`{1}` cannot come of "{2}"; {3}': '「{2}」不会有 `{1}`；{3}',
  '"{1}" has no text of its own for {2}: the default one is said': '「{1}」没有写 {2} 的文字：会用默认的',
  'it needs a red packet that is paid at once, or a coupon; a delayed one says `pending`':
    '要有马上发的红包或券码；延迟发放的说 `pending`',
  'it needs a prize with nothing: true': '要有写了 nothing: true 的奖品',
  'it needs a red packet': '要有红包',
  'it needs hours or weekdays in `period`, stores or rounds': '`period` 里要有 hours 或 weekdays，或者有门店、场次',
  'it needs `who`, or a list of stores': '要有 `who`，或者门店列表',
  'with once: perEvent every event is a new claim': 'once: perEvent 每件事都算新的一次',
  'it needs `limits`, or a limited prize': '要有 `limits`，或者有限制的奖品',
  'it needs a prize that can run out': '要有会发完的奖品',
  'it needs `spend`': '要有 `spend`',
  'it needs limits.perUser.gap': '要有 limits.perUser.gap',
  'it needs `guess`': '要有 `guess`',
  'it needs budget.pace or limits.perMinute': '要有 budget.pace 或 limits.perMinute',
  'it needs limits.perScene, and on: scan': '要有 limits.perScene 和 on: scan',
  'it needs several rounds': '要有几个场次',
  'it needs `delay`': '要有 `delay`',
  'it needs a red packet that `cancelIf` or the refund of an order can take back':
    '要有 `cancelIf` 或订单退款能取消的红包',
  'it needs a `give` by times, or only `earn`': '要有按次数的 `give`，或者只有 `earn`',
  'it needs `guess` or `quiz`': '要有 `guess` 或 `quiz`',
  'it needs `quiz`': '要有 `quiz`',
  'it needs on: { code: … }': '要有 on: { code: … }',
  "`{1}` is said up to {2} days after the claim, and WeChat lets it through only within 48 hours of the follower's last message":
    '`{1}` 最晚在领取 {2} 天后才说，而微信只在用户最后一条消息后 48 小时内放行',
  // What it can cost
  'pace {1} an hour gives {2} in the {3} hours of a day': '每小时 {1} 个，一天 {3} 小时是 {2} 个',
  'perScene.perDay {1} × {2} stores is {3}': 'perScene.perDay {1} × {2} 家门店是 {3}',
  'perMinute {1} gives {2} in the {3} minutes of a day': '每分钟 {1} 次，一天 {3} 分钟是 {2} 次',
  "the prizes' own perDay come to {1}": '各奖品自己的 perDay 一共 {1}',
  'the rounds of a day have {1}': '一天的各场一共 {1} 个',
  'packetsPerDay is {1}': 'packetsPerDay 是 {1}',
  'perScene.amountPerDay {1} × {2} stores': 'perScene.amountPerDay {1} × {2} 家门店',
  'the rounds of a day come to that': '一天的各场合起来就是这么多',
  'the merchant pays no more on one day': '商户一天最多发这么多',
  '{1}, and there are {2} days': '{1}，一共 {2} 天',
  'there are {1} prizes in all': '奖品一共 {1} 个',
  'the rounds have {1}': '各场一共 {1} 个',
  '{1} a day ({2}) on {3} days': '每天 {1}（{2}）× {3} 天',
  'packets is {1}': 'packets 是 {1}',
  'all prizes in stock come to that': '所有奖品合起来就是这么多',
  'the rounds come to that': '各场合起来就是这么多',
  'to follow again after leaving is one more follow': '取消关注再关注，是又一次关注',
  'an order can be refunded, a red packet that has left cannot; pay, take, refund can go on without end':
    '订单可以退款，发出的红包追不回来；付款、领红包、退款可以没完没了',
  'texts that the bot answers by itself: 我的红包, 我的奖品, 查红包':
    '机器人自己回答的文字：我的红包、我的奖品、查红包',
  'a keyword is the whole message; its marks are part of it': '关键词要和整条消息完全相同；标点是词的一部分',
  'once counts for each rule by itself': 'once 按规则各数各的',
  'the end is not part of a time; a day ends at 24:00': '结束的那一刻不含在内；一天的结束写 24:00',
  'a file with mode: draft does not go live': 'mode: draft 的文件不上线',
  "Measures on Penalties for Infringing Consumers' Rights (2015-03-15), article 12; Provisions on Promotions (2020-12-01): no reservation of the final say":
    '侵害消费者权益行为处罚办法（2015-03-15）第十二条；规范促销行为暂行规定（2020-12-01）：不得以最终解释权排除消费者权利',
  'Anti-Unfair Competition Law (2025-10-15); Provisions on Promotions (2020-12-01): prizes are as they were announced':
    '反不正当竞争法（2025-10-15）、规范促销行为暂行规定（2020-12-01）：公布的奖品要与实际一致',
  'Provisions on Promotions (2020-12-01): of draws on the spot, prizes above ¥500.00 are published as they are won':
    '规范促销行为暂行规定（2020-12-01）：现场即时开奖，超过 ¥500.00 的要随时公布中奖情况',
  'MOF and STA notice 74 of 2019, article 3 (2019-01-01); STA letter 409 of 2015: 20 % on incidental income, withheld by whoever gives it':
    '财政部 税务总局公告 2019 年第 74 号第三条（2019-01-01 起）、税总函〔2015〕409 号：偶然所得 20 %，由发放的企业代扣代缴',
  'Personal Information Protection Law (2021-11-01), articles 14 and 17: purpose and period are told and agreed to before anything is taken; rules of the Official Accounts platform 4.16':
    '个人信息保护法（2021-11-01）第十四、十七条：收集前要告知目的、保存多久，并取得同意；微信公众平台运营规范 4.16',
  'a code or a link': '兑换码或链接',
  'a thing': '实物',
  'something for a wallet': '钱包里的东西',
  'no money': '没有钱的奖品',
  '{{amount}} is 0.00 when "{1}", {2}, is won; write {{prize}}':
    '中的是「{1}」（{2}）时，{{amount}} 是 0.00；写 {{prize}}',
  'a code or link': '兑换码或链接',
  '"{1}" is {2}, and nobody is told which: write {{coupon}} in replies.won':
    '「{1}」是{2}，却没有告诉本人是哪一个：在 replies.won 里写 {{coupon}}',
  'sent by post': '要寄的实物',
  '"{1}" is {2}, but the campaign has no `{3}`; add {4}': '「{1}」是{2}，但活动没有 `{3}`；加上 {4}',
  'a draw': '一场开奖',
  'a link or a code': '链接或兑换码',
  'the draw "{1}" is gone, and those who have a ticket have it for that one. Put it back':
    '开奖「{1}」没有了，而已经有人拿到它的抽奖号。请放回来',
  '"{1}" draws {2} instead of {3}: tickets were given for that. Put it back, and add a draw of its own for more':
    '「{1}」抽的是 {2}，原来是 {3}：抽奖号是照原来的发的。请改回去；要多抽，另加一场开奖',
  '"{1}" is drawn at {2} instead of {3}: tell those who have a ticket':
    '「{1}」改在 {2} 开奖，原来是 {3}：请告诉拿到抽奖号的人',
  // What people can take
  'the campaign is never open: no part of its period lies in its hours and on its weekdays; look at the days of the week, and at the clock of from and to':
    '活动从不开放：活动时间里没有一刻在 hours 时段、weekdays 星期之内；请核对星期几，还有 from、to 的钟点',
  'of {1} that are paid "{2}" gives {3}, and other rules give {4} to whoever paid: together more than that, for one alone or for two who agree, and nothing but the budget ends it; write over: … with more than {5}, or add limits: { perUser: { perDay: 1 } }':
    '付 {1}，「{2}」给 {3}，别的规则又给付款的人 {4}：合起来比付的还多，一个人或者两个人约好就能一直拿，除了预算没有别的上限；请写 over:，金额高于 {5}，或写 limits: { perUser: { perDay: 1 } }',
  '{1} is a new ticket for "{2}" by "{3}"{4}: one follower can have thousands, and others hardly a chance; {5}':
    '{1}都在「{3}」上得一个「{2}」的抽奖号{4}：一个人能拿几千个，别人几乎没有机会；{5}',
  'a ticket for "{1}"': '「{1}」的抽奖号',
  'one follower who does all they may takes some {1} of {2} on the average; look at what a claim costs and gives, and add limits: { perUser: { perDay: …, total: … } }':
    '一个人把能做的都做了，平均能拿走 {2} 里的大约 {1}；请核对每次花多少、得多少，并写 limits: { perUser: { perDay: …, total: … } }',
  '"{1}" gives {2} to who pays {3}: more than comes in; write over: … with more than {4}':
    '付 {3} 就能从「{1}」得 {2}：给出去的比收进来的多；请写 over:，金额高于 {4}',
  '"{1}" has no stock: "{2}" gives one to everybody who comes, and no budget ends that; write stock: with as many as there are':
    '「{1}」没有写 stock：「{2}」来一个人就给一件，预算也拦不住；请写 stock:，有多少件写多少',
  'nobody can ever pay for "{1}": it takes {2}, and the rules give less than that in all':
    '没有人付得起「{1}」：要 {2}，而全部规则加起来也给不了这么多',
  '"{1}" gives something to who unfollows; they can read no reply, and follow and leave again for more. Take the trigger out':
    '「{1}」给取消关注的人东西：他们看不到回复，还会再关注、再取消来多拿。请去掉这个触发',
  // Odds and steps
  '"{1}" is far dearer than "{2}", and likelier: weight {3} against {4}; turn them round':
    '「{1}」比「{2}」贵得多，却更容易中：权重 {3} 对 {4}；请对调',
  'all weights of this draw are {1}: "{2}" is won as often as "{3}", in 1 of {4} draws; write a weight to each':
    '这个抽奖的权重都是 {1}：「{2}」和「{3}」一样容易中，{4} 次里有一次；请给每个奖品写 weight',
  'the weights of this draw look like percentages and come to {1}: the odds of "{2}" are {3}%, not {4}%':
    '这个抽奖的权重像是百分比，加起来却是 {1}：「{2}」的概率是 {3}%，不是 {4}%',
  'who pays {1} has {2}, less than {3} for {4}; turn the amounts round':
    '付 {1} 得 {2}，比付 {4} 得的 {3} 还少；请对调',
  'the step from {1} on is never reached: the rule waits for {2} and more': '满 {1} 这一档用不到：规则要满 {2} 才算',
  // Promises
  '"{1}" is told, and by the weights the odds are: {2}': '写的是「{1}」，而按权重算的概率是：{2}',
  '"{1}" is told, and {2}; write stock: {3}, or the true number':
    '写的是「{1}」，而{2}；请写 stock: {3}，或者写真的个数',
  '"{1}" has no stock': '「{1}」没有写 stock',
  'the stock of "{1}" is {2}': '「{1}」的 stock 是 {2}',
  '"{1}" is told, and "{2}" is once: {3}': '写的是「{1}」，而「{2}」是 once: {3}',
  '"{1}" is told, and the campaign ends with {2}; write {{to}} instead':
    '写的是「{1}」，而活动最后一天是 {2}；请改写 {{to}}',
  '"{1}" hands out invitations, and no rule says what comes of them: add on: { friend: { paid: { over: … } } }':
    '「{1}」发专属码，却没有规则说朋友来了怎样：请加 on: { friend: { paid: { over: … } } }',
  // Times
  'the campaign goes on for {1} days, from {2} to {3}: is the year right?': '活动有 {1} 天，从 {2} 到 {3}：年份对吗？',
  '"{1}" is drawn on {2}, {3} days after the campaign: is the date right?':
    '「{1}」在 {2} 开奖，活动结束 {3} 天以后：日期对吗？',
  '"{1}" is drawn on {2}, and the campaign goes on for {3} days: who comes after that is in no draw':
    '「{1}」在 {2} 开奖，而活动还有 {3} 天：以后来的人赶不上开奖',
  'the draws keep {1} of {2}: nothing is left for what is won at once; raise the total':
    '开奖留走了 {2} 里的 {1}：当场中的奖没有钱可发；请提高总额',
  // Slips that mean something else
  'mode: paused: this file answers and gives nothing; take the line out when it should':
    'mode: paused：这个文件照常回答，什么也不给；要给的时候删掉这一行',
  'of whom a list does not know, a number is 0 and a text empty': '名单里没有的人，数是 0，文字是空的',
  'whatever text comes': '任何文字',
  'every text with "{1}" in it': '带「{1}」字的任何文字',
  '"{1}" gives something for {2}, also to who asks a question or complains; wait for a word that nobody says by chance':
    '「{1}」对{2}都给东西，问问题、投诉的人也会收到；请换成不会随口说到的词',
  'this holds for whoever is not in the list as well: their "{1}" is 0; add && profile["{2}"] > 0, or who: { tags: … }':
    '名单里没有的人也符合：他们的「{1}」是 0；请加 && profile["{2}"] > 0，或写 who: { tags: … }',
  '"{1}" and "{2}" give the same, and each counts `once: {3}` for itself: one follower can have both; write both triggers into one rule, or add limits: { perUser: { perDay: 1 } }':
    '「{1}」和「{2}」给的一样，`once: {3}` 却各数各的：一个人两份都能拿；请把两种触发写进一条规则，或写 limits: { perUser: { perDay: 1 } }',
  // Stocks of vouchers
  'the stock of the vouchers (代金券批次), as WeChat Pay has it now': '代金券批次，以微信支付现在的数据为准',
  'vouchers of another merchant’s stock (跨商户发券), which need a special permission': '跨商户发券：要开通特殊权限',
  'stock {1} of "{2}": {3}': '「{2}」的批次 {1}：{3}',
  'stock {1} of "{2}" is made by merchant {3}: that one must have opened it to this merchant (可发券商户), and both need the permission to give across merchants':
    '「{2}」的批次 {1} 是商户 {3} 建的：要由对方把本商户加为可发券商户，双方都要开通跨商户发券权限',
  'WeChat Pay knows no such stock of merchant {1}; look at its number, and at `creator`':
    '微信支付没有商户 {1} 的这个批次；请核对批次号和 `creator`',
  'it gives at most {1} a day, and the file {2}': '每天最多发 {1}，文件里每天发 {2}',
  'WeChat Pay knows no such stock of this merchant; look at its number, and at `creator` where another merchant has made it':
    '微信支付没有这个商户的这个批次；请核对批次号，别家建的批次要写 `creator`',
  'it is {1}, and gives nothing until it is running': '状态是 {1}，激活（running）以前发不出去',
  'it begins at {1}, after the campaign': '{1} 才开始，晚于活动',
  'it ends at {1}, before the campaign does': '{1} 就结束，早于活动',
  'one is worth {1}, and the file says {2}': '一张是 {1}，文件里写的是 {2}',
  'it is taken off from {1} on, and the file says {2}': '满 {1} 可用，文件里写的是 {2}',
  'what WeChat Pay refuses returns to the budget; what is given instead is counted by itself':
    '微信支付拒发的会退回预算，改发的奖品另外计数',
  '"{1}" is taken from a stock of vouchers, and "{2}" from the merchant\'s balance and its cash of the day':
    '「{1}」出自代金券批次，「{2}」出自商户余额，还占商户当天的现金额度',
  'the budget counts "{1}", and does not count "{2}"': '预算里算「{1}」，不算「{2}」',
  'write stock or perDay at "{1}"': '给「{1}」写 stock 或 perDay',
  '{1} are left of it, and the file promises {2}': '只剩 {1} 张，文件答应了 {2} 张',
  'it gives one follower {1}, and the file {2}': '每人最多 {1} 张，文件里是 {2} 张',
};
