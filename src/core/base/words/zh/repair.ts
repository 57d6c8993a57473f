// What a repair says of each number: what it brought back, and what is left to a person.
export const REPAIR: Readonly<Record<string, string>> = {
  'counter {1} stands at {2}, and its maximum is {3}': '计数器 {1} 现在是 {2}，上限是 {3}',
  'its claim is there and its payout is not, which no commit leaves behind: this store was damaged. Nobody is paid for this claim again. Take a newer backup; or look the number up in 商户平台, and if it was not paid, pay it by hand with `hongbao send`':
    '领取记录在，付款单不在：正常写入不会这样，这个存储损坏过。这次领取不会再付。请换更新的备份；或在商户平台查这个单号，没有付过就用 `hongbao send` 手工补发',
  'bot.yaml has no merchant with this merchant number any more, so WeChat Pay cannot be asked; add it again':
    'bot.yaml 里已没有这个商户号的商户，没法向微信支付查；请加回去',
  'no account in bot.yaml uses merchant "{1}"; name it there': 'bot.yaml 里没有公众号用商户「{1}」；请在那里写上',
  'it came back, and what it was worth stands in the fund flow of the day before; take that one as well':
    '钱退回来了，金额在前一天的资金账单里；把那一份也带上',
  'WeChat Pay says who has it once it is opened, and within a day it is opened or comes back; run this again then':
    '要等领取后微信支付才说是谁的；一天之内不是领了就是退回，那时再运行一次',
  'WeChat Pay does not know it yet, which proves nothing; run this again later':
    '微信支付还查不到，这不能证明什么；过一会儿再运行一次',
  'no prize of its rule is worth as much today': '它的规则今天没有这个金额的奖品',
  'the bot is changing it at this very moment; run this again': '机器人正在处理它；请再运行一次',
  'number {1} of claim {2}, whose other number has not come to nothing: perhaps paid twice':
    '领取 {2} 的第 {1} 个单号，而另一个单号并没有作废：可能付了两次',
  'who has it, and why, is not known': '谁拿到的、为什么拿到，都不知道',
  'why they got it is not known': '为什么拿到，不知道',
  'the bot is changing it at this very moment': '机器人正在处理它',
  'WeChat Pay could not be asked ({1}); the bot will': '没能向微信支付查（{1}）；机器人会去查',
  'WeChat Pay does not know it yet; the bot asks after it': '微信支付还查不到；机器人会接着查',
  'owed, and WeChat Pay knows nothing of it: it is due now': '还欠着，微信支付那边没有这个单号：现在该发了',
  'bot.yaml has no account "{1}" any more; add it again': 'bot.yaml 里已没有公众号「{1}」；请加回去',
  'no rule file has campaign "{1}" with its packet any more; add it again':
    '规则文件里已没有带 packet 的活动「{1}」；请加回去',
  'its prize is not known any more': '它的奖品已无从知道',
  'paid at WeChat Pay, although it is {1} here: `payouts settle {2} --as received`':
    '微信支付那边已付，这边是 {1}：`payouts settle {2} --as received`',
  'merchant "{1}" was {2} when it was promised, and is {3} in bot.yaml: WeChat Pay answers for it under {4} only. Set mchId, keys and certificate of then, repair, and set them back':
    '许诺时商户「{1}」是 {2}，bot.yaml 里现在是 {3}：微信支付只在 {4} 下查得到。把 mchId、密钥和证书换成那时的，修复，再换回来',
};
