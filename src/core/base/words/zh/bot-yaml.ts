// What is wrong with bot.yaml and the files it names, and what is only risky in it.
export const BOT_YAML: Readonly<Record<string, string>> = {
  'a mode': '模式',
  'the name of a merchant': '商户的名字',
  'the address of the JS-SDK, https://…/….js': 'JS-SDK 的地址 https://…/….js',
  'an address such as 127.0.0.1:3080': '地址，例如 127.0.0.1:3080',
  'a name of at most 32 letters': '最多 32 个字的名字',
  'a role': '角色',
  'the secret of an authenticator: 16 to 64 letters and digits (base32)':
    '验证器的密钥：16 到 64 位字母和数字（base32）',
  'admin: give operators, or a password where there is only one person':
    'admin：请写 operators；只有一个人时写 password',
  'there are two operators called {1}': '有两个操作员叫 {1}',
  'admin: one of the operators must be an owner, or nobody can end the sessions of others':
    'admin：操作员里至少要有一个 owner，不然没有人能让别人下线',
  'admin: secondPersonFrom needs two operators who may act, or nobody could agree':
    'admin：用 secondPersonFrom 至少要有两个能操作的人，不然没有人能复核',
  'an e-mail address': '邮箱地址',
  'a kind of webhook': 'webhook 的种类',
  'the address of the robot, https://…': '机器人的地址 https://…',
  'a signature key or token': '签名密钥或 token',
  'smtps://user:password@host:465, or smtp://host:25': 'smtps://用户:密码@主机:465 或 smtp://主机:25',
  'a list of webhooks': 'webhook 列表',
  'a time such as "09:00"': '时间，例如 "09:00"',
  "holds no RSA key; expected the merchant's private key (apiclient_key.pem)":
    '里面没有 RSA 密钥；应为商户的私钥（apiclient_key.pem）',
  'cannot be used ({1}); download it anew, it is damaged': '用不了（{1}）；文件坏了，请重新下载',
  "begins with a certificate of who issued it; put the merchant's own one first, or leave the others out":
    '开头是签发者的证书；请把商户自己的放在最前面，或删掉其他的',
  '{1} is the private key of another certificate than {2} ({3}); take both from the same download':
    '{1} 不是证书 {2}（{3}）的私钥；两个文件要取自同一次下载',
  'is no PKCS#12 file (apiclient_cert.p12): it {1}': '不是 PKCS#12 文件（apiclient_cert.p12）：{1}',
  'is a PEM file (a {1}); name it under `{2}:`, or the p12 file here':
    '是 PEM 文件（{1}）；请写在 `{2}:` 下面，这里写 p12 文件',
  "cannot be used ({1}): its password must be the merchant number, here {2}; it is another merchant's file, or its password was changed":
    '用不了（{1}）：密码应为商户号 {2}；这是别的商户的文件，或者密码改过',
  'cannot be used ({1}); it is encrypted in an old way; take the PEM pair: openssl pkcs12 -legacy -in {2} -nodes -clcerts -nokeys -out NEW_cert.pem, and the same with -nocerts -out NEW_key.pem':
    '用不了（{1}）；加密方式太旧；请转成 PEM：openssl pkcs12 -legacy -in {2} -nodes -clcerts -nokeys -out NEW_cert.pem，再用 -nocerts -out NEW_key.pem 运行一次',
  'it holds no private key': '里面没有私钥',
  'it holds no certificate': '里面没有证书',
  'it is damaged, or no PKCS#12 file': '文件坏了，或不是 PKCS#12 文件',
  'cannot be used ({1}): {2}; download apiclient_cert.p12 anew': '用不了（{1}）：{2}；请重新下载 apiclient_cert.p12',
  'serialNo {1} is that of another certificate than {2}; write {3}': 'serialNo {1} 不是 {2} 的序列号；请写 {3}',
  "expected the merchant's certificate (apiclient_cert.pem: 商户平台 → 账户中心 → API安全)":
    '应为商户证书（apiclient_cert.pem：商户平台 → 账户中心 → API安全）',
  "is the certificate of an issuer (CA), not the merchant's; {1}": '是签发机构（CA）的证书，不是商户的；{1}',
  "is WeChat Pay's own certificate (平台证书), which belongs under platformKeys; {1}":
    '是微信支付的平台证书，应写在 platformKeys 下面；{1}',
  'is the certificate of the merchant {1}, and mchId is {2}; take the file of {3}, or set mchId right':
    '是商户 {1} 的证书，而 mchId 是 {2}；请换成 {3} 的文件，或改正 mchId',
  'is not a certificate of the merchant {1}: its name (CN) is another one; {2}':
    '不是商户 {1} 的证书：证书里的名称（CN）是别的；{2}',
  'has expired ({1}); get a new one at 商户平台 → 账户中心 → API安全':
    '已过期（{1}）；请到商户平台 → 账户中心 → API安全 换新的',
  'is not valid before {1}; mind the clock of this machine': '{1} 才生效；请看这台机器的时钟准不准',
  "{1} cannot be used ({2}); expected the certificates (PEM) of who issued the server's":
    '{1} 用不了（{2}）；应为服务器证书签发者的证书（PEM）',
  '1s (up to a second of acknowledged claims may be lost when Redis dies; nothing is paid twice)':
    '1s（Redis 挂掉时最多丢一秒内已确认的领取；不会重复付款）',
  'a store: sqlite:FILE, redis://…, rediss://…, redis+cluster://… or redis+sentinel://…':
    '数据库：sqlite:文件、redis://…、rediss://…、redis+cluster://… 或 redis+sentinel://…',
  'expected {1}': '这里应写{1}',
  'a token of at least 16 letters and digits': '至少 16 位字母和数字的 token',
  'an address such as 127.0.0.1:3000': '地址，例如 127.0.0.1:3000',
  'the folder of the rule files': '规则文件夹',
  'an account name': '公众号的名字',
  'a merchant name': '商户的名字',
  'demo: true is for a simulator on this machine, and not every `api` here is one; leave it out':
    'demo: true 只用于本机的模拟器，而这里的 `api` 不全是；请删掉它',
  '{1} is for a store on Redis; leave it out': '{1} 只用于 Redis；请删掉',
  'account "{1}" has no encodingAesKey, which {2} mode needs; copy it from 服务器配置, or say `mode: plain`':
    '公众号「{1}」没有 encodingAesKey，{2} 模式要用；请从“服务器配置”复制，或写 `mode: plain`',
  'accounts "{1}" and "{2}" have the same appId: an account stands here once':
    '公众号「{1}」和「{2}」的 appId 一样：一个公众号只写一次',
  'merchants "{1}" and "{2}" have the same mchId, and another {3}; a merchant number has one':
    '商户「{1}」和「{2}」的 mchId 一样，{3} 却不同；一个商户号只有一个',
  'rules: there is no {1}; paths count from the folder of this file': 'rules：没有 {1}；路径从本文件所在的文件夹算起',
  '{1}: {2} is no port; they go from 1 to 65535': '{1}：{2} 不是端口；应为 1 到 65535',
  '"{1}" reads nothing; the environment is read with ${{2}}, and nothing else inside the braces':
    '「{1}」读不到任何东西；环境变量写成 ${{2}}，花括号里不能有别的',
  'the environment has no {1}; set it, or write the value here': '没有环境变量 {1}；请设置它，或直接把值写在这里',
  'the environment has {1}, but it is empty; set it, or write the value here':
    '环境变量 {1} 是空的；请设置它，或直接把值写在这里',
  "{1} in the environment ends with a line break; set it without (printf '%s', not echo)":
    "环境变量 {1} 末尾有换行；请去掉（用 printf '%s'，不用 echo）",
  '{1} in the environment has blanks around it; set it without': '环境变量 {1} 前后有空格；请去掉',
  '{1} in the environment has {2} around it as part of the value; set it without (an env file needs no quotes)':
    '环境变量 {1} 两边的 {2} 成了值的一部分；请去掉（env 文件不用引号）',
  '{1} is a {2}; {3}': '{1} 是{2}；{3}',
  'secret is weak, and accepted until {1}: whoever guesses it knows the next winner':
    'secret 太弱，{1} 以前先放行：谁猜到它，谁就知道下一个中奖的人',
  'account "{1}" takes pushes in plain mode: they are not encrypted, and whoever sees the address of one can send another body with it for five minutes; choose 安全模式 in 服务器配置 and say `mode: safe`':
    '公众号「{1}」用明文模式收推送：没有加密，谁看到推送的地址，五分钟内就能冒发别的内容；请在“服务器配置”选安全模式，并写 `mode: safe`',
  'clientIp {1} is an address inside a network: WeChat Pay wants the public one of this machine':
    'clientIp {1} 是内网地址：微信支付要的是这台机器的公网 IP',
  'there is no publicUrl: pages and notices are announced at an address that nobody outside can reach':
    '没有写 publicUrl：页面和通知用的地址，外面打不开',
  'publicUrl has the port {1}: WeChat calls 80 and 443 only': 'publicUrl 的端口是 {1}：微信只访问 80 和 443',
  'publicUrl is plain http: what followers send can be read and changed on its way, sessions can be taken, and WeChat Pay sends no notices there; put TLS in front and say https://':
    'publicUrl 是 http：粉丝发的内容路上能被看到和改动，登录能被冒用，微信支付也不往这里发通知；请加上 TLS，写成 https://',
  'publicUrl is https, so a proxy stands in front: say `trustProxy: 1` (or how many), or all visitors are one to the limits; `trustProxy: 0` says that this is meant':
    'publicUrl 是 https，说明前面有代理：请写 `trustProxy: 1`（有几层写几），不然限流会把所有访客当成一个人；有意如此就写 `trustProxy: 0`',
  'accounts "{1}" and "{2}" have the same token: what WeChat signs for one is believed of the other; give each its own':
    '公众号「{1}」和「{2}」的 token 一样：微信给一个签的名，另一个也会信；请各用各的',
  'merchants "{1}" and "{2}" have the same mchId: each keeps rate and limits for itself, WeChat Pay counts them together':
    '商户「{1}」和「{2}」的 mchId 一样：频率和限额各算各的，微信支付却合在一起算',
  '{1} is plain http: keys and money go there in clear; say https://, or have it on this machine':
    '{1} 是 http：密钥和付款都是明文；请写 https://，或放在本机',
  'a PEM file': 'PEM 文件',
  'a PKCS#12 file': 'PKCS#12 文件',
  'an IPv4 address': 'IPv4 地址',
  'a channel': '渠道',
  'a transfer scene such as 1000': '转账场景，例如 1000',
  'what the follower reads (user_recv_perception)': '粉丝看到的文字（user_recv_perception）',
  'a style': '样式',
  'a kind of report (info_type)': '报备的种类（info_type）',
  'a report of at most 32 characters': '最多 32 个字的报备内容',
  'only one of certificate and privateKey; both are needed': '只写了 certificate 和 privateKey 中的一个；两个都要',
  'no certificate; give certificate and privateKey (PEM), or pfx (p12)':
    '没有证书；请写 certificate 和 privateKey（PEM），或 pfx（p12）',
  'WeChat Pay asks for the real name (user_name), for which the bot asks nobody':
    '微信支付要真实姓名（user_name），而机器人不收集姓名',
  'above {1} no transfer looks like a red packet (receiveStyle)': '超过 {1} 的转账不能显示成红包（receiveStyle）',
  'from {1} on {2}': '从 {1} 起{2}',
  'merchant "{1}" has no {2}, which channel {3} needs': '商户「{1}」没有写 {2}，渠道 {3} 要用',
  'merchant "{1}" has {2}': '商户「{1}」{2}',
  'merchant "{1}" has no {2}, which vouchers need': '商户「{1}」没有写 {2}，代金券要用',
  'merchant "{1}": limits.min is above limits.max': '商户「{1}」：limits.min 大于 limits.max',
  'authorize: WeChat Pay tells an https address only what followers authorize; name one under publicUrl':
    'authorize：微信支付只把授权结果通知到 https 地址；请在 publicUrl 写一个',
  'a transfer looks like a red packet in scene 1000 only, not in {1}; say `receiveStyle: confirm`':
    '只有场景 1000 的转账能显示成红包，{1} 不行；请写 `receiveStyle: confirm`',
  'what stands in the field': '字段的内容',
  'a field of the template such as thing1': '模板的字段，例如 thing1',
  'the id of a template': '模板 ID',
  'a notice': '通知',
  'is locked with a password; unlock it: openssl pkey -in {1} -out NEW.pem':
    '有密码；请解开：openssl pkey -in {1} -out NEW.pem',
  'is a request for a certificate (CSR); what WeChat Pay made of it is the certificate':
    '是证书请求（CSR）；微信支付用它签出来的才是证书',
  "holds {1}; expected a certificate or a key of WeChat Pay's": '里面是 {1}；应为微信支付的证书或密钥',
  'is a PKCS#12 file; name it under `pfx:`, instead of certificate and privateKey':
    '是 PKCS#12 文件；请写在 `pfx:` 下面，代替 certificate 和 privateKey',
  "is an RSA key of {1} bits, and the merchant's private key (apiclient_key.pem) has {2}":
    '是 {1} 位的 RSA 私钥，而商户私钥（apiclient_key.pem）是 {2} 位',
  'is a {1} in binary form (DER); make it PEM: {2}': '是二进制（DER）的{1}；请转成 PEM：{2}',
  'is saved as UTF-16; save it as UTF-8: iconv -f UTF-16 -t UTF-8 {1} > NEW.pem':
    '存成了 UTF-16；请存成 UTF-8：iconv -f UTF-16 -t UTF-8 {1} > NEW.pem',
  'is no PEM file ({1}); download it anew': '不是 PEM 文件（{1}）；请重新下载',
  'is a page (HTML or XML), not what it should have brought; download it anew':
    '是网页（HTML 或 XML），不是要下载的内容；请重新下载',
  "has \\n written out where its lines should end: sed -i 's/\\\\n/\\n/g' {1}":
    "该换行的地方写成了 \\n：sed -i 's/\\\\n/\\n/g' {1}",
  'is all on one line; it needs its line breaks: {1}': '全在一行；要恢复换行：{1}',
  'is cut off: its BEGIN lines and END lines do not match; download it anew':
    '不完整：BEGIN 行和 END 行对不上；请重新下载',
  'has something before -----BEGIN on its line; each of these lines stands alone':
    '-----BEGIN 前面有别的东西；这些行要单独成行',
  'is a PKCS#12 file in base64; name the file itself under `pfx:`':
    '是 base64 的 PKCS#12 文件；请把原文件写在 `pfx:` 下面',
  'has no line like -----BEGIN PRIVATE KEY-----, with five hyphens on each side; download it anew':
    '没有 -----BEGIN PRIVATE KEY----- 这样的行，两边各五个连字符；请重新下载',
  'is no PEM file: it has no line -----BEGIN …-----; download it anew':
    '不是 PEM 文件：没有 -----BEGIN …----- 这一行；请重新下载',
  'is a {1} without its first and last line; add -----BEGIN {2}----- before it and -----END {3}----- after it':
    '是没有首尾两行的{1}；请在前面加 -----BEGIN {2}-----，后面加 -----END {3}-----',
  'PUB_KEY_ID_…, or the serial number of a platform certificate (hex)': 'PUB_KEY_ID_…，或平台证书的序列号（十六进制）',
  'publicKeyId and publicKey belong together; add {1}': 'publicKeyId 和 publicKey 要一起写；请加 {1}',
  'the key {1} stands twice, with different keys; leave one of them out': '{1} 写了两次，密钥却不同；请删掉一个',
  '{1} has no id here; add the one that 商户平台 shows for it: id: PUB_KEY_ID_…':
    '{1} 没有写 id；请加上商户平台显示的那个：id: PUB_KEY_ID_…',
  '; the public key {1} is another file (pub_key.pem)': '；公钥 {1} 是另一个文件（pub_key.pem）',
  '{1} is the certificate {2}; say `- { certificate: {3} }`{4}': '{1} 是证书 {2}；请写 `- { certificate: {3} }`{4}',
  "expected WeChat Pay's public key (pub_key.pem: 商户平台 → 账户中心 → API安全 → 微信支付公钥)":
    '应为微信支付公钥（pub_key.pem：商户平台 → 账户中心 → API安全 → 微信支付公钥）',
  'is a private key; {1}': '是私钥；{1}',
  'cannot be used ({1}); {2}, or a platform certificate (PEM)': '用不了（{1}）；{2}，或平台证书（PEM）',
  "is the merchant's own key (apiclient_cert.pem); {1}": '是商户自己的密钥（apiclient_cert.pem）；{1}',
  "is the merchant's own certificate (apiclient_cert.pem); {1}": '是商户自己的证书（apiclient_cert.pem）；{1}',
  'holds no RSA key; {1}': '里面没有 RSA 密钥；{1}',
  'is a public key, no certificate; say `- { id: {1}, publicKey: … }`':
    '是公钥，不是证书；请写 `- { id: {1}, publicKey: … }`',
  '; this has {1}': '；现在有 {1}',
  'expected {1}{2}{3}': '应为{1}{2}{3}',
  'the AppSecret: 32 letters and digits (开发 → 基本配置)': 'AppSecret：32 位字母和数字（开发 → 基本配置）',
  'the APIv2 key: 32 letters and digits (商户平台 → 账户中心 → API安全)':
    'APIv2 密钥：32 位字母和数字（商户平台 → 账户中心 → API安全）',
  'the APIv3 key: 32 letters and digits (商户平台 → 账户中心 → API安全)':
    'APIv3 密钥：32 位字母和数字（商户平台 → 账户中心 → API安全）',
  'the token of 服务器配置: 3 to 32 letters and digits': '“服务器配置”里的 Token：3 到 32 位字母和数字',
  'the EncodingAESKey of 服务器配置: 43 letters and digits': '“服务器配置”里的 EncodingAESKey：43 位字母和数字',
  "the serial number of the merchant's certificate, hex: openssl x509 -in apiclient_cert.pem -noout -serial":
    '商户证书的序列号（十六进制）：openssl x509 -in apiclient_cert.pem -noout -serial',
  'a merchant number (商户号): 8 to 10 digits': '商户号：8 到 10 位数字',
  'an AppID: wx and 16 letters and digits, all small': 'AppID：wx 加 16 位小写字母和数字',
  'make one with: openssl rand -hex 32': '用 openssl rand -hex 32 生成一个',
  'is a key of an account or a merchant as well, which others know': '也是公众号或商户的密钥，别人知道',
  'has {1} characters, at least {2} are needed': '只有 {1} 个字符，至少要 {2} 个',
  'is made of known words, or of one thing again and again': '是常见的词，或同样的内容重复',
  'a secret of your own': '自己的密钥',
  'this secret {1}: {2}; {3}': '这个密钥{1}：{2}；请{3}',
  'whoever guesses it is any follower on the page': '谁猜到它，就能在页面上冒充任何粉丝',
  'whoever guesses it reads the addresses in a copy of the store': '谁猜到它，就能读出数据库副本里的地址',
  'the password has {1} characters; at least {2} are needed': '密码只有 {1} 个字符；至少要 {2} 个',
  'the password is made of known words, or of one thing again and again; take another one':
    '密码是常见的词，或同样的内容重复；请换一个',
  'a password, or what `hongbao admin password` makes of one': '密码，或 `hongbao admin password` 生成的哈希',
  'this is no whole hash; make one with: hongbao admin password': '这个哈希不完整；请用 `hongbao admin password` 生成',
  'sessionSecret is a key of an account or a merchant as well, which others know; {1}':
    'sessionSecret 也是公众号或商户的密钥，别人知道；请{1}',
  'sessionSecret is the same as secret, which keys the draws; {1}': 'sessionSecret 和抽奖用的 secret 一样；请{1}',
  'personalKey is another key of this file as well; what is sealed by it needs its own; {1}':
    'personalKey 和本文件的另一个密钥一样；加密地址要单独的密钥；请{1}',
  'acceptWeakSecret is for a secret that is too weak; leave it out': 'acceptWeakSecret 只在 secret 太弱时用；请删掉',
  'this secret {1}: it keys the draws, and whoever guesses it knows the next winner; {2}. Another secret draws anew, against the hashes that running campaigns have published: where one is running, say `acceptWeakSecret: 2026-12-31` with the day of its end, and give sessionSecret, until you change it':
    '这个密钥{1}：抽奖要用它，谁猜到它，谁就知道下一个中奖的人；请{2}。换了密钥，抽奖会和正在进行的活动公布的哈希对不上：有活动在进行就先写 `acceptWeakSecret: 2026-12-31`（活动结束的日期），并写 sessionSecret，以后再换',
  'acceptWeakSecret needs a sessionSecret, so that nobody guesses sessions as well; {1}':
    '写了 acceptWeakSecret 就要写 sessionSecret，免得登录也被猜到；请{1}',
  'a weak secret was accepted until {1}; {2}, for secret': '弱密钥只放行到 {1}；secret 请{2}',
  'merchant "{1}": one payout is at least {2} and at most {3}, so that nothing could be paid; write limits.min and limits.max':
    '商户「{1}」：一笔最少 {2}、最多 {3}，什么也付不出去；limits.min 和 limits.max 都要写',
  'merchant "{1}": limits.{2} {3} is less than one payout, {4} (limits.min): nothing could ever be paid':
    '商户「{1}」：limits.{2} {3} 比一笔最少的 {4}（limits.min）还少，什么也付不出去',
  'WeChat Pay answers for 30 days after a payout was sent: ask within 29d':
    '微信支付只能查发出后 30 天内的单；请在 29d 以内查',
  'subMchId is mchId itself; it names the merchant that a service provider (服务商) serves: leave it out':
    'subMchId 和 mchId 一样；它是服务商名下的特约商户：请删掉',
  '{1} is for a service provider (服务商): add subMchId, or leave it out': '{1} 只用于服务商：请加上 subMchId，或删掉',
  "{1} is a server of WeChat's for something else; leave it out, or write your own":
    '{1} 是微信别的服务器；请删掉，或写自己的',
  "{1} is the merchant's own certificate, which belongs under `certificate`; leave ca out, where WeChat Pay itself is asked":
    '{1} 是商户自己的证书，应写在 `certificate` 下面；直接访问微信支付不用写 ca',
  certificate: '证书',
  'private key': '私钥',
  'public key': '公钥',
  "expected the merchant's certificate (apiclient_cert.pem)": '应为商户证书（apiclient_cert.pem）',
  "expected the merchant's private key (apiclient_key.pem)": '应为商户私钥（apiclient_key.pem）',
  "expected WeChat Pay's public key (pub_key.pem)": '应为微信支付公钥（pub_key.pem）',
  'a platform key': '平台密钥',
  'a list of keys such as { id: PUB_KEY_ID_…, publicKey: pub_key.pem }':
    '密钥的列表，例如 { id: PUB_KEY_ID_…, publicKey: pub_key.pem }',
  '{1} is the key of {2} as well: one of the two is another file': '{1} 也是 {2} 的密钥：两个里有一个写错了文件',
  'is the certificate of the merchant {1}; {2}': '是商户 {1} 的证书；{2}',
  'is the certificate of an issuer (CA); {1}': '是签发机构（CA）的证书；{1}',
  'scene 1000 reports the names of the campaign and the prize; leave it out':
    '场景 1000 报备的是活动和奖品的名字；请删掉',
  'transferScene {1} has reports of its own (transfer_scene_report_infos); add `reports`':
    'transferScene {1} 有自己的报备（transfer_scene_report_infos）；请加上 `reports`',
  '{1}; the console of WeChat Pay names them': '{1}；商户平台上有要报备的名称',
  'scene {1} {2} reports exactly {3}': '场景 {1} {2} 要报备的正好是 {3}',
  'a severity': '级别',
  'a log level': '日志级别',
  'how openids are logged': 'openid 的写法',
  'accounts: expected at least one': 'accounts：至少要有一个公众号',
  'store: "~" and "$" are read by a shell, and not here; write the whole path, such as sqlite:/var/lib/hongbao/bot.db':
    'store：“~”和“$”只有命令行才认识，这里不认识；请写完整路径，例如 sqlite:/var/lib/hongbao/bot.db',
  'a name and password before "@" are not sent; leave them out, and give a token as `secret:` with `kind: json`':
    '“@”前面的用户名和密码不会发送；请删掉，口令写在 `secret:`（`kind: json`）',
  'a token goes in a header of HTTP: letters, digits and signs of ASCII, without blanks':
    '口令放在 HTTP 头里：只能用 ASCII 的字母、数字和符号，不能有空格',
  'expected the address of the robot, https://…; mind the name of the host, and the port (1 to 65535)':
    '这里应写机器人的地址 https://…；请看主机名和端口（1 到 65535）对不对',
  'expected {1}; "@", ":", "/", "#" and "?" in a name or password are written %40, %3A, %2F, %23 and %3F':
    '这里应写{1}；用户名、密码里的 @ : / # ? 要写成 %40 %3A %2F %23 %3F',
  'alarms: nobody would be called; give webhooks or email': 'alarms：没有写通知谁；请写 webhooks 或 email',
  'alarms are said again after 5m at the earliest': '告警最快隔 5m 再说一次',
  'this is the address of a robot of {1}; say `kind: {2}`': '这是 {1} 机器人的地址；请写 `kind: {2}`',
  'a robot of 企业微信 has its key in its address: …/cgi-bin/webhook/send?key=…; copy all of it':
    '企业微信机器人的地址里有 key：…/cgi-bin/webhook/send?key=…；请整个复制',
  'a robot of 企业微信 has no secret; leave it out': '企业微信机器人没有 secret；请删掉',
  'admin.url is plain http: passwords would go there in clear; say https://':
    'admin.url 是 http，密码会明文传输；请写 https://',
  'the password is another key of this file as well; take another one': '这个密码和本文件的另一个密钥一样；请换一个',
  'the password of {1} is another key of this file as well; take another one':
    '{1} 的密码和本文件的另一个密钥一样；请换一个',
  '{1} and {2} have the same password; each needs their own': '{1} 和 {2} 的密码一样；每个人要用自己的',
  '{1} and {2} have the same totp; make one for each: hongbao admin totp':
    '{1} 和 {2} 的 totp 一样；请每人生成一个：hongbao admin totp',
  'store: "//" begins the name of a machine; write sqlite:{1}': 'store：「//」后面是机器名；请写 sqlite:{1}',
  'store: what is kept in memory is lost with the bot; name a file, such as sqlite:data/bot.db':
    'store：放在内存里，机器人一停就没了；请写文件，例如 sqlite:data/bot.db',
  'store: a file has no options; write sqlite:{1}': 'store：文件后面不能带参数；请写 sqlite:{1}',
  'store: there is a blank around the name of the file; write sqlite:{1}': 'store：文件名前后有空格；请写 sqlite:{1}',
  'store: this is a folder; name a file in it, such as sqlite:{1}bot.db':
    'store：这是文件夹；请写里面的文件，例如 sqlite:{1}bot.db',
  'this token is made of known words, or of one thing again and again; make one with: openssl rand -hex 32':
    '这个 token 是常见的词，或同样的内容重复；请用 openssl rand -hex 32 生成一个',
  'metrics.token is another key of this file as well; make one with: openssl rand -hex 32':
    'metrics.token 和本文件的另一个密钥一样；请用 openssl rand -hex 32 生成一个',
  'admin.listen is where followers come (listen); the dashboard needs a port of its own':
    'admin.listen 和粉丝访问的 listen 是同一个；管理页要用另一个端口',
  'the quietHours of merchant "{1}" leave no minute of the day: nothing is ever sent; `hongbao merchant halt {2}` stops it for a while':
    '商户「{1}」的 quietHours 占满了全天，永远不发；要暂停请用 `hongbao merchant halt {2}`',
  'publicUrl is {1}, which nobody outside of this network can reach': 'publicUrl 是 {1}，外网访问不到',
  'publicUrl has no name, only a number: WeChat takes a domain (网页授权域名), with an ICP filing':
    'publicUrl 只有 IP，没有域名：微信的网页授权域名要用备案过的域名',
  'port {1} is taken; stop what runs there, or choose another (PORT=3100 npm start; `listen` in bot.yaml)':
    '端口 {1} 被占用；请停掉占用它的程序，或换一个（PORT=3100 npm start；bot.yaml 里的 `listen`）',
  'listen: {1} is no address of this machine; 127.0.0.1:{2} is for a proxy on it, 0.0.0.0:{3} for everybody':
    'listen：{1} 不是这台机器的地址；127.0.0.1:{2} 给本机的代理用，0.0.0.0:{3} 谁都能连',
  'listen: this user may not open port {1}; take one above 1023, behind the proxy':
    'listen：当前用户不能用端口 {1}；请用 1023 以上的端口，放在代理后面',
  'admin.listen: port {1} is taken; choose another address': 'admin.listen：端口 {1} 被占用；请换一个',
  'admin.listen: {1}:{2} cannot be listened on ({3}); choose another address':
    'admin.listen：{1}:{2} 监听不了（{3}）；请换一个',
  'a merchant': '商户',
  'an operator': '操作员',
  'a webhook': 'webhook',
  'here stands what belongs into a file: put it into one that only the bot can read, and write the name of that here':
    '这里写的是文件的内容：请存成只有机器人能读的文件，这里写文件名',
  '"~" means nothing here; write the whole path, or one from the folder of bot.yaml':
    '这里不认「~」；请写完整路径，或从 bot.yaml 所在文件夹算起的路径',
  'a file is named by its path, without "://"': '文件只写路径，不要带「://」',
  'no path is so long': '路径没有这么长的',
};
