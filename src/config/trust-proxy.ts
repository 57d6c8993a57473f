// `trustProxy:` in bot.yaml: how many proxies stand in front. Each adds the address that it saw to X-Forwarded-For; whatever
// stands before what they added was written by the visitor, and says nothing.
import * as shape from '../core/yaml/schema.ts';

export const TRUST_PROXY = shape.optional(
  shape.count({ min: 0, max: 8 }),
  'proxies in front, each of which adds to X-Forwarded-For; 0: nobody is believed',
);
