// What is said of the lists that commands read: printed codes, menus, QR codes, followers to be paid.
export const LISTS: Readonly<Record<string, string>> = {
  'expected code,batch,box,prize; found {1} cells': '应为 code,batch,box,prize 四列，现在有 {1} 列',
  '"{1}" is no code: 12 letters and digits with a checksum': '「{1}」不是码：12 位字母和数字，最后两位是校验',
  '"{1}" is no name of a batch: a-z 0-9 -': '「{1}」不能作批次名：只能用小写字母、数字和「-」',
  '"{1}" is no number of a box': '「{1}」不是箱号',
  '"{1}" is no name of a prize': '「{1}」不能作奖品名',
  'a menu has at most {1} buttons; put some below another one, as `items`':
    '菜单最多 {1} 个按钮；请把几个放到另一个下面，写成 `items`',
  'a button has at most {1} sub-buttons': '一个按钮最多 {1} 个子按钮',
  '{1}; whoever taps it reads nothing': '{1}；点了没有任何回复',
  'no rule has `{1}: {2}`': '没有规则写了 `{1}: {2}`',
  'no rule can wait for `{1}: {2}`, only for what is sent after it (on: {3})':
    '规则等不到 `{1}: {2}`，只能等它之后发来的内容（on: {3}）',
  'rule "{1}" waits for `{2}: {3}`, which no button of the menu sends':
    '规则「{1}」在等 `{2}: {3}`，菜单里没有按钮会发',
  'expected a whole number from 1 to {1}': '这里应写 1 到 {1} 的整数',
  '"{1}": {2}': '「{1}」：{2}',
  'the scene is empty': '场景值是空的',
  'the scene has {1} characters; at most 64 are allowed': '场景值有 {1} 个字符，最多 64 个',
  'a scene has no line breaks and no spaces around it': '场景值不能有换行，前后不能有空格',
  'several columns, and none is named "scene" in the first line{1}': '有好几列，第一行里没有叫「scene」的{1}',
  '"{1}" stands in line {2} already': '「{1}」在第 {2} 行已经有了',
  'the file names no scene; expected one a line': '文件里没有场景值；一行一个',
  'this is no list of QR codes ({1}); move it away, or name another folder with --out':
    '这不是二维码清单（{1}）；请移走它，或者用 --out 换一个文件夹',
  'cannot be read as {1}; take the line away, and the code is made again': '读不出 {1}；删掉这一行，会重新做这个码',
  'the file names nobody below its header': '标题行下面没有人',
  'the file names nobody; expected one openid a line, or openid,amount':
    '文件里没有人；一行一个 openid，或 openid,amount',
  '"{1}" stands in no column; expected {2}': '「{1}」不在任何一列里；应为 {2}',
  'one openid a line, or openid,amount in every line': '一行一个 openid，或者每行都是 openid,amount',
  '"{1}" is no openid: {2}': '「{1}」不是 openid：{2}',
  '{1} stands in line {2} already; leave it once': '{1} 在第 {2} 行已经有了；只留一个',
  '{1} is not what merchant "{2}" pays at once: {3}..{4}': '{1} 超出了商户「{2}」一次能发的范围：{3}..{4}',
  'no amount in this line; expected one such as 1.00': '这一行没有金额；例如 1.00',
  '"{1}" is no amount; expected one such as 1.00': '「{1}」不是金额；例如 1.00',
  '"{1}": an amount has two decimals': '「{1}」：金额要有两位小数',
  ', or {1} if it was fen': '，如果写的是分，请写 {1}',
  '"{1}": an amount has two decimals: write {2}{3}': '「{1}」：金额要有两位小数，请写 {2}{3}',
  'unknown column "{1}"{2}': '没有「{1}」这一列{2}',
  'column "{1}" stands here twice': '「{1}」列写了两次',
  'no column "openid"': '没有「openid」列',
};
