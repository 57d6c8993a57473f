// What is said of draws at the end, of guarantees, duties and lists beside the rules.
export const CAMPAIGNS: Readonly<Record<string, string>> = {
  '"{1}" is void, and forbidden in the terms of a promotion; leave it out': '「{1}」无效，促销规则里禁止这样写；请删掉',
  '"{1}" is promised, and no prize is {2}: {3}': '文字说「{1}」，但没有奖品是 {2}：{3}',
  '"{1}" is drawn and worth more than {2}: who has won it must be shown while the campaign goes on':
    '「{1}」靠抽奖，又超过 {2}：活动中要随时公布中奖人',
  'what "{1}" gives is 偶然所得: the shop withholds 20 % of it and files it by the 15th of the next month (in sum, where nobody\'s name is known)':
    '「{1}」给的是偶然所得：商家要代扣 20 %，次月 15 日前申报（不知道姓名时可以汇总）',
  '"{1}" asks for {2} and does not say what for, how long it is kept, and that it is given freely':
    '「{1}」要{2}，但没说做什么用、保存多久、是否自愿',
  '"{1}" pays at once for every payment, and whoever is refunded keeps it and may pay again; write delay: 24h, or limits: { perUser: { perDay: 1 } }':
    '「{1}」每次付款都马上发，退款的人拿着红包还能再付；请写 delay: 24h，或 limits: { perUser: { perDay: 1 } }',
  'perDay {1} is the whole total: all of it can be given on the first of {2} days; lower perDay':
    'perDay {1} 就是全部总额：{2} 天里第一天就可能发完；请把 perDay 写小',
  '"{1}" is worth {2}; the highest prize of a draw may be {3}': '「{1}」值 {2}；抽奖的最高奖最多 {3}',
  'mode: draft: this file does not go live, however right it is; take the line out when it should':
    'mode: draft：文件写得再对也不会上线；要上线请删掉这一行',
  '"{1}" is one keyword, with the marks in it: who types "{2}" is not answered; write [{3}]':
    '「{1}」连同符号是一个关键词：只发「{2}」的人得不到回答；请写 [{3}]',
  'the marks around {1} belong to the keyword; write {2} without them':
    '{1} 两边的符号也算在关键词里；请去掉，只写 {2}',
  '"{1}" takes {2}, by which followers ask what became of their red packets; leave these words to the bot':
    '「{1}」用了 {2}，粉丝用这些词查自己的红包；请把这些词留给机器人',
  'the end is not inside: the campaign is over at {1}, a minute before the day is; write {2} 24:00':
    '不含结束的那一刻：活动 {1} 就结束，比当天少一分钟；请写 {2} 24:00',
  'the end is not inside: these hours are over at 23:59, and the last minute of each day is closed; write 24:00':
    '不含结束的那一刻：到 23:59 为止，每天最后一分钟不开放；请写 24:00',
  'who unfollows and follows again has "{1}" again, once: {2}; write once: ever, or on: { subscribe: { first: true } }':
    '取消关注再关注的人，「{1}」会再得一次（once: {2}）；请写 once: ever，或 on: { subscribe: { first: true } }',
  'what "{1}" ({2}:{3}) waits for, {4}, is an event of "{5}" as well: one event is answered by one campaign, the file that comes first, so "{6}" gives nothing for it; alongside: true in one of the files lets both answer':
    '「{1}」（{2}:{3}）等的{4}，「{5}」也在等：一件事只由一个活动回答，排在前面的文件先答，所以「{6}」不会给；在其中一个文件里写 alongside: true 就两个都答',
  '"{1}" and "{2}" both wait for {3}, and each counts `once: {4}` for itself: one follower can have both; add limits: { perUser: { perDay: 1 } } if one is meant':
    '「{1}」和「{2}」都等{3}，又各按 `once: {4}` 算：一个人两个都能得；只想给一个请加 limits: { perUser: { perDay: 1 } }',
  draw: '开奖',
  'the campaign has no `draws`': '本活动没有 `draws`',
  'who pays may be refunded after the draw; let the payment earn a chance and `spend` it by a word to enter':
    '付款的人可能在开奖后退款；请让付款得一次机会，再用口令 `spend` 它来参加',
  'who is drawn did nothing at that moment: leave the other triggers out':
    '被抽中的人那一刻什么也没做：请删掉别的触发方式',
  'unknown draw "{1}"; name it under `draws`': '没有开奖「{1}」；请写在 `draws` 下面',
  'nobody is drawn twice; leave `once` out': '没有人会被抽中两次；请删掉 `once`',
  'the draw "{1}" gives {2}; write give: [{3}]': '开奖「{1}」给 {2}；请写 give: [{3}]',
  '`guaranteed` is about a draw: the rule needs several prizes in `give`':
    '`guaranteed` 是给抽奖用的：规则的 `give` 要有几个奖品',
  'a streak gives by its days; leave `guaranteed` out': '连签按天数给；请删掉 `guaranteed`',
  '"{1}" is nothing; name a prize of worth': '「{1}」是没有中奖；请写有价值的奖品',
  '"{1}" is not among the prizes of `give`; add it there, or name another one':
    '「{1}」不在 `give` 的奖品里；请加进去，或写别的',
  'the draw is before the campaign begins ({1})': '开奖时间早于活动开始（{1}）',
  'no rule says what becomes of who is drawn: add on: { drawn: {1} }':
    '没有规则说抽中的人怎么办：请加 on: { drawn: {1} }',
  'nobody can enter the draw: add enter: {1} to a rule': '没有人能参加开奖：请在规则里加 enter: {1}',
  'the campaign has no `prizes`': '本活动没有 `prizes`',
  '"{1}" is nothing; a draw gives something': '「{1}」是没有中奖；开奖要给东西',
  '"{1}" is drawn at the end: it needs one amount': '「{1}」是最后开奖的：要写一个确定的金额',
  'stock {1} is less than the {2} that "{3}" draws': 'stock {1} 比「{3}」要抽的 {2} 个少',
  'the draws come to {1}, more than budget.total {2}': '各场开奖一共 {1}，比 budget.total {2} 还多',
  ' in "{1}"': '（在「{1}」里）',
  '"{1}" is there already{2}; a prize is of one draw': '「{1}」已经写过了{2}；一个奖品只属于一场开奖',
  '"{1}" is kept for the draw "{2}"; give another prize': '「{1}」留给了开奖「{2}」；请给别的奖品',
  'prize "{1}" is sent by post, and bot.yaml has no key that seals addresses; add personalKey: ${HONGBAO_PERSONAL_KEY} (make one with: openssl rand -hex 32), and keep it apart from backups of the store':
    '奖品「{1}」要寄送，而 bot.yaml 没有给地址加密的密钥；请加 personalKey: ${HONGBAO_PERSONAL_KEY}（用 openssl rand -hex 32 生成），并和数据库备份分开保管',
  'add it to `wallets`': '请写进 `wallets`',
  'with give: { all: … } write `earn` in the rule instead': '写了 give: { all: … }，请把 `earn` 写在规则里',
  '`column` says which column of a list of coupons is meant; write it beside `coupon`':
    '`column` 说的是券码在哪一列；请写在 `coupon` 旁边',
  '`ask` does not ask: write {{question}} and {{choices}} in it, or leave it out':
    '`ask` 没有问：请在里面写 {{question}} 和 {{choices}}，或删掉它',
  have: '都没有',
  has: '没有',
  '{1} is always {2} here: the rule waits for {3}, which {4} none; take it out, or wait for {5}':
    '{1} 在这里总是 {2}：规则等的是 {3}，它们{4}这个；请删掉，或改等 {5}',
  'event.kind is never "{1}" here: the rule waits for {2}; take it out, or add that trigger to on':
    'event.kind 在这里不会是「{1}」：规则等的是 {2}；请删掉，或把这种触发写进 on',
  'no hour of a day is both; across midnight write ||: now.hour >= 22 || now.hour < 6':
    '没有同时满足的钟点；跨零点请用 ||：now.hour >= 22 || now.hour < 6',
  'no payment that the rule waits for is that small, or both': '规则等的付款没有那么小的，或不能同时满足',
  '{1} is never that, or never both': '{1} 不会是那样，或不能同时满足',
  'this never holds: {1}': '这个条件永远不成立：{1}',
  'how many of each prize such as { 一等奖: 1, 二等奖: 10 }': '每个奖品几个，例如 { 一等奖: 1, 二等奖: 10 }',
  shipping: '寄送（shipping）',
  'what winners agree to': '中奖人同意的内容',
  'what it is, such as 保温杯': '是什么，例如 保温杯',
  'what it is, such as 保温杯, or { what: 保温杯, value: ¥99.00 }':
    '是什么，例如 保温杯，或 { what: 保温杯, value: ¥99.00 }',
  goods: '实物',
  'wallets such as { 敬业福: 1 }': '钱包，例如 { 敬业福: 1 }',
  'the name of a column': '列名',
  question: '题目',
  coupon: '券码',
  'no column "{1}"; the first line has {2}': '没有「{1}」这一列；第一行是 {2}',
  'which column has the coupons? Beside `coupon` write column: with its name, one of {1}':
    '券码在哪一列？请在 `coupon` 旁边写 column: 列名，可以是 {1}',
  '"{1}" looks like a heading and would be given out as a coupon: write column: {2} beside `coupon`, or take the line out':
    '「{1}」像是标题，会当成券码发出去：请在 `coupon` 旁边写 column: {2}，或删掉这一行',
  'the first line names the columns, such as openid,level,points,birthday':
    '第一行写列名，例如 openid,level,points,birthday',
  'no name in this column': '这一列没有名字',
  'this is no openid: {1}': '这不是 openid：{1}',
  'this openid is there already': '这个 openid 已经有了',
};
