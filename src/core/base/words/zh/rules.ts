// What is said of rule files: what their parts are, and what does not fit together.
export const RULES: Readonly<Record<string, string>> = {
  // What is written where
  'a key': '键',
  'an id': '编号',
  'a name': '名字',
  'a title': '标题',
  'a description': '描述',
  'an introduction': '介绍',
  'an organiser': '主办方',
  'a contact': '咨询方式',
  'the https address of a picture': '图片的 https 地址',
  'an address': '网址',
  'an account': '公众号',
  'a weekday': '星期几',
  'a scene': '场景值',
  'a scene or a list of scenes': '场景值，或者几个的列表',
  'a user': '用户名',
  'an order': '订单号',
  'an event': '一件事',
  'a test': '测试',
  'a code': '码',
  'a batch': '批次',
  'a rule': '规则',
  'a rule id': '规则名',
  'a campaign': '活动文件',
  'a prize': '奖品',
  'a red packet': '红包',
  'a voucher': '代金券',
  'a wallet': '钱包',
  'a round': '场次',
  'a window': '时间窗口',
  'a segment': '人群',
  'a reply': '回复',
  'a refusal': '拒绝的原因',
  'a trigger': '触发方式',
  'a keyword': '关键词',
  'a pattern': '正则',
  'a menu key': '菜单按钮的 key',
  'a media id': '素材 id',
  'a mini program': '小程序',
  'a page of the mini program': '小程序页面',
  'an AppID': 'AppID',
  'a button': '按钮',
  'a sub-button': '子按钮',
  'the name of a button': '按钮名',
  'a merchant number': '商户号',
  'a list of rules': '规则列表',
  'a list of tests': '测试列表',
  'a list of events': '事件列表',
  'a list of rounds': '场次列表',
  'a list of openids': 'openid 列表',
  'a list of triggers': '触发方式列表',
  'a list of buttons': '按钮列表',
  'a list of sub-buttons': '子按钮列表',
  'a CSV file such as staff.csv or a list of openids': 'CSV 文件名（例如 staff.csv）或 openid 列表',
  'a colour such as "#d9412b"': '颜色，例如 "#d9412b"',
  'a condition such as user.followedDays >= 7': '条件，例如 user.followedDays >= 7',
  'an account of customer service': '客服账号',
  'a text or one of { text, image, news, transfer }': '文字，或 { text, image, news, transfer } 之一',
  'a prize, a list of prizes or { 3: a prize }': '奖品、几个奖品的列表，或 { 3: 奖品 }',
  'prizes by time such as { 3: small, 7: [small, big] }': '第几次给什么，例如 { 3: small, 7: [small, big] }',
  'steps such as { ¥50.00: ¥2.00, ¥100.00: ¥5.00 }': '分档，例如 { ¥50.00: ¥2.00, ¥100.00: ¥5.00 }',
  'an amount such as ¥1.00 or ¥1.20..¥2.80, { steps: … } or { split: … }':
    '金额，例如 ¥1.00、¥1.20..¥2.80、{ steps: … } 或 { split: … }',
  'an amount such as ¥60.00 or { amount: ¥60.00, order: A1 }': '金额，例如 ¥60.00，或 { amount: ¥60.00, order: A1 }',
  'the number of its stock (批次号)': '代金券的批次号',
  'true, a scene or { scene: … }': 'true、场景值或 { scene: … }',
  'a menu key, or { key: SCAN, text: … }': '菜单按钮的 key，或 { key: SCAN, text: … }',
  'a menu key, a list of keys or { key: …, text: … }': '菜单按钮的 key、几个的列表，或 { key: …, text: … }',
  'what was scanned': '扫到的内容',
  'what the order carries': '订单的附加数据',
  'codes such as { 7K2MX9PQR4AB: { batch: spring, prize: a } }':
    '码，例如 { 7K2MX9PQR4AB: { batch: spring, prize: a } }',
  'wallets such as { 机会: 1 }': '钱包，例如 { 机会: 1 }',
  'passwords by day such as { 2026-03-01: 阿茶上新 }': '每天的口令，例如 { 2026-03-01: 阿茶上新 }',
  'a CSV file such as passwords.csv or { 2026-03-01: 阿茶上新 }':
    'CSV 文件名（例如 passwords.csv）或 { 2026-03-01: 阿茶上新 }',
  'a keyword, a list of keywords or { contains: … }': '关键词、几个的列表，或 { contains: … }',
  'a text, a list of texts or { contains: … }': '文字、几个的列表，或 { contains: … }',
  'a trigger such as subscribe or { text: 红包 }': '触发方式，例如 subscribe 或 { text: 红包 }',
  'its batch: { code: spring }': '批次：{ code: spring }',
  'what the friend did': '朋友做了什么',
  'what the friend did: { friend: followed } or { friend: paid }':
    '朋友做了什么：{ friend: followed } 或 { friend: paid }',
  'what a claim is called that only counts': '只计数的那一次的叫法',
  'the prize a code was printed with': '印码时定下的奖品',
  // Names
  campaign: '活动',
  rule: '规则',
  round: '场次',
  prize: '奖品',
  wallet: '钱包',
  segment: '人群',
  batch: '批次',
  store: '门店',
  openid: 'openid',
  password: '口令',
  vouchers: '代金券',
  'red packets': '红包',
  'password of that day': '当天的口令',
  '; {1}': '；{1}',
  'unknown {1} "{2}"{3}': '没有{1}「{2}」{3}',
  'the {1} "{2}" is there already, in line {3}': '{1}「{2}」在第 {3} 行已经写过了',
  '"{1}" is {2}; give the prize another name': '「{1}」是{2}，奖品请另取名字',
  'the trigger "{1}" needs {2}': '「{1}」后面要写{2}',
  'unknown trigger "{1}"{2}': '没有「{1}」这种触发方式{2}',
  'the keyword is empty once spaces are taken away': '关键词去掉空格以后是空的',
  '"*" may stand only at the end: "{1}"': '「*」只能写在最后：「{1}」',
  '`was` says that the {1} is another one renamed, `new` that it is none; write one of them':
    '`was` 表示这个{1}是改了名字，`new` 表示是新的，只能写一个',
  '"{1}" is its own name; `was` says what the {2} was called before':
    '「{1}」就是它自己的名字；`was` 里写这个{2}以前的名字',
  '`was: {1}`: the {2} "{3}" is still there{4}; leave `was` out, or take that one out':
    '`was: {1}`：{2}「{3}」还在{4}；请删掉 `was`，或者删掉那一个',
  ', in line {1}': '，在第 {1} 行',
  '"{1}" stands in `was` twice': '「{1}」在 `was` 里写了两次',
  '"{1}" was "{2}" already; a {3} goes on as one other, so only one of them can say it':
    '「{1}」已经写了以前叫「{2}」；一个{3}只能由另一个接着算，只能有一个这样写',
  '{1} gives the coupons of {2} as well: each would be given twice': '{1} 也在发 {2} 里的券码，每个码会发两次',
  'the campaign "{1}" is in {2} as well; give one of them another id': '活动「{1}」在 {2} 里也有，请给其中一个换编号',
  '`was: {1}`: the campaign "{2}" is still there, in {3}; leave `was` out, or take that file out':
    '`was: {1}`：活动「{2}」还在 {3} 里；请删掉 `was`，或者拿走那个文件',
  '"{1}" in {2} was "{3}" as well; a campaign goes on as one other, so only one of them can say it':
    '{2} 里的「{1}」也写了以前叫「{3}」；一个活动只能由另一个接着算，只能有一个这样写',
  // Placeholders
  'unknown placeholder {{{1}}}{2}': '没有占位符 {{{1}}}{2}',
  'a placeholder is written {{amount}}, with two braces on both sides': '占位符两边都是两个花括号，例如 {{amount}}',
  // The file as a whole
  'the period ends ({1}) before it begins ({2})': '活动结束时间（{1}）早于开始时间（{2}）',
  'the rule "{1}" is there already, in line {2}': '规则「{1}」在第 {2} 行已经写过了',
  'bot.yaml has no account "{1}"{2}': 'bot.yaml 里没有公众号「{1}」{2}',
  'missing key "account": bot.yaml has several, {1}': '缺少 account：bot.yaml 里有几个公众号：{1}',
  'in rehearse a campaign exists only for its testers; add testers: [openid] or testers: testers.csv':
    '彩排只对名单里的人有效；请加 testers: [openid] 或 testers: testers.csv',
  'without a mode the campaign is live for everybody; write mode: rehearse, or mode: live':
    '不写 mode 就是对所有人上线；请写 mode: rehearse 或 mode: live',
  'perDay {1} is more than total {2}': 'perDay {1} 比 total {2} 还多',
  'packetsPerDay {1} is more than packets {2}': 'packetsPerDay {1} 比 packets {2} 还多',
  'missing key "sendName" in packet: whom the red packet is from': 'packet 里缺少 sendName：红包是谁发的',
  'the name has {1} bytes and would be packet.actName, of at most {2}; write a shorter packet.actName':
    '活动名有 {1} 个字节，会用作 packet.actName（最多 {2} 个）；请写一个短一点的 packet.actName',
  // Merchants
  'it pays {1}, but account "{2}" has no merchant; add `merchant:` to it in bot.yaml':
    '本活动发{1}，但公众号「{2}」没有商户；请在 bot.yaml 里给它加 `merchant:`',
  'prize "{1}" is a voucher, and merchant "{2}" sends none; add `vouchers: true` to it in bot.yaml, with its keys of API v3':
    '奖品「{1}」是代金券，而商户「{2}」不发代金券；请在 bot.yaml 里给它加 `vouchers: true` 和 API v3 的密钥',
  'prize "{1}" is a group packet, which merchant "{2}" cannot pay by {3}; leave `shares` out':
    '奖品「{1}」是裂变红包，商户「{2}」用 {3} 发不了；请删掉 `shares`',
  'prize "{1}" is {2}..{3}, merchant "{4}" pays {5}..{6}; change the prize, or `limits` in bot.yaml if WeChat Pay granted more':
    '奖品「{1}」是 {2}..{3}，商户「{4}」只能发 {5}..{6}；请改奖品，微信支付放宽了的话改 bot.yaml 的 `limits`',
  'prize "{1}" comes to {2}, which merchant "{3}" cannot pay: {4}': '奖品「{1}」最多 {2}，商户「{3}」发不了：{4}',
  // Odds
  '"{1}" is the fallback, by which odds stay as they are; leave `odds` out':
    '已经有替补「{1}」，概率不会变；请删掉 `odds`',
  '; the fallback "{1}" can run out itself ({2})': '；替补「{1}」自己也会没有（{2}）',
  '"{1}" drops out of this draw ({2}), and then "{3}"{4} is drawn with {5} instead of {6}{7}. Write fallback: true in a prize without limits that is given in place of what is gone: the odds stay as they are; or odds: rise in the rule if this is meant':
    '「{1}」会先没有（{2}），那时「{3}」{4}的概率从 {6} 变成 {5}{7}。请给一个没有限制的奖品写 fallback: true，没有了就给它，概率不变；如果就是要这样，请在规则里写 odds: rise',
  'its list {1} ends': '券码 {1} 会发完',
  'unlockAfter {1}': 'unlockAfter {1}',
  'its window': '有时间窗口',
  'its round ends': '一场会发完',
  'its steps begin at {1}': '分档从 {1} 起',
  // Prizes
  '"{1}" is worth money; what is given when nothing is left must cost nothing':
    '「{1}」要花钱；替补不能花钱，可以是 nothing 或券码',
  '"{1}" is a code or link that is given instead, and nobody is told it: write {{coupon}} in its `reply`':
    '「{1}」是改发的券码或链接，却没有告诉本人：请在它的 `reply` 里写 {{coupon}}',
  'WeChat Pay refuses nobody "{1}": only red packets and vouchers have `fallbackTo`':
    '微信支付不会拒发「{1}」：只有红包和代金券写 `fallbackTo`',
  '"{1}" is no consolation: `fallbackTo` names a red packet, a voucher, a coupon, a text or goods':
    '「{1}」不能改发：`fallbackTo` 写一个红包、代金券、券码、text 或实物',
  '"{1}" has no amount outside of its rule; `fallbackTo` names one of a plain amount':
    '「{1}」离开它的规则就没有金额；`fallbackTo` 写一个金额写明的奖品',
  '"{1}" is kept for a draw, which gives all of it': '「{1}」留给开奖，全部由开奖发出',
  '"{1}" falls back to itself in the end, by "{2}"': '「{1}」经过「{2}」又改发成自己',
  '"{1}" is worth {2}, more than "{3}", {4}; what is given instead is no dearer':
    '「{1}」值 {2}，比「{3}」的 {4} 贵；改发的不能更贵',
  '"{1}" is the fallback already; there is one in a campaign': '「{1}」已经是替补，一个活动只能有一个',
  'a weight of 0 is never drawn; take "{1}" out of `give` instead': '权重 0 永远抽不中；请把「{1}」从 `give` 里删掉',
  '{1} {2} is more than stock {3}': '{1} {2} 比 stock {3} 还多',
  '{1} is more than WeChat Pay ever takes off by one voucher, {2}': '{1} 超过了一张代金券的上限 {2}',
  'prize "{1}" is worth {2}, more than budget.total {3}': '奖品「{1}」是 {2}，比 budget.total {3} 还多',
  'prize "{1}" is worth {2}, more than budget.perDay {3}: nobody could win it':
    '奖品「{1}」是 {2}，比 budget.perDay {3} 还多，谁也中不了',
  '{1} is more than WeChat ever pays in one red packet, {2}': '{1} 超过了一个红包的上限 {2}',
  '{1} is less than WeChat ever pays in one red packet, {2}; without a scene it is {3}':
    '{1} 低于一个红包的下限 {2}；没有 scene 时下限是 {3}',
  'below {1}': '低于 {1}',
  'above {1}': '高于 {1}',
  'WeChat pays an amount {1} only with a scene: add packet.scene, one of {2}':
    '{1} 的红包要有场景：请写 packet.scene，可以是 {2}',
  'a group packet has one amount for the whole group; write redpacket: ¥10.00, not a range':
    '裂变红包的金额是整组的；请写 redpacket: ¥10.00，不写区间',
  'only a red packet has shares; leave the key out': '只有红包能写 shares；请删掉这个键',
  '{1} shares need at least {2}: ¥1.00 each on the average': '{1} 份至少要 {2}：平均每份 ¥1.00',
  'a group packet has at most {1}': '裂变红包最多 {1}',
  'steps go from the smallest to the largest: {1} stands behind {2}': '分档要从小到大：{1} 写在了 {2} 后面',
  'the window ends ({1}) before it begins ({2})': '窗口的结束（{1}）早于开始（{2}）',
  '{1} is outside the period, {2}': '{1} 不在活动时间里（{2}）',
  'the campaign is closed in these hours: nobody could win it': '这段时间活动不开放，谁也中不了',
  'stock {1} is more than the {2} coupons in {3}': 'stock {1} 比 {3} 里的 {2} 个券码还多',
  '{1} is the list of "{2}" already: each coupon would be given twice': '{1} 已经是「{2}」的券码，每个码会发两次',
  // Rounds
  'the round "{1}" is there already, in line {2}': '场次「{1}」在第 {2} 行已经写过了',
  'perRound is about rounds, and the campaign has none': 'perRound 是按场次算的，本活动没有 rounds',
  'once: perRound is about rounds, and the campaign has none': 'once: perRound 是按场次算的，本活动没有 rounds',
  '`opensAfter` is about rounds, and the campaign has none': '`opensAfter` 是按场次算的，本活动没有 rounds',
  '{1} is over after {2}, before the rule opens': '{1} 在 {2} 后结束，规则还没开放',
  'the round is outside the period, {1}': '这一场不在活动时间里（{1}）',
  'the campaign is closed for some of the round: look at hours and weekdays in `period`':
    '这一场有一部分时间活动不开放：请看 `period` 的 hours 和 weekdays',
  'this round is earlier than the one above it; write rounds in the order of time':
    '这一场早于上面一场；场次请按时间先后写',
  'this round begins before the one above it is over, at {1}': '上面一场 {1} 才结束，这一场就开始了',
  'the rounds{1} come to {2}, more than {3} {4}': '各场{1}一共 {2}，比 {3} {4} 还多',
  'the rounds{1} have {2} packets, more than {3} {4}': '各场{1}一共 {2} 个红包，比 {3} {4} 还多',
  ' of {1}': '（{1}）',
  '"{1}" is a share of a round, and the campaign has no `rounds`; add them, or write an amount':
    '「{1}」要分一场的总额，而本活动没有 `rounds`；请加上场次，或者写金额',
  '"{1}" shares the rounds already; a round has one total, for one prize':
    '「{1}」已经在分各场的总额；一场只有一个总额，只能给一个奖品分',
  'no prize keeps to the packets and the total of a round; write redpacket: { split: ¥1.00..¥66.00 } in one of them':
    '没有奖品按场次的个数和总额来分；请在一个奖品里写 redpacket: { split: ¥1.00..¥66.00 }',
  '{1} packets of {2}..{3} come to {4} at least and {5} at most, never to {6}':
    '{1} 个 {2}..{3} 的红包最少 {4}、最多 {5}，凑不成 {6}',
  // Rules
  'a rule that gives something has no `reply`; write `replies: { {1}: … }`':
    '给东西的规则不写 `reply`；请写 `replies: { {1}: … }`',
  'the rule hands out a code and does not say it: add reply: 你的专属码 {{invite}}':
    '规则发专属码，但没有说出来：请加 reply: 你的专属码 {{invite}}',
  'the rule does nothing: it needs `give` or `reply`': '这条规则什么也没做：请写 `give` 或 `reply`',
  '`replies` are for what `give` comes to; a rule that gives nothing has one `reply`':
    '`replies` 是给东西的规则用的；只回复的规则请写 `reply`',
  '`who` says who may get something; a rule that gives nothing answers everybody':
    '`who` 写谁可以领；只回复的规则回答所有人，请删掉',
  '`once` says how often one may get something; a rule that gives nothing always answers':
    '`once` 写多久能领一次；只回复的规则每次都回答，请删掉',
  '`{1}` is about getting something, and this rule gives nothing; add `give`':
    '`{1}` 只用在给东西的规则上；请加 `give`，或删掉它',
  'the prize "{1}" is there already; use `weight` to make it likelier':
    '奖品「{1}」已经写过了；要让它更容易中，请改 `weight`',
  '"{1}" goes by what was paid: the rule needs on: paid': '「{1}」按实付金额算：规则要写 on: paid',
  '"{1}" can be won only after {2} draws, and a rule with one prize draws nothing; add another one':
    '「{1}」要抽过 {2} 次才能中，只有一个奖品的规则不抽奖；请再加一个奖品',
  '"{1}" and "{2}" are both shares of a round, of which one claim takes one; leave one of them out':
    '「{1}」和「{2}」都是一场里的红包，一次只能拿一个；去掉一个',
  '{1} prizes come together, and limits.perUser.wins is {2}: nobody could ever have them':
    '{1} 样一起给，而 limits.perUser.wins 是 {2}：谁也拿不到',
  'all of these prizes can be won only after some draws: nobody could ever draw':
    '这些奖品都要抽过几次才能中，谁也抽不了第一次',
  'the number {1} is there already': '第 {1} 次已经写过了',
  'day {1} never comes: the streak begins anew after {2} days': '不会有第 {1} 天：签到 {2} 天一轮，从头再来',
  'time {1} never comes: the rule is claimed once for ever; write once: perEvent, perDay …':
    '不会有第 {1} 次：这条规则一辈子只能领一次；请写 once: perEvent、perDay……',
  '"assigned" is the prize a code was printed with: the rule needs on: { code: … }, and nothing else':
    '「assigned」是印码时定下的奖品：规则只能写 on: { code: … }',
  'a code is printed with a prize, and the campaign has no `prizes`': '码要印上奖品，而本活动没有 `prizes`',
  // Mechanics
  '`delay` is for red packets and vouchers, and this rule gives none': '`delay` 用在红包和代金券上，这条规则都不发',
  '`cancelIf` takes back what is not paid yet; add `delay`, such as delay: 24h':
    '`cancelIf` 取消还没发的；请加 `delay`，例如 delay: 24h',
  'only an order can be refunded: the rule needs on: paid': '只有订单能退款：规则要写 on: paid',
  'the campaign has no `segments`; add segments: { {1}: list.csv }':
    '本活动没有 `segments`；请加 segments: { {1}: list.csv }',
  'the segment "{1}" is both wanted and excluded': '人群「{1}」既要又不要',
  'a quiz has tries of its own, `triesPerDay`; leave `guess` out': '答题自己有次数 `triesPerDay`；请删掉 `guess`',
  '`guess` counts wrong texts: the rule needs on: { text: … } or { code: … }':
    '`guess` 数的是猜错的文字：规则要写 on: { text: … } 或 { code: … }',
  'with on: text every text is right, and nobody can guess wrong; write which texts are':
    'on: text 什么文字都算对，没有人会猜错；请写哪些文字算对',
  'missing key "looksLike" in guess: which texts are a try, such as "[一-龥]{4}"':
    'guess 里缺少 looksLike：什么样的文字算一次猜，例如 "[一-龥]{4}"',
  'nobody is invited in this campaign; add a rule with invite: { validFor: 7d }':
    '本活动没有邀请；请加一条写 invite: { validFor: 7d } 的规则',
  'WeChat keeps such a code for at most 30d': '微信的这种码最多保留 30d',
  "the id has {1} characters; with `invite` at most {2} fit into WeChat's scene":
    '编号有 {1} 个字符；有 `invite` 的活动最多 {2} 个，才放得进微信的场景值',
  'the reply hands nobody their code: write {{invite}} in it': '回复里没有给出专属码：请写上 {{invite}}',
  'a printed code stands for a prize: add give: assigned, or the prizes it can win':
    '印的码代表奖品：请加 give: assigned，或者能中的奖品',
  'a quiz is asked in the chat, and "{1}" has no answer there; begin it with on: { text: 答题 }':
    '答题要在聊天里进行，「{1}」没法在聊天里回答；请用 on: { text: 答题 } 开始',
  'pass {1} is more than questions {2}: nobody could pass': 'pass {1} 比 questions {2} 还多，谁也过不了',
  'questions {1} is more than the {2} in {3}': 'questions {1} 比 {3} 里的 {2} 道题还多',
  'no store in {1} has a scene like "{2}"': '{1} 里没有门店的场景值像「{2}」',
  'a streak counts days: write once: perDay': '连续签到按天数：请写 once: perDay',
  'a rule with `makeUp` goes on with the streak of that rule; leave `streak` out':
    '写了 `makeUp` 就接着那条规则的签到算；请删掉 `streak`',
  'a rule cannot make up for itself; name the one that has the `streak`': '不能给自己补签；请写有 `streak` 的那条规则',
  'the rule "{1}" has no `streak`: there are no days to make up for': '规则「{1}」没有 `streak`，没有可以补的天',
  'it takes {1}, more than spendPerDay {2}: nobody could pay it': '要花 {1} 个，比 spendPerDay {2} 还多，谁也花不了',
  'it takes {1}; {2} a day are free, and no rule has `earn` for "{3}": nobody could pay it':
    '要花 {1} 个，每天只送 {2} 个，也没有规则用 `earn` 得到「{3}」，谁也花不了',
  'the campaign has no `wallets`; add wallets: { {1}: {} }': '本活动没有 `wallets`；请加 wallets: { {1}: {} }',
  // Tests in the file
  'this event is earlier than the one above it; write events in the order of time':
    '这件事早于上面一件；请按时间先后写',
  'nobody is called "{1}" in this test{2}': '这个测试里没有叫「{1}」的人{2}',
  '"{1}" never followed, and {2} comes from followers only; let them subscribe before it, or visit':
    '「{1}」没有关注，{2} 只会来自关注的人；请先让他 subscribe，或者用 visit',
  'no rule has on: { code: … }': '没有规则写了 on: { code: … }',
  'a code has {1} of {2}, the last two a checksum': '码有 {1} 位，用 {2} 里的字符，最后两位是校验',
  '"{1}" is no code: {2}{3}': '「{1}」不是码：{2}{3}',
  '; write {1}{2}': '；请写 {1}{2}',
  '; write paid: { amount: ¥60.00, order: A1 }': '；请写 paid: { amount: ¥60.00, order: A1 }',
  'no event of this test pays the order "{1}"{2}': '这个测试里没有付过订单「{1}」{2}',
  // Lists beside the file
  '{1} {2}': '{1} {2}',
  'is not there; put it beside this file': '不存在；请和本文件放在一起',
  'and {1} more like these below': '下面还有 {1} 处这样的错误',
  'the file names nobody; expected an openid in the first column': '文件里没有人；第一列应为 openid',
  'no openid in this line': '这一行没有 openid',
  'no scene in this line': '这一行没有场景值',
  'no name in this line': '这一行没有名字',
  'expected hours such as 10:00-22:00, or several with a space between them, found "{1}"':
    '这里应写时段，例如 10:00-22:00，几段用空格隔开，现在是「{1}」',
  'the hours end before they begin: "{1}"; across midnight write {2}': '时段的结束早于开始：「{1}」；跨零点请写 {2}',
  'no question in this line': '这一行没有题目',
  'the answer is one of {1}, found "{2}"': '答案应为 {1} 之一，现在是「{2}」',
  'no choice {1} in this line': '这一行没有选项 {1}',
  'the choice {1} is the same as {2}': '选项 {1} 和 {2} 一样',
  'the file has no coupon; expected one a line, in the first column': '文件里没有券码；一行一个，写在第一列',
  'no coupon in this line': '这一行没有券码',
  'a coupon stands on one line': '券码要写在一行里',
  'expected a day such as 2026-03-01, found "{1}"': '这里应写日期，例如 2026-03-01，现在是「{1}」',
  'no password in this line': '这一行没有口令',
  'the file is empty; expected a first line {1}': '文件是空的；第一行应为 {1}',
  'the column "{1}" is there twice': '「{1}」列写了两次',
  'the commas are full-width; write {1}': '逗号是全角的；请写 {1}',
  'no column {1}; the first line is {2}': '缺少列 {1}；第一行应为 {2}',
  'nothing stands below the first line': '第一行下面没有内容',
  'unknown column "{1}"; did you mean "{2}"?': '没有「{1}」这一列；是不是「{2}」？',
  // Conditions
  'matches() has no bound on its cost; use contains_any(text, [words]), or on: { text: { matches: … } }':
    'matches() 可能很慢，这里不能用；请用 contains_any(text, [词])，或 on: { text: { matches: … } }',
  'a list is asked with in: "会员" in user.tags': '列表用 in 来问："会员" in user.tags',
  'nothing is ever missing here; ask for what it is: event.scene != ""':
    '这里不会有缺的值；请问它是什么：event.scene != ""',
  '"not" is written ! here': '这里「not」写作 !',
  'unknown function "{1}"{2}': '没有函数「{1}」{2}',
  '{1}() cannot stand inside another repetition': '{1}() 不能套在另一个循环里',
  'money() takes an amount as it is written elsewhere: money("¥50.00")':
    'money() 里的金额和别处一样写：money("¥50.00")',
  'the end': '结尾',
  'the condition is empty': '条件是空的',
  'the condition cannot be read here': '条件从这里起读不懂',
  '"{1}" is written {2} here': '这里「{1}」写作 {2}',
  '"{1}" is written {2}{3} here': '这里「{1}」写作 {2}{3}',
  'write a text in straight quotes: "{1}"': '文字请用半角引号："{1}"',
  'a quote is not closed': '引号没有闭合',
  'the condition is too long or nests too deeply; split the rule instead': '条件太长或套得太深；请拆成几条规则',
  'equal is written ==': '等于写作 ==',
  'an amount is written money("¥50.00") here': '这里金额写作 money("¥50.00")',
  '{1} is written as a call here: event.text.{2}("…")': '{1} 这样写：event.text.{2}("…")',
  'write "{1}" for "{2}"': '「{2}」请写作「{1}」',
  'write {1}["{2}"]: after a dot there are only plain letters': '请写 {1}["{2}"]：点后面只能是英文字母',
  '"{1}" is no name here; a text is written in quotes: "{2}"': '这里没有「{1}」这个名字；文字要加引号："{2}"',
  'something is missing before {1}': '{1} 前面少了内容',
  'these do not go together: {1}': '这两边不能放在一起：{1}',
  '; a text is written "{1}"': '；文字要写成 "{1}"',
  'unknown name "{1}"{2}{3}': '没有「{1}」这个名字{2}{3}',
  '; did you mean {1}?': '；是不是 {1}？',
  ' or ': ' 或 ',
  'unknown name "{1}"{2}': '没有「{1}」这个名字{2}',
  '; the campaign has no wallets': '；本活动没有钱包',
  'unknown wallet "{1}"': '没有钱包「{1}」',
  '{1} has no "{2}"': '{1} 里没有「{2}」',
  '{1}{2}': '{1}{2}',
  '{1}({2}){3} is not possible; it is written {4}': '不能写 {1}({2}){3}；应写 {4}',
  'a group of values': '一组值',
  'a value of kind {1}': '一个 {1} 类型的值',
  'a condition is true or false, this is {1}; compare it with something':
    '条件要么成立要么不成立，这里是{1}；请和什么比较一下',
  'there are only whole numbers here; an amount is written money("¥50.00")': '这里只有整数；金额写作 money("¥50.00")',
  'event.kind is never "{1}"{2}': 'event.kind 不会是「{1}」{2}',
  'now.weekday is never "{1}"{2}': 'now.weekday 不会是「{1}」{2}',
  'now.day is never "{1}"; a day is written "2026-02-10"': 'now.day 不会是「{1}」；日期写作 "2026-02-10"',
  '; the campaign has no segments': '；本活动没有人群',
  'unknown segment "{1}"{2}': '没有人群「{1}」{2}',
  'event.text is never "{1}": it is seen as "{2}"; write it so':
    'event.text 不会是「{1}」：比较时看作「{2}」；请这样写',
  // What a trigger is about
  '{1} "{2}"': '{1}「{2}」',
  'payments with': '付款，附加数据',
  'codes of "{1}"': '批次「{1}」的码',
  'a new follower': '新关注的人',
  'the scene': '场景值',
  'who leaves': '取消关注的人',
  'every scan': '所有扫码',
  'voice messages': '语音',
  'the button': '按钮',
  'every link of the menu': '菜单里的所有链接',
  'the link': '链接',
  'the scanner of the button': '扫码按钮',
  '{1} scanned with the button "{2}"': '{1}（用按钮「{2}」扫到）',
  'texts with "{1}"': '含「{1}」的文字',
  'texts like "{1}"': '符合「{1}」的文字',
  'every text': '所有文字',
};
