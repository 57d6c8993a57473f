// `alarms:` in bot.yaml: whom the bot calls, how often again, and when it reports.

import { HOUR, MINUTE } from '../core/base/time.ts';
import { t } from '../core/base/words/words.ts';
import type { Language } from '../core/ops/diagnosis-words.ts';
import * as shape from '../core/yaml/schema.ts';

const { text, optional, required, object, choice, oneOrMany } = shape;

const KINDS = ['wecom', 'feishu', 'json'] as const;

export type AlarmSettings = {
  readonly language: Language;
  readonly repeatMs: number;
  /** `wecom` 企业微信群机器人, `feishu` 飞书自定义机器人, `json` whatever takes a POST. */
  readonly webhooks: readonly {
    readonly kind: (typeof KINDS)[number];
    readonly url: string;
    /** 飞书: the robot's signature key. `json`: a bearer token. */
    readonly secret?: string;
  }[];
  readonly email?: { readonly smtp: string; readonly from: string; readonly to: readonly string[] };
  /** Minutes of the Beijing day at which yesterday is reported. */
  readonly reportAt?: number;
};

const MAIL = text({ what: t`an e-mail address`, oneLine: true, pattern: /^[^\s@<>]+@[^\s@<>]+$/ });
const WEBHOOK = object('a webhook', {
  kind: required(choice(t`a kind of webhook`, KINDS), 'wecom (企业微信), feishu (飞书) or json'),
  url: required(text({ what: t`the address of the robot, https://…`, oneLine: true, pattern: /^https?:\/\/[^\s]+$/ })),
  secret: optional(text({ what: t`a signature key or token`, oneLine: true })),
});
const EMAIL = object('email', {
  smtp: required(
    text({ what: t`smtps://user:password@host:465, or smtp://host:25`, oneLine: true, pattern: /^smtps?:\/\/[^\s]+$/ }),
  ),
  from: required(MAIL),
  to: required(oneOrMany(MAIL)),
});

export const ALARMS = optional(
  object('alarms', {
    language: optional(choice(t`a language`, ['zh', 'en'] as const), 'zh (default) or en'),
    repeat: optional(shape.duration(), 'how often what goes on is said again (default 1h)'),
    webhooks: optional(shape.list(WEBHOOK, t`a list of webhooks`)),
    email: optional(EMAIL),
    report: optional(
      text({ what: t`a time such as "09:00"`, pattern: /^([01]\d|2[0-3]):[0-5]\d$/ }),
      'when yesterday is reported, Beijing time',
    ),
  }),
  'whom the bot calls when something is wrong',
);

const REPEAT_MIN = 5 * MINUTE;

/** `undefined`: there is nobody to call. */
export function alarmsOf(written: shape.ShapeOf<typeof ALARMS.shape> | undefined): AlarmSettings | undefined {
  if (!written || (!written.webhooks?.length && !written.email)) return undefined;
  const { language = 'zh', repeat = HOUR, webhooks = [], email, report } = written;
  const [hours, minutes] = (report ?? '').split(':').map(Number);
  return {
    language,
    repeatMs: Math.max(repeat, REPEAT_MIN),
    webhooks: webhooks.map(({ kind, url, secret }) => ({ kind, url, ...(secret !== undefined && { secret }) })),
    ...(email && { email }),
    ...(report !== undefined && { reportAt: hours! * 60 + minutes! }),
  };
}
