// The findings of `hongbao doctor` in words, Chinese and English: what it is, how it is mended, and where to click.
import { inLang } from '../base/words/words.ts';
import type { Diagnosis, DiagnosisId } from './diagnosis.ts';

export type Language = 'zh' | 'en';
/** `{name}` is filled with a fact of the finding. */
type Words = { readonly what: string; readonly fix: string };
type Entry = { readonly zh: Words; readonly en: Words };

const entry = (zhWhat: string, zhFix: string, enWhat: string, enFix: string): Entry => ({
  zh: { what: zhWhat, fix: zhFix },
  en: { what: enWhat, fix: enFix },
});

const BASIC = '微信开发者平台 → 我的业务 → 公众号 → 开发密钥';
const PUSH = '微信开发者平台 → 我的业务 → 公众号 → 消息推送';
const SAFETY = '商户平台 → 账户中心 → API安全';

const WORDS: Readonly<Record<DiagnosisId, Entry>> = {
  config: entry('bot.yaml 有误：{said}', '改好 {place} 这一处', 'bot.yaml is wrong: {said}', 'mend it at {place}'),
  'file-missing': entry(
    'bot.yaml 指到的文件读不到：{said}',
    '把文件放到那里，或改 {place}',
    'a file that bot.yaml names cannot be had: {said}',
    'put it there, or change {place}',
  ),
  'file-wrong': entry(
    '文件不是需要的那一种，或已损坏：{said}',
    `在 ${SAFETY} 重新下载；写在 {place}`,
    'a file is not of the kind that is needed, or damaged: {said}',
    `download it anew at ${SAFETY}; named at {place}`,
  ),
  'cert-owner': entry(
    '证书不是这个商户的：{said}',
    `在 ${SAFETY} 下载 mchId 对应的证书，或改 mchId（{place}）`,
    'the certificate is another one than this merchant’s: {said}',
    `take the one of mchId at ${SAFETY}, or set mchId right ({place})`,
  ),
  'cert-expired': entry(
    '证书不在有效期内：{said}',
    `在 ${SAFETY} 申请新证书，连同私钥一起换掉（{place}）`,
    'a certificate is not valid now: {said}',
    `get a new one with its key at ${SAFETY} ({place})`,
  ),
  'key-mismatch': entry(
    '私钥和证书不是一对：{said}',
    '用同一次下载的 apiclient_cert.pem 和 apiclient_key.pem（{place}）',
    'key and certificate are not a pair: {said}',
    'take both files of one download: apiclient_cert.pem, apiclient_key.pem ({place})',
  ),
  p12: entry(
    'p12 证书打不开：{said}',
    `密码必须是商户号；不行就在 ${SAFETY} 重新下载（{place}）`,
    'the p12 file cannot be opened: {said}',
    `its password must be the merchant number; else download it anew at ${SAFETY} ({place})`,
  ),
  'serial-mismatch': entry(
    'serialNo 不是这张证书的序列号：{said}',
    '照提示改 serialNo（{place}）',
    'serialNo is not that of the certificate: {said}',
    'write the serial number that is named ({place})',
  ),
  'cert-ends': entry(
    '证书快到期了：{said}',
    `在 ${SAFETY} 申请新证书，到期前换上`,
    'a certificate ends soon: {said}',
    `get the next one at ${SAFETY} before it does`,
  ),
  hint: entry('bot.yaml 里有一处值得看：{said}', '见 {place}', 'worth a look in bot.yaml: {said}', 'see {place}'),
  rules: entry(
    '规则文件有误：{said}',
    '改好后运行 hongbao check，再发布',
    'the rule files are not fit: {said}',
    'mend them, `hongbao check` shows the rest',
  ),
  store: entry(
    '存储打不开：{said}',
    '看 bot.yaml 的 store: 和那台机器上的服务',
    'the store cannot be used: {said}',
    'look at `store:` in bot.yaml and at what serves it',
  ),
  'store-foreign': entry(
    '这个存储属于另一个安装（{said}）',
    '改 store: 指到自己的存储，或用那个存储自己的 bot.yaml',
    'the store belongs to another installation ({said})',
    'name your own under `store:`, or use the bot.yaml that belongs to this one',
  ),
  'store-open': entry(
    '存储文件 {file} 别人也能读（权限 {mode}）',
    'chmod 600 {file}',
    'others can read the store’s file {file} (mode {mode})',
    'chmod 600 {file}',
  ),
  'store-full': entry(
    '磁盘快满了：{folder} 只剩 {free}',
    '清出空间；写不进去时粉丝收不到回复',
    'the disk is nearly full: {free} left at {folder}',
    'make room; a store that cannot write answers nobody',
  ),
  'store-ahead': entry(
    '数据库里有将来的记录（最晚 {until}）：这台机器的时钟曾经快过，或者现在慢了',
    '打开 NTP 校时（timedatectl set-ntp true）；当时快着的时候记下的付款，要等到那个时刻才会继续，也可以用 hongbao payouts retry 单号 提前',
    'the store has records of the future (up to {until}): this machine’s clock was fast once, or is slow now',
    'switch NTP on (timedatectl set-ntp true); payouts written down while it was fast go on when that time has come, or with hongbao payouts retry NUMBER',
  ),
  clock: entry(
    '本机时钟和微信相差 {seconds} 秒',
    '打开 NTP 校时（timedatectl set-ntp true）；差 5 分钟以上的推送会被拒',
    'this machine’s clock is {seconds} s away from WeChat’s',
    'switch NTP on (timedatectl set-ntp true); pushes five minutes off are refused',
  ),
  'platform-away': entry(
    '连不上微信公众平台 {host}：{said}',
    '检查这台机器能否访问外网、DNS 和代理',
    'the platform {host} cannot be reached: {said}',
    'look at this machine’s way out, its DNS and its proxy',
  ),
  appid: entry(
    'AppID 不对（40013）',
    `从 ${BASIC} 复制 AppID 到 bot.yaml`,
    'the AppID is wrong (40013)',
    `copy it from ${BASIC} into bot.yaml`,
  ),
  secret: entry(
    'AppSecret 不对（{code}）',
    `在 ${BASIC} 重置 AppSecret，写进 bot.yaml；重置后旧的立即失效`,
    'the AppSecret is wrong ({code})',
    `reset it at ${BASIC} and write it into bot.yaml; the old one ends at once`,
  ),
  'secret-frozen': entry(
    'AppSecret 被冻结（40243）',
    `在 ${BASIC} 解冻`,
    'the AppSecret is frozen (40243)',
    `unfreeze it at ${BASIC}`,
  ),
  ip: entry(
    '本机出口 IP {ip} 不在 IP 白名单里（40164）',
    `把 {ip} 加到 ${BASIC} → API IP白名单`,
    'the address {ip} of this machine is not in the IP list (40164)',
    `paste {ip} at ${BASIC} → API IP白名单`,
  ),
  quota: entry(
    '接口今天的调用次数用完了，或快用完了：{said}',
    '午夜恢复；急用可在公众平台 → 接口权限 清零（每月 10 次）',
    'today’s calls of an API are used up, or nearly: {said}',
    'they come back at midnight; 接口权限 → 清零 resets them ten times a month',
  ),
  rights: entry(
    '公众号没有接口权限（48001）：{said}',
    '需要已认证的服务号：公众平台 → 设置与开发 → 微信认证',
    'this account may not call the API (48001): {said}',
    'it takes a verified service account: 公众平台 → 设置与开发 → 微信认证',
  ),
  'platform-refuses': entry(
    '微信公众平台拒绝了请求：{said}',
    '按错误码在公众平台处理',
    'the platform refuses: {said}',
    'look up the code in the console',
  ),
  'url-away': entry(
    '从 publicUrl 访问不到机器人（{url}）：{said}',
    '确认机器人在运行、域名解析正确、反向代理转到 listen 的端口、防火墙开了 443',
    'nobody can reach the bot at publicUrl ({url}): {said}',
    'is the bot running, does the name lead here, does the proxy pass to `listen`, is 443 open?',
  ),
  'url-tls': entry(
    'publicUrl 的 https 证书有问题（{url}）：{said}',
    '在反向代理上换成域名匹配、未过期、带完整链的证书',
    'the https certificate at publicUrl is wrong ({url}): {said}',
    'put one on the proxy that fits the name, is valid and has its whole chain',
  ),
  'url-other': entry(
    'publicUrl 上应答的不是这个机器人（{url} 返回 {said}）',
    '反向代理要把 /wechat/ 原样（含查询串）转给机器人；检查路径和端口',
    'something else answers at publicUrl ({url} gives {said})',
    'the proxy must pass /wechat/ on, with its query; look at path and port',
  ),
  'url-refused': entry(
    '机器人拒绝了用这份 bot.yaml 的 token 签名的自检（{url} 返回 {said}）',
    '正在运行的机器人用的是另一份 token：重启它；或这台机器时钟不对',
    'the bot refuses what is signed with this bot.yaml’s token ({url} gives {said})',
    'the running bot has another token: start it again; or one of the clocks is wrong',
  ),
  'url-notify': entry(
    '微信支付的通知到不了机器人（{url} 返回 {said}）',
    '反向代理也要转发 /notify/',
    'WeChat Pay’s notices do not reach the bot ({url} gives {said})',
    'the proxy must pass /notify/ on as well',
  ),
  'url-pages': entry(
    '活动页面到不了机器人（{url} 返回 {said}）',
    '反向代理也要转发 /h5/ 和 /oauth/',
    'the pages do not reach the bot ({url} gives {said})',
    'the proxy must pass /h5/ and /oauth/ on as well',
  ),
  'never-heard': entry(
    '机器人从没收到过这个公众号的推送',
    `在 ${PUSH} 填 {url} 并启用，然后给公众号发一条消息`,
    'the bot has never heard a push of this account',
    `at ${PUSH} write {url} and switch it on, then send the account a message`,
  ),
  'token-differs': entry(
    '推送的签名一直不对：后台的 Token 和 bot.yaml 的 token 不一样',
    `把 ${PUSH} 里的 Token 改成和 bot.yaml 一样`,
    'pushes have a wrong signature: the console’s Token is not the token of bot.yaml',
    `make both the same: ${PUSH}`,
  ),
  'aes-differs': entry(
    '推送解不开：EncodingAESKey（或 AppID）和后台不一样（{said}）',
    `从 ${PUSH} 复制 EncodingAESKey 到 bot.yaml`,
    'pushes cannot be decrypted: the EncodingAESKey (or the AppID) is not the console’s ({said})',
    `copy it from ${PUSH} into bot.yaml`,
  ),
  'mode-differs': entry(
    '消息加解密方式和后台不一致：{said}',
    `在 ${PUSH} 选和 bot.yaml 的 mode 一样的方式（建议安全模式）`,
    'bot.yaml and the console have different modes: {said}',
    `choose the same at ${PUSH} (安全模式 is best)`,
  ),
  'push-clock': entry(
    '推送因为时间差太多被拒：{said}',
    '校准本机时钟（timedatectl set-ntp true）',
    'pushes are refused for their time: {said}',
    'set this machine’s clock (timedatectl set-ntp true)',
  ),
  'oauth-domain': entry(
    '网页授权域名没有 {host}（微信说：{said}）',
    '公众平台 → 设置与开发 → 公众号设置 → 功能设置 → 网页授权域名：填 {host}；JS接口安全域名也填',
    '{host} is not a web domain of the account (WeChat says: {said})',
    '公众平台 → 设置与开发 → 公众号设置 → 功能设置 → 网页授权域名: write {host}, and the same at JS接口安全域名',
  ),
  'menu-key': entry(
    '菜单按钮没有规则接：{said}',
    '在规则里加上这个 key，或用 hongbao menu push 换菜单',
    'a menu button finds no rule: {said}',
    'add a rule for its key, or change the menu with `hongbao menu push`',
  ),
  'pay-away': entry(
    '连不上微信支付 {host}：{said}',
    '检查外网、DNS、代理；私有 CA 写在 ca:',
    'WeChat Pay at {host} cannot be reached: {said}',
    'look at the way out, DNS and proxy; a private CA goes under `ca:`',
  ),
  'pay-certificate': entry(
    '微信支付不认这张商户证书：{said}',
    `证书可能被吊销或换过：${SAFETY} → 申请API证书，换新的一对`,
    'WeChat Pay does not take the merchant’s certificate: {said}',
    `it may be revoked or replaced: ${SAFETY} → 申请API证书, and put the new pair here`,
  ),
  'v2-key': entry(
    'APIv2 密钥不对：{said}',
    `在 ${SAFETY} → 设置APIv2密钥 重设，写进 apiV2Key；所有用它的系统要一起改`,
    'the APIv2 key is wrong: {said}',
    `set it at ${SAFETY} → 设置APIv2密钥 and write it as apiV2Key; every system that uses it changes with it`,
  ),
  'v3-signer': entry(
    '微信支付不认请求签名（SIGN_ERROR）：{said}',
    `serialNo、私钥和 mchId 要是同一张证书的：在 ${SAFETY} 查看序列号`,
    'WeChat Pay does not take our signature (SIGN_ERROR): {said}',
    `serialNo, private key and mchId must be of one certificate; its serial number stands at ${SAFETY}`,
  ),
  'v3-key': entry(
    'APIv3 密钥不对：{said}',
    `在 ${SAFETY} → 设置APIv3密钥 重设，写进 apiV3Key`,
    'the APIv3 key is wrong: {said}',
    `set it at ${SAFETY} → 设置APIv3密钥 and write it as apiV3Key`,
  ),
  'platform-key': entry(
    '微信支付用 {serial} 签名，bot.yaml 里没有这把公钥（或文件不对）',
    `在 ${SAFETY} → 微信支付公钥 下载 pub_key.pem，连同公钥 ID 写进 platformKeys`,
    'WeChat Pay signs with {serial}, which bot.yaml does not have (or has with another file)',
    `download pub_key.pem at ${SAFETY} → 微信支付公钥 and write it with its id under platformKeys`,
  ),
  product: entry(
    '产品没有开通：{said}',
    '商户平台 → 产品中心 → {product}：申请开通，并设置发放额度',
    'the product is not opened: {said}',
    '商户平台 → 产品中心 → {product}: open it, and set its limits',
  ),
  'pay-ip': entry(
    '本机 IP 不在商户平台的白名单里：{said}',
    '商户平台 → 产品中心 → {product} → 产品设置 → API发放：添加本机出口 IP',
    'this machine’s IP is not in the merchant’s list: {said}',
    '商户平台 → 产品中心 → {product} → 产品设置 → API发放: add this machine’s public address',
  ),
  binding: entry(
    '商户号 {mchId} 没有绑定 AppID {appId}：{said}',
    '商户平台 → 产品中心 → AppID账号管理 → 关联AppID，再到公众平台 → 微信支付 里同意',
    'merchant {mchId} and AppID {appId} are not linked: {said}',
    '商户平台 → 产品中心 → AppID账号管理 → 关联AppID, then agree at 公众平台 → 微信支付',
  ),
  scene: entry(
    'scene_id 没有开通：{said}',
    '商户平台 → 产品中心 → {product} → 产品设置：开通场景，或去掉规则里的 packet.scene',
    'the scene is not opened: {said}',
    '商户平台 → 产品中心 → {product} → 产品设置: open it, or take packet.scene out of the rules',
  ),
  balance: entry(
    '商户余额不足：{said}',
    '商户平台 → 账户中心 → 充值；到账后 hongbao merchant resume {merchant}，或等它自己再试',
    'the merchant’s balance is too low: {said}',
    'top up at 商户平台 → 账户中心 → 充值; then `hongbao merchant resume {merchant}`, or wait for its next try',
  ),
  'balance-low': entry(
    '余额 {balance} 撑不过一天（今天已发 {today}，等着发 {waiting}）',
    '商户平台 → 账户中心 → 充值',
    'the balance {balance} does not last a day ({today} today, {waiting} waits)',
    'top up at 商户平台 → 账户中心 → 充值',
  ),
  halted: entry(
    '商户的付款停住了（{code}）：{said}',
    '处理好后 hongbao merchant resume {merchant}；排队的钱不会丢',
    'the merchant is halted ({code}): {said}',
    'mend it, then `hongbao merchant resume {merchant}`; nothing queued is lost',
  ),
  'halted-by-hand': entry(
    '有人停了这个商户的付款：{said}',
    '不再需要时 hongbao merchant resume {merchant}',
    'somebody halted this merchant: {said}',
    'once that is over, `hongbao merchant resume {merchant}`',
  ),
};

export function wordsOf({ id, facts }: Pick<Diagnosis, 'id' | 'facts'>, language: Language): Words {
  const { what, fix } = WORDS[id][language];
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (hole, name: string) => inLang(facts[name] ?? hole, language));
  return { what: fill(what), fix: fill(fix) };
}

/** What it carries, as one language has it. */
export function factsOf({ facts }: Pick<Diagnosis, 'facts'>, language: Language): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(facts).map(([name, said]) => [name, inLang(said, language)]));
}

/** How sure we are, in a word. */
export const SURE: Readonly<Record<Language, Readonly<Record<Diagnosis['sure'], string>>>> = {
  zh: { sure: '确定', likely: '很可能' },
  en: { sure: 'sure', likely: 'likely' },
};
