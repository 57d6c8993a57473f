// Names for people nobody named, given in turn.
const NICKNAMES = [
  '小雨',
  '阿明',
  '林间小鹿',
  '王小虎',
  '糖糖',
  '晓晨',
  '海边的风',
  '李大山',
  '静静',
  '老陈',
  '橙子汽水',
  '周周',
  '木木',
  '阳光',
  '张小妹',
  '南方有雨',
  '豆豆妈',
  '阿杰',
  '茉莉花开',
  '刘洋',
  '星河',
  '胖达',
  '云朵朵',
  '何必',
  '小确幸',
  '老街口',
  '赵铁柱',
  '青柠',
  '半夏',
  '吴小姐',
  '石头',
  '甜甜圈',
  '北方',
  '许愿',
  '大白',
  '小满',
  '麦兜',
  '阿芳',
  '孙先生',
  '一叶知秋',
];

/** The n-th person's, from 0; the second round is numbered. */
export function nicknameOf(index: number): string {
  const round = Math.floor(index / NICKNAMES.length);
  const name = NICKNAMES[index % NICKNAMES.length]!;
  return round === 0 ? name : `${name}${round + 1}`;
}
