// What is said of the ledger: audit, repair, and the move to another store.
export const LEDGER: Readonly<Record<string, string>> = {
  'store: not an address we know; expected sqlite:FILE (for example sqlite:data/bot.db), redis://HOST:PORT/DB, rediss://, redis+cluster://A:PORT,B:PORT or redis+sentinel://A:PORT,B:PORT/NAME':
    'store：不认识的地址；应为 sqlite:文件（例如 sqlite:data/bot.db）、redis://主机:端口/库号、rediss://、redis+cluster://A:端口,B:端口 或 redis+sentinel://A:端口,B:端口/名字',
  'the bots on both stores must be stopped: what they write meanwhile is not copied':
    '两边的机器人都要停下：期间写入的不会复制过去',
  'it would stop there again: see what `hongbao audit` says of the source, or name a new target':
    '再运行还会停在那里：请看 `hongbao audit` 怎么说来源，或换一个新的目标',
  'the same command begins again': '再运行同一个命令，从头开始',
  'stopped: {1}\nthis copy does not count; {2}': '停下了：{1}\n这份复制不算；{2}',
  '--from: there is no file {1}; name the store there is': '--from：没有文件 {1}；请写现有的数据库',
  '--to: it would be gone at the end; name a file: sqlite:FILE': '--to：结束时就没有了；请写文件：sqlite:文件',
  '--to: this is the same store as --from; name another one': '--to：和 --from 是同一个数据库；请换一个',
  '--to: another `hongbao migrate` is at work on it; wait for its end':
    '--to：另一个 `hongbao migrate` 正在处理它；请等它结束',
  '--from: this store is an unfinished copy; finish it first, or name the store it was made from':
    '--from：这是没做完的复制；请先做完，或写它的来源',
  '--from: this store is empty; name the one that is in use': '--from：这个数据库是空的；请写正在用的那个',
  'name an empty one: a new file, or a Redis with another ?tag=NAME':
    '请写一个空的：新文件，或换一个 ?tag=NAME 的 Redis',
  '--to: this store is not empty (it has {1}); {2}': '--to：这个数据库不是空的（有 {1}）；{2}',
  '--to: this store holds a finished copy, which may be in use; {1}': '--to：这个数据库里有做完的复制，可能正在用；{1}',
  '--to: this store holds an unfinished copy of another store; {1}': '--to：这个数据库里有别的数据库没做完的复制；{1}',
  'the source changed meanwhile: {1}': '期间来源变了：{1}',
  'the copy differs: {1}': '复制的不一样：{1}',
  'the audits differ': '两边的对账不一样',
  'the ledger does not balance, in the source neither: {1} differences': '账对不上，来源也一样：{1} 处差异',
  '--to: another process is at work on it; wait for its end': '--to：另一个进程正在处理它；请等它结束',
  '{1}: {2}, but not the same': '{1}：{2}，但不一样',
  '{1}: {2} instead of {3}': '{1}：是 {2}，应为 {3}',
  balances: '对得上',
  '{1} differences': '{1} 处差异',
  'lines of history': '历史行数',
  audit: '对账',
  source: '来源',
  target: '目标',
  'this copy does not count, and is marked unfinished: stop all bots and run the same command again':
    '这份复制不算，已标为没做完：请停下所有机器人，再运行同一个命令',
  'the copy is the same as its source, row by row; `hongbao audit` names what is wrong':
    '复制的和来源逐行一样；`hongbao audit` 会列出错在哪里',
  'the copy is the same as its source, row by row: set `store:` in bot.yaml to it, then start the bots':
    '复制的和来源逐行一样：请把 bot.yaml 的 `store:` 改成它，再启动机器人',
  restored: '已找回',
  'claim restored': '领取记录已找回',
  'brought up to date': '已补记',
  'recorded: who or why unknown': '已记下：不知道是谁或为什么',
  'NOT repaired': '没有修复',
  'would be restored': '会找回',
  'claim would be restored': '会找回领取记录',
  'would be brought up to date': '会补记',
  'would be recorded: who or why unknown': '会记下：不知道是谁或为什么',
  'cannot be repaired': '修复不了',
  '{1} counters would be brought back to what claims and payouts say\n': '会按领取和付款改正 {1} 个计数\n',
  '{1} counters were brought back to what claims and payouts say\n': '按领取和付款改正了 {1} 个计数\n',
  'nothing is lost that could be repaired\n': '没有丢失能修复的内容\n',
  follower: '粉丝',
  claim: '领取',
  note: '备注',
  '\n{1} would be repaired, {2} not{3}; nothing was written\n': '\n会修复 {1} 处，{2} 处不能{3}；什么都没写入\n',
  '\n{1} repaired, {2} not{3}\n': '\n修复了 {1} 处，{2} 处没有{3}\n',
  '--repair brings back claims, payouts and counters; buckets that differ all the same it does not touch':
    '--repair 找回领取、付款和计数；仍对不上的合计它不动',
  '--repair lowers no counter while something else is left: what is not here may have been counted':
    '还有别的没修复时，--repair 不减少计数：不在这里的可能已经数过',
  '{1}:{2}:1: expected the header of a fund flow ({3}), found {4}':
    '{1}:{2}:1: 应为资金账单的标题行（{3}），现在是 {4}',
  '{1}: it is empty; take the fund flow (资金账单) as 商户平台 exports it': '{1}：是空的；请用商户平台导出的资金账单',
  '{1}:{2}:1: the header lacks {3}; take the fund flow (资金账单) as 商户平台 exports it':
    '{1}:{2}:1: 标题行缺少 {3}；请用商户平台导出的资金账单',
};
