// What commands print.
export const COMMANDS: Readonly<Record<string, string>> = {
  '--lang {1}: expected one of {2}': '--lang {1}：应为 {2} 之一',
  'a language': '语言',
  // check
  error: '错误',
  warning: '提醒',
  '{1}: {2} [{3}: {4}]': '{1}：{2} [{3}：{4}]',
  '    could be: {1}': '    可以写：{1}',
  'not looked at: {1}': '没有看：{1}',
  'not compared with what is live: {1}': '没有和线上的比较：{1}',
  ', {1} on the average; {2} is enough for some {3} claims': '，平均 {1}；{2} 大约够领 {3} 次',
  '{1}: at most {2} ({3}); a claim wins at most {4}{5}': '{1}：最多 {2}（{3}）；一次最多 {4}{5}',
  '{1} in a day, {2} in all': '一天 {1}，总共 {2}',
  '{1} in a day, and up to the budget ({2}) in all': '一天 {1}，总共可到预算 {2}',
  ' WITHOUT END': '，没有上限',
  ' with {1}': '，按{1}算',
  '{1}: one follower takes at most {2}': '{1}：一个人最多拿 {2}',
  'each payment': '每笔付款',
  'the best of luck in every draw': '每次抽奖都碰上最好的运气',
  'each friend': '每位好友',
  'each printed code': '每个码',
  '{1} files, no findings': '{1} 个文件，没有错误',
  '{1} findings in {2} files': '{2} 个文件里有 {1} 处错误',
  '{1} warnings': '{1} 个提醒',
  '{1} switched off': '关掉了 {1} 个',
  // test
  'expected  ': '应为  ',
  'got       ': '实际  ',
  'event {1}, {2}, {3}: {4}': '第 {1} 件，{2}，{3}：{4}',
  'after all events': '全部事情之后',
  'subscribe, invited by {1}': 'subscribe，{1} 邀请的',
  'subscribe through {1}': 'subscribe，扫码 {1}',
  '{1}: {2} % ({3} of {4})': '{1}：{2} %（{4} 项里的 {3} 项）',
  '    {1}:{2}:{3}: no test reaches {4}': '    {1}:{2}:{3}: 没有测试到{4}',
  'the rule "{1}"': '规则「{1}」',
  'the prize "{1}"': '奖品「{1}」',
  '{1} of "{2}"': '「{2}」的 {1}',
  'the text for {1}': ' {1} 的文字',
  'the text for {1} of "{2}"': '「{2}」的 {1} 的文字',
  'no rule': '没有规则',
  'an answer of rule {1}': '规则 {1} 的回复',
  'event {1}: ': '第 {1} 件：',
  '{1}: {2}expected {3}, got {4}': '{1}：{2}应为 {3}，实际是 {4}',
  'test "{1}": expected {2}, got {3}': '测试「{1}」：应为 {2}，实际是 {3}',
  'whether accounts exist, what merchants may pay (limits, channel), and `lint:`':
    '公众号有没有、商户能发多少（limits、channel），还有 `lint:`',
  '{1}: there is no {2}; name one with --config FILE': '{1}：没有 {2}；请用 --config 写明配置文件',
  '{1}: not all of it lies in the folder of rules of {2}; say --config {3} to judge it by that':
    '{1}：不全在 {2} 的规则文件夹里；要按它检查请加 --config {3}',
  '{1}: {2} is not fit to start with (hongbao check --config {3})':
    '{1}：{2} 有错误，启动不了（请看 hongbao check --config {3}）',
  'the other files of the folder: the same campaign or coupons twice': '文件夹里的其他文件：活动或券码有没有重复',
  '--min {1}: expected 0 to 100, per cent': '--min {1}：应为 0 到 100 的百分数',
  ', {1} findings': '，{1} 处错误',
  '{1} passed, {2} failed{3}': '通过 {1} 个，失败 {2} 个{3}',
  '; less than --min {1}': '；低于 --min {1}',
  '; --coverage names the rest': '；加 --coverage 可以看到其余的',
  'coverage {1}: the tests reach {2} of {3} rules, prizes, outcomes and texts{4}{5}':
    '覆盖率 {1}：规则、奖品、结果和文字共 {3} 项，测试到 {2} 项{4}{5}',
  // describe
  'without --config nothing is said of how a draw is verified: its commitment needs the secret of the bot':
    '没有 --config，就不写怎样验证抽奖：承诺值要用机器人的 secret 算',
  '{1}: gives something to new followers, which WeChat forbids to announce (诱导关注); take that out before it is published':
    '{1}：新关注就有东西领，微信不许事先公布（诱导关注）；公布前请删掉这一段',
  '{1}: all is well': '{1}：一切正常',
  '--prize {1} is kept for the draw "{2}"; give another prize, or --amount':
    '--prize {1} 是留给开奖「{2}」的；换一个奖品，或写 --amount',
  // The demo
  '--channel {1}: expected one of {2}': '--channel {1}：应是其中之一：{2}',
  "--channel is for the demo's merchant; in {1} it stands under merchants":
    '--channel 是演示用的；在 {1} 里写在 merchants 下面',
};
