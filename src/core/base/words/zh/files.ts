// Files, addresses and stores that cannot be used.
export const FILES: Readonly<Record<string, string>> = {
  'cannot be read: its disk did not answer within {1} s': '读不了：磁盘 {1} 秒内没有回答',
  'leads out of the folder of the rules': '指到了规则文件夹的外面',
  'is not a file{1}': '不是文件{1}',
  ' but a pipe (FIFO)': '，是管道（FIFO）',
  ' but a socket': '，是 socket',
  ' but a device': '，是设备',
  'more than {1}': '超过 {1}',
  'has {1} bytes; at most {2} are read': '有 {1} 个字节，最多读 {2} 个',
  'cannot be read: there is no such file': '读不了：没有这个文件',
  'cannot be read: what should be a folder on its way is a file': '读不了：路径里应该是文件夹的地方是一个文件',
  'cannot be read: this user may not; mind the rights of the file and of its folders':
    '读不了：没有权限；请看文件和上级文件夹的权限',
  'cannot be read: this user may not': '读不了：没有权限',
  'cannot be read: it is a link that leads to itself': '读不了：链接指向了自己',
  'is not a file but a socket': '不是文件，是 socket',
  'cannot be read: {1}': '读不了：{1}',
  'not UTF-8': '不是 UTF-8',
  '{1}, not UTF-8': '{1}，不是 UTF-8',
  'is {1}; save it as UTF-8': '编码{1}；请存成 UTF-8',
  '{1} pixels are too few for this code; it needs {2}': '{1} 像素对这个码太小，至少要 {2}',
  'for example redis://127.0.0.1:6379/0, redis+cluster://a:7000,b:7000 or redis+sentinel://a:26379,b:26379/mymaster':
    '例如 redis://127.0.0.1:6379/0、redis+cluster://a:7000,b:7000 或 redis+sentinel://a:26379,b:26379/mymaster',
  'store: not an address of a Redis; expected redis://HOST:PORT/DB, {1}':
    'store：不是 Redis 的地址；应为 redis://主机:端口/库号，{1}',
  'store: several hosts are a cluster or sentinels; write redis+cluster:// or redis+sentinel://':
    'store：几个主机是集群或哨兵；请写 redis+cluster:// 或 redis+sentinel://',
  'store: after the sentinels comes what they call the primary, as in /mymaster':
    'store：哨兵后面写主库的名字，例如 /mymaster',
  'store: after the host comes the number of the database, as in /0': 'store：主机后面写库号，例如 /0',
  'store: a cluster has only database 0; leave the number away': 'store：集群只有 0 号库，请删掉库号',
  'store: ?sentinelLogin=same is for redis+sentinel:// only': 'store：?sentinelLogin=same 只用于 redis+sentinel://',
  'store: a host is HOST:PORT, {1}': 'store：主机写成 主机:端口，{1}',
  'Redis refuses the user name or the password; correct them in store: of bot.yaml':
    'Redis 不接受这个用户名或密码；请改正 bot.yaml 的 store:',
  'who answers is no Sentinel; write redis:// instead of redis+sentinel://':
    '应答的不是 Sentinel；请把 redis+sentinel:// 写成 redis://',
  'no Sentinel knows the primary; start them, or correct their addresses and what they call it (after the /) in store: of bot.yaml':
    '没有 Sentinel 知道主库；请启动它们，或改正 bot.yaml 里 store: 的地址和主库名（/ 后面的）',
  'this Redis is no cluster; write redis:// instead of redis+cluster://':
    '这个 Redis 不是集群；请把 redis+cluster:// 写成 redis://',
  'this Redis is a cluster; write redis+cluster:// instead of redis://':
    '这个 Redis 是集群；请把 redis:// 写成 redis+cluster://',
  'this Redis has no database of that number; use /0': '这个 Redis 没有这个库号；请用 /0',
  'Redis cannot be reached ({1}); start it, or correct store: in bot.yaml':
    '连不上 Redis（{1}）；请启动它，或改正 bot.yaml 的 store:',
  'code {1} of this call is registered already, as another one': '这一批的第 {1} 个码已经登记过，而且内容不同',
  'store: a % in the user name or the password of a Redis is written %25':
    'store：Redis 的用户名或密码里的 % 要写成 %25',
  'store: unknown option ?{1}; known are {2}': 'store：没有 ?{1} 这个选项；有 {2}',
  '{1} cannot be read: {2}': '{1} 读不了：{2}',
  '--encoding {1}: expected one of {2}{3}': '--encoding {1}：应为 {2} 之一{3}',
  'the file is not {1}': '文件不是 {1}',
  '{1}: {2}': '{1}：{2}',
  '--fetch {1}: expected a day such as {2}, or yesterday': '--fetch {1}：应为日期，例如 {2}，或 yesterday',
  "--fetch {1}: a day's fund flow is there from 10:00 of the next day on":
    '--fetch {1}：一天的资金账单第二天 10:00 以后才有',
  '--fetch {1}: WeChat Pay hands out three months; export it in 商户平台 and name it with --funds':
    '--fetch {1}：微信支付只给三个月内的；请在商户平台导出，再用 --funds',
  'the fund flow of merchant "{1}" for {2} is not built yet; ask after 10:00':
    '商户「{1}」{2} 的资金账单还没做好；请 10:00 以后再取',
  'the fund flow of merchant "{1}" for {2} cannot be fetched: {3}': '商户「{1}」{2} 的资金账单取不到：{3}',
  'the store that `store:` names': '`store:` 写的数据库',
  ' with another secret': '，secret 也不一样',
  'account "{1}" is {2} now and was {3}: WeChat gives its followers other openids there, so what they have won before is not known, and each may take once more what a campaign gives once':
    '账号「{1}」现在是 {2}，原来是 {3}：换了 AppID，粉丝的 openid 也变了，以前领过什么就认不出来了，每个人都可能再领一次只发一次的奖',
  '{1}: accounts: account "{2}" ({3}) is called "{4}" now, and all that is known of its followers, what they have won and what is open stands under its former name: call it so again':
    '{1}：accounts：账号「{2}」（{3}）现在叫「{4}」，而它的粉丝资料、已领的奖和未完成的付款都记在原来的名字下：请改回原名',
  '{1}: merchants: merchant "{2}" ({3}) is called "{4}" now, and its open payouts, what it has paid today and whether it is halted stand under its former name: call it so again, or keep both names':
    '{1}：merchants：商户「{2}」（{3}）现在叫「{4}」，而它未完成的付款、今天已付的金额和是否暂停都记在原来的名字下：请改回原名，或者两个名字都保留',
  "the store has records of the future, up to {1}: this machine's clock was fast once, or is slow now; payouts written down meanwhile wait until then, or for `hongbao payouts retry NUMBER`":
    '数据库里有将来的记录，最晚到 {1}：这台机器的时钟曾经快过，或者现在慢了；当时记下的付款要等到那个时刻，或用 `hongbao payouts retry 单号` 提前',
  '{1} belongs to another installation ({2}), and {3} is {4}{5}: name another store under `store:`, or the configuration that belongs to this one. Who has renewed the secret, the AppID or the merchant number changes one of them at a time':
    '{1} 属于另一套系统（{2}），而 {3} 是 {4}{5}：请在 `store:` 写别的数据库，或用属于它的配置。换了 secret、AppID 或商户号的，一次只换一个',
  '. If it is left from a demo of version 0.1, remove {1}': '。如果它是 0.1 版演示留下的，请删掉 {1}',
  '{1} is the store of a real installation{2}, so the demo does not start in this folder: name its configuration (hongbao start --config FILE), or start the demo in an empty folder{3}':
    '{1} 是真实系统的数据库{2}，所以演示不在这个文件夹里启动：请写明它的配置（hongbao start --config 文件），或在空文件夹里启动演示{3}',
  'an address has no blanks in it': '网址里不能有空格',
  '"{1}" is a full-width sign; write {2}': '「{1}」是全角符号；请写 {2}',
  'expected an address such as https://example.com/, with http:// or https://':
    '应为网址，例如 https://example.com/，以 http:// 或 https:// 开头',
  'it is no address: mind the name of the host, and the port (1 to 65535)': '不是网址：请看主机名和端口（1 到 65535）',
  'a name and password in an address are not sent; write {1}': '网址里的用户名和密码不会发送；请写 {1}',
  'nothing can be joined to an address with a question mark; write {1}': '带问号的网址后面接不了东西；请写 {1}',
  'nothing can be joined to an address with "#" in it; write {1}': '带「#」的网址后面接不了东西；请写 {1}',
  'an address has no backslash; write {1}': '网址里没有反斜杠；请写 {1}',
  'its path has "//", "/." or "/.." in it; leave that out': '路径里有「//」「/.」或「/..」；请删掉',
  'a path here has letters, digits and - _ . ~ only': '这里的路径只能有字母、数字和 - _ . ~',
  'the path is added by the bot; write {1}': '路径由机器人加；请写 {1}',
  'a line break at its end': '末尾有换行',
  'a blank at its end': '末尾有空格',
  'a blank at its beginning': '开头有空格',
  'a blank inside': '中间有空格',
  'full-width letters (type them again with the input method off)': '有全角字母（请关掉输入法重新输入）',
  'characters that cannot be seen (copy it anew)': '有看不见的字符（请重新复制）',
  'quotes as part of it': '把引号也写进去了',
  '{1} characters': '{1} 个字符',
  ', ': '，',
  'signs that are neither letters nor digits': '有字母和数字以外的符号',
  '{1} {2}; name a configuration with --config FILE': '{1} {2}；请用 --config 写明配置文件',
  '{1} is not fit to start with:': '{1} 有错误，启动不了：',
  '{1} {2}; `{3}` counts from the folder of bot.yaml': '{1} {2}；`{3}` 从 bot.yaml 所在的文件夹算起',
  '{1} is empty; put the file there anew': '{1} 是空的；请重新放一份',
  '--scene "{1}": {2}': '--scene "{1}"：{2}',
  'store: the options are ?tag=NAME (letters, digits, . _ -), ?acceptLoss=1s, ?persistence=assured, ?replicas=N (0 to 5), ?tls=yes, ?sentinelLogin=same':
    'store：选项有 ?tag=名字（字母、数字、. _ -）、?acceptLoss=1s、?persistence=assured、?replicas=N（0 到 5）、?tls=yes、?sentinelLogin=same',
};
