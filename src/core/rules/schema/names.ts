// What stands beside a name in a rule file when the file is changed while it is live: `was:` for one that had another
// name, `new:` for one that is no other one.
import { located, oneOrMany, optional, type Shape, yes } from '../../yaml/schema.ts';

export function renaming(name: Shape<string>) {
  return {
    was: optional(oneOrMany(located(name)), '改名：以前叫什么，最早的写在最前面；领取和计数都接着算。删不得'),
    new: optional(located(yes()), 'true：确实是新的，不是别的改了名字，谁都可以再领；上线以后删掉'),
  };
}
