// How an alarm reaches people: the robots of 企业微信 and 飞书, a POST of JSON, a mail. Never throws: who was not reached is named.
import { createHmac } from 'node:crypto';
import type { AlarmSettings } from '../config/alarms.ts';
import { messageOf } from '../core/base/error.ts';
import type { Clock } from '../ports.ts';

type Message = {
  readonly subject: string;
  readonly text: string;
  /** For programs: what a webhook of kind `json` gets beside the words. */
  readonly facts?: object;
};
/** Who was not reached, and why; empty: everybody was. */
type Sender = (message: Message) => Promise<string[]>;

const PATIENCE_MS = 8000;
/** 企业微信 takes 2048 bytes of text. */
const WECOM_BYTES = 2000;
const FEISHU_BYTES = 18_000;

type Webhook = AlarmSettings['webhooks'][number];

export function createSender({ webhooks, email }: AlarmSettings, clock: Clock): Sender {
  return async message => {
    const ways: (readonly [name: string, work: Promise<void>])[] = webhooks.map(hook => [
      `${hook.kind} ${new URL(hook.url).host}`,
      post(hook, message, clock),
    ]);
    if (email) ways.push([`mail to ${email.to.join(', ')}`, mail(email, message)]);
    const results = await Promise.allSettled(ways.map(([, work]) => work));
    return results.flatMap((result, n) =>
      result.status === 'rejected' ? [`${ways[n]![0]}: ${reasonOf(result.reason)}`] : [],
    );
  };
}

/** `fetch failed` says nothing: why, its cause knows. */
function reasonOf(error: unknown): string {
  const cause = error instanceof TypeError ? error.cause : undefined;
  if (!(cause instanceof Error)) return messageOf(error);
  return cause.message || ('code' in cause ? String(cause.code) : messageOf(error));
}

async function post(hook: Webhook, message: Message, clock: Clock): Promise<void> {
  const answer = await fetch(hook.url, {
    method: 'POST',
    redirect: 'error',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(hook.kind === 'json' && hook.secret !== undefined && { authorization: `Bearer ${hook.secret}` }),
    },
    body: JSON.stringify(bodyOf(hook, message, Math.floor(clock() / 1000))),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = (await answer.text()).slice(0, 2000);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  // Both robots say no with a 200.
  if (hook.kind !== 'json') refuseCode(text);
}

function bodyOf({ kind, secret }: Webhook, { subject, text, facts }: Message, seconds: number): object {
  switch (kind) {
    case 'wecom':
      return { msgtype: 'text', text: { content: cut(text, WECOM_BYTES) } };
    case 'feishu': {
      const timestamp = String(seconds);
      const sign = secret === undefined ? {} : { timestamp, sign: feishuSign(timestamp, secret) };
      return { ...sign, msg_type: 'text', content: { text: cut(text, FEISHU_BYTES) } };
    }
    case 'json':
      return { subject, text, ...facts };
    default:
      return kind satisfies never;
  }
}

/** The key is what is signed, and nothing is the message: so 飞书 has it. */
function feishuSign(timestamp: string, secret: string): string {
  return createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64');
}

function refuseCode(text: string): void {
  const { errcode, errmsg, code, msg } = JSON.parse(text) as Record<string, unknown>;
  const said = errcode ?? code ?? 0;
  if (said !== 0) throw new Error(`${String(said)} ${String(errmsg ?? msg ?? '')}`.trim());
}

/** At a character's end. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let kept = '';
  let length = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes - 3) break;
    kept += character;
  }
  return `${kept}…`;
}

async function mail(
  { smtp, from, to }: NonNullable<AlarmSettings['email']>,
  { subject, text }: Message,
): Promise<void> {
  // Loaded when it is wanted: no start waits for it.
  const { createTransport } = await import('nodemailer');
  const limits = { connectionTimeout: PATIENCE_MS, greetingTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS };
  const transport = createTransport({ url: smtp, ...limits });
  try {
    await transport.sendMail({ from, to: [...to], subject, text });
  } finally {
    transport.close();
  }
}
