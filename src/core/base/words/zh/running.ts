// What a running bot says in its log, and what keeps one from starting.
export const RUNNING: Readonly<Record<string, string>> = {
  'no rule file is left in {1}': '{1} 里一个规则文件也没有了',
  'the rules in {1} are not fit to go live:': '{1} 里的规则不能上线：',
  '{1}: no such file or folder; name a rule file or a folder of them':
    '{1}：没有这个文件或文件夹；请写规则文件或放规则文件的文件夹',
  'the rules were not read and tested within {1} s': '{1} 秒内没能读完并测完规则',
  'another process is going live with rules just now': '另一个进程正在上线规则',
};
