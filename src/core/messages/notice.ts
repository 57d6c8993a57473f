// Notices (模板消息, 订阅通知): forms of WeChat's that bot.yaml fills in, for what a follower should know when no message of
// ours may reach them.

/** What there is to tell: a prize for a payment, a packet that will not come or soon returns, anything else we owe. */
export const NOTICE_NAMES = ['paid', 'problem', 'reminder', 'owed'] as const;
export type NoticeName = (typeof NOTICE_NAMES)[number];

/** What may stand in `{{…}}`. `text`: the words a message would have had. */
export const NOTICE_PLACEHOLDERS = ['prize', 'amount', 'campaign', 'text', 'time'] as const;
export type NoticeValues = Partial<Record<(typeof NOTICE_PLACEHOLDERS)[number], string>>;

export type Notice = {
  /** A template message reaches every follower; a subscription notice whoever agreed to one more. */
  readonly kind: 'template' | 'subscription';
  /** Its id in the console. */
  readonly template: string;
  /** Field → its text. */
  readonly data: ReadonlyMap<string, string>;
  /** What a tap opens; with both, the mini program. */
  readonly url?: string;
  readonly miniprogram?: { readonly appId: string; readonly path: string };
};
export type Notices = ReadonlyMap<NoticeName, Notice>;

/** Characters a field takes, by the type that stands in its name; what is longer would be refused whole (47003). */
const LENGTHS: Readonly<Record<string, number>> = {
  thing: 20,
  const: 20,
  character_string: 32,
  letter: 32,
  number: 32,
  phone_number: 17,
  car_number: 8,
  symbol: 5,
  phrase: 5,
};

/** The first placeholder nobody knows. */
export function unknownPlaceholder(text: string): string | undefined {
  const known: readonly string[] = NOTICE_PLACEHOLDERS;
  return [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(match => match[1]!).find(name => !known.includes(name));
}

/** The fields as they are sent: on one line, cut to what their type takes. WeChat refuses an empty one. */
export function fillNotice({ data }: Notice, values: NoticeValues): Map<string, string> {
  const filled = new Map<string, string>();
  const texts: Readonly<Record<string, string>> = values;
  for (const [field, template] of data) {
    const text = template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => texts[name] ?? '');
    const max = LENGTHS[field.replace(/\d+$/, '')];
    filled.set(field, cut(text.replace(/\s+/g, ' ').trim(), max) || '-');
  }
  return filled;
}

function cut(text: string, max: number | undefined): string {
  const characters = [...text];
  return max === undefined || characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`;
}
