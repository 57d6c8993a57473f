// What is said where a file differs from the campaign that is live.
export const LIVE: Readonly<Record<string, string>> = {
  'the campaign was over at {1}, and since then its seed may be public: every draw to come could be foretold. Leave the period as it was, and give what follows a new id with new: true':
    '活动 {1} 已经结束，种子可能已经公布，以后的每次抽奖都能被算出来。请把活动时间改回去，接下来的活动用新编号，并写 new: true',
  'account is {1} instead of {2}: its followers have other openids, and all of them may claim':
    'account 从 {2} 改成了 {1}：粉丝的 openid 都变了，所有人都能再领',
  'left out': '没写',
  'a day begins at {1} instead of {2}: who claimed in the hours between may claim once more today, and what is counted a day begins anew':
    '一天从 {2} 开始改成了从 {1} 开始：在中间这段时间领过的人今天能再领一次，按天数的都从头数起',
  'its seed is another one (`secret` in bot.yaml): what was drawn so far cannot be verified by it, and the commitment that was published no longer holds. Put the former `secret` back':
    '种子变了（bot.yaml 的 `secret`）：以前的抽奖用它验证不了，公布过的承诺值也对不上了。请改回原来的 `secret`',
  '{1} gone and {2} new: limits of a scene go by its name, and begin at nothing for a new one':
    '{1}没有了，{2}是新的：场景值的限额按名字数，新的从零数起',
  '{1} and {2} more are': '{1} 和另外 {2} 个',
  '{1} are': '{1} ',
  '{1} is': '{1} ',
  ': what was before counts as well': '：以前的也算',
  '{1}: {2}{3}': '{1}：{2}{3}',
  '{1} is new': '{1} 是新加的',
  ', so that nothing more is given': '，所以不会再发了',
  ', and {1} of {2} are used already{3}': '，已经用了 {1}，一共 {2}{3}',
  '"{1}" is once: {2} instead of {3}, and {4} claimed it: each of them may claim it again':
    '「{1}」的 once 从 {3} 改成了 {2}，{4}领过：他们都能再领',
  '"{1}" takes codes of {2} instead of {3}: those are answered as no codes now':
    '「{1}」从收批次 {3} 的码改成了收 {2} 的：那些码现在不算码了',
  'the odds of "{1}" are others from now on ({2} → {3}): publish them anew, and say from when they hold':
    '「{1}」的概率从现在起变了（{2} → {3}）：请重新公布，并说明从什么时候起',
  '"{1}" is {2} instead of {3} from now on': '「{1}」从现在起由{3}变成{2}',
  '{1} {2} is new': '{1} {2} 是新加的',
  ': what each of them won before counts as well': '：每个人以前中过的也算',
  '"{1}": {2}{3}': '「{1}」：{2}{3}',
  'nothing at all': '什么也没有',
  'a coupon': '券码',
  '{1} lines of the list of "{2}" are given, and up to there nothing may be changed, put in or taken out: others would get what somebody has, or nobody. Put these lines back as they were and add new ones at the end; or make the new list a prize of its own with new: true':
    '「{2}」的券码已经发了前 {1} 行，这些行不能改、插入或删除，否则会发错。请把这些行改回去，新的加在最后；或者把新的名单写成另一个奖品，并写 new: true',
  '{1} packets, {2}': '{1} 个，共 {2}',
  'it has {1} instead of {2}': '从 {2} 改成了 {1}',
  'its packets are {1}': '红包变了：{1}',
  'no shares of it any more': '不再分这一场的总额',
  '{1} instead of {2}': '从 {2} 改成了 {1}',
  'the seed is another one': '种子变了',
  '"{1}": {2}, and {3} of its packets are taken: the amounts were laid out beforehand, and the rest would not come to its total. Put it back as it was until {4}; for more, add a round':
    '「{1}」{2}，而这一场已经领了 {3} 个：金额是事先分好的，剩下的会凑不成总额。{4} 以前请改回去；要多发请加一场',
  'the demo': '演示',
  'no merchant': '没有商户',
  '"{1}" goes on as "{2}", but what was live as "{3}" has its claims under "{4}"; {5}':
    '「{1}」接着「{2}」算，但上线的「{3}」领取记录在「{4}」名下；{5}',
  'leave `was` out': '请删掉 `was`',
  'the campaign "{1}" is gone and "{2}" is new, and {3} claimed in "{4}": they could claim everything again.':
    '活动「{1}」没有了，「{2}」是新的，{3}在「{4}」领过：他们能全部再领一遍。',
  '{1} Say {2} if it is the same campaign under another id, or new: true if everybody may claim in it':
    '{1}如果是同一个活动换了编号，请写 {2}；如果大家都可以再领，请写 new: true',
  '`new: true` stands there since "{1}" went live, and says nothing of this: say {2}; or take "{3}" out first, and put the new one in when that is live':
    '`new: true` 是「{1}」上线时写的，说明不了这次；请写 {2}，或者先拿走「{3}」，上线以后再放新的',
  'was: {1}': 'was: {1}',
  'was: [{1}]': 'was: [{1}]',
  '1 follower has': '有 1 个人',
  '{1} followers have': '有 {1} 个人',
  'rule "{1}" is gone from "{2}" and "{3}" is new in "{4}", and {5} claimed "{6}": they could claim again. Claims stay with their campaign: put it back there, or say new: true if everybody may claim it':
    '规则「{1}」从「{2}」里没有了，「{4}」里新加了「{3}」，{5}领过「{6}」：他们能再领一次。领取记录留在原来的活动里：请放回去，如果大家都可以再领，请写 new: true',
  '{1} claimed "{2}": they could claim again': '{1}领过「{2}」：他们能再领一次',
  '{1} of "{2}" were given: its stock and its other limits would begin at nothing':
    '「{2}」已经发了 {1} 个：数量和别的限制会从零数起',
  '{1} packets of "{2}" were taken: its whole total would be given again':
    '「{2}」已经领了 {1} 个：整场的总额会再发一遍',
  '{1} claimed in the campaign: what is in "{2}" would be lost, and what is free today given again':
    '{1}在本活动领过：「{2}」里的会没有，今天白送的会再送一遍',
  '"{1}" is live: take `new: true` out, or it would hide a change of its name':
    '「{1}」已经上线：请删掉 `new: true`，不然以后改名字就看不出来了',
  'what started "{1}" starts "{2}" now, and {3}. Leave it the name it had, with `was` or without; or say new: true if everybody may claim it':
    '以前触发「{1}」的，现在触发「{2}」，{3}。请用原来的名字，或者写 `was`；如果大家都可以再领，请写 new: true',
  '{1} "{2}" would go on as "{3}", but what was live as "{4}" counts as "{5}" ({6}); {7}':
    '{1}「{2}」会接着「{3}」算，但上线的「{4}」记在「{5}」名下（{6}）；{7}',
  'write {1}, the oldest first': '请写 {1}，最早的在前',
  '{1} "{2}" is gone and "{3}" is new, and {4}.': '{1}「{2}」没有了，「{3}」是新的，{4}。',
  'everybody may claim it': '大家都可以再领',
  'it is another {1}': '是另一个{1}',
  'Say {1} if it is the same {2} under another name, or new: true if {3}':
    '如果是同一个{2}换了名字，请写 {1}；如果{3}，请写 new: true',
};
