// `alarms:` in bot.yaml: whom the bot calls, how often again, and when it reports.

import { HOUR, MINUTE } from '../core/base/time.ts';
import { t } from '../core/base/words/words.ts';
import type { Language } from '../core/ops/diagnosis-words.ts';
import * as shape from '../core/yaml/schema.ts';
import type { Complain } from './files.ts';

const { text, optional, required, object, choice, oneOrMany, located } = shape;

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

/** They open what they name: never shown, nor logged. */
const ROBOT = text({
  what: t`the address of the robot, https://…`,
  oneLine: true,
  secret: true,
  check: (written, say) => {
    if (written.trim() === '') return;
    if (hostOf(written, ['http:', 'https:']) === undefined)
      say(t`expected the address of the robot, https://…; mind the name of the host, and the port (1 to 65535)`);
    else if (new URL(written).username !== '' || new URL(written).password !== '')
      say(
        t`a name and password before "@" are not sent; leave them out, and give a token as \`secret:\` with \`kind: json\``,
      );
  },
});
const SMTP = text({
  what: t`smtps://user:password@host:465, or smtp://host:25`,
  oneLine: true,
  secret: true,
  check: (written, say) => {
    if (written.trim() === '') return;
    const ends = written.indexOf('://') < 0 ? -1 : written.slice(written.indexOf('://') + 3).indexOf('@');
    const isClear = ends < 0 || ends === written.slice(written.indexOf('://') + 3).lastIndexOf('@');
    if (hostOf(written, ['smtp:', 'smtps:']) !== undefined && isClear) return;
    say(
      t`expected ${SMTP_FORM}; "@", ":", "/", "#" and "?" in a name or password are written %40, %3A, %2F, %23 and %3F`,
    );
  },
});
const SMTP_FORM = t`smtps://user:password@host:465, or smtp://host:25`;

/** `undefined`: it is no such address. */
function hostOf(written: string, schemes: readonly string[]): string | undefined {
  try {
    const { protocol, hostname, pathname, hash } = new URL(written);
    const isMail = protocol.startsWith('smtp');
    if (!schemes.includes(protocol) || hostname === '' || (isMail && (hash !== '' || pathname.length > 1)))
      return undefined;
    return hostname;
  } catch {
    return undefined;
  }
}

/** Whose robots they are, by where they live. */
const HOMES: Partial<Record<(typeof KINDS)[number], RegExp>> = {
  wecom: /^qyapi\.weixin\.qq\.com$/,
  feishu: /(?:^|\.)(?:feishu\.cn|larksuite\.com)$/,
};

const MAIL = text({ what: t`an e-mail address`, oneLine: true, pattern: /^[^\s@<>]+@[^\s@<>]+$/ });
const WEBHOOK = object(t`a webhook`, {
  kind: required(choice(t`a kind of webhook`, KINDS), 'wecom (企业微信), feishu (飞书) or json'),
  url: required(located(ROBOT)),
  secret: optional(located(text({ what: t`a signature key or token`, oneLine: true, secret: true }))),
});
const EMAIL = object('email', {
  smtp: required(SMTP),
  from: required(MAIL),
  to: required(oneOrMany(MAIL)),
});

export const ALARMS = optional(
  located(
    object('alarms', {
      language: optional(choice(t`a language`, ['zh', 'en'] as const), 'zh (default) or en'),
      repeat: optional(located(shape.duration()), 'how often what goes on is said again (default 1h)'),
      webhooks: optional(shape.list(WEBHOOK, t`a list of webhooks`)),
      email: optional(EMAIL),
      report: optional(
        text({ what: t`a time such as "09:00"`, pattern: /^([01]\d|2[0-3]):[0-5]\d$/ }),
        'when yesterday is reported, Beijing time',
      ),
    }),
  ),
  'whom the bot calls when something is wrong',
);

const REPEAT_MIN = 5 * MINUTE;

type Written = shape.ShapeOf<typeof ALARMS.shape>;

export function checkAlarms({ value: { repeat, webhooks, email }, at }: Written, say: Complain): void {
  if (!webhooks?.length && !email) say(at, t`alarms: nobody would be called; give webhooks or email`);
  if (repeat && repeat.value < REPEAT_MIN) say(repeat.at, t`alarms are said again after 5m at the earliest`);
  for (const { kind, url, secret } of webhooks ?? []) {
    const host = hostOf(url.value, ['http:', 'https:']);
    const home = KINDS.find(each => host !== undefined && HOMES[each]?.test(host));
    if (home !== undefined && home !== kind)
      say(url.at, t`this is the address of a robot of ${home}; say \`kind: ${home}\``);
    else if (home === 'wecom' && !new URL(url.value).searchParams.get('key'))
      say(url.at, t`a robot of 企业微信 has its key in its address: …/cgi-bin/webhook/send?key=…; copy all of it`);
    if (secret && kind === 'json' && !/^[\x21-\x7e]*$/.test(secret.value))
      say(secret.at, t`a token goes in a header of HTTP: letters, digits and signs of ASCII, without blanks`);
    if (secret && kind === 'wecom') say(secret.at, t`a robot of 企业微信 has no secret; leave it out`);
  }
}

/** `undefined`: there is nobody to call. */
export function alarmsOf(entry: Written | undefined): AlarmSettings | undefined {
  const written = entry?.value;
  if (!written || (!written.webhooks?.length && !written.email)) return undefined;
  const { language = 'zh', webhooks = [], email, report } = written;
  const repeat = written.repeat?.value ?? HOUR;
  const [hours, minutes] = (report ?? '').split(':').map(Number);
  return {
    language,
    repeatMs: Math.max(repeat, REPEAT_MIN),
    webhooks: webhooks.map(({ kind, url, secret }) => ({
      kind,
      url: url.value,
      ...(secret && { secret: secret.value }),
    })),
    ...(email && { email }),
    ...(report !== undefined && { reportAt: hours! * 60 + minutes! }),
  };
}
