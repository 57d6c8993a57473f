// What a rule waits for, piece by piece, and events that stand for each piece: whoever else is asked about all of them
// is asked about everything that piece is about. Pure.
import type { Event, EventKey, Happening, OpenId } from '../base/event.ts';
import { fen } from '../base/money.ts';
import { normalise } from '../base/text.ts';
import type { Day, Instant } from '../base/time.ts';
import { fitsRule } from '../match/trigger-match.ts';
import type { Campaign, Rule, ScannedText, Trigger } from '../rules/campaign.ts';
import { CODE_LENGTH, CODE_LETTERS, checksumOf } from '../rules/printed-code.ts';

/** One word, one scene, one button …: `label` is how it is called in a message. */
export type Piece = {
  readonly label: string;
  /** As it is written in the file, if it is. */
  readonly word?: string;
  readonly probes: readonly Event[];
  /** The text that is waited for, as it is compared; of passwords also their day. */
  readonly text?: string;
  readonly day?: Day;
  /** The source of a pattern. */
  readonly pattern?: string;
  readonly isFirstFollow?: boolean;
  readonly batch?: string;
};

/** Characters of no language, which no word and no pattern of anybody's has; in two lengths, for patterns that count. */
const RARE = ['\uE123', '\uE123\uE124\uE125'] as const;

export function piecesOf(rule: Rule, campaign: Campaign, account: string): Piece[] {
  return rule.on.flatMap(trigger => piecesOfTrigger(trigger, campaign, account));
}

function piecesOfTrigger(trigger: Trigger, campaign: Campaign, account: string): Piece[] {
  const event = (happening: Happening): Event => eventOf(happening, account, campaign.period.from);
  switch (trigger.kind) {
    case 'text':
      return textPieces(trigger, text => event({ kind: 'text', text }));
    case 'subscribe': {
      const first = trigger.first ? { isFirstFollow: true } : {};
      const came = (scene?: string): Event =>
        event({ kind: 'subscribe', via: scene === undefined ? 'direct' : 'qr', ...(scene !== undefined && { scene }) });
      if (!trigger.scenes) return [{ label: 'a new follower', probes: [came(), came(RARE[0])], ...first }];
      return trigger.scenes.map(scene => named('the scene', scene, inside => [came(inside)], first));
    }
    case 'scan': {
      const scanned = (scene: string): Event[] => [
        event({ kind: 'scan', scene }),
        event({ kind: 'subscribe', via: 'qr', scene }),
      ];
      if (!trigger.scenes) return [{ label: 'every scan', probes: scanned(RARE[0]) }];
      return trigger.scenes.map(scene => named('the scene', scene, scanned));
    }
    case 'click':
      return trigger.buttons.map(key => named('the button', key, button => [event({ kind: 'click', button })]));
    case 'view':
      if (!trigger.urls) return [{ label: 'every link of the menu', probes: [event({ kind: 'view', url: RARE[0] })] }];
      return trigger.urls.map(each => named('the link', each, url => [event({ kind: 'view', url })]));
    case 'scancode':
      return trigger.buttons.flatMap(key => scanPieces(key, trigger.text, event));
    case 'paid':
      return paidPieces(trigger, event);
    case 'code':
      return [
        { label: `codes of "${trigger.batch}"`, batch: trigger.batch, probes: [event({ kind: 'text', text: CODE })] },
      ];
    default:
      return otherPieces(trigger.kind, event);
  }
}

/** The rest has no names; a visit and a friend's deed are about one campaign only, and nobody else's. */
function otherPieces(kind: Trigger['kind'], event: (happening: Happening) => Event): Piece[] {
  switch (kind) {
    case 'image':
      return [{ label: 'images', probes: [event({ kind, mediaId: '', url: '' })] }];
    case 'voice':
      return [{ label: 'voice messages', probes: [event({ kind, mediaId: '' })] }];
    case 'location':
      return [{ label: 'locations', probes: [event({ kind, latitude: 0, longitude: 0, label: '' })] }];
    case 'unsubscribe':
      return [{ label: 'who leaves', probes: [event({ kind })] }];
    default:
      return [];
  }
}

/** A code whose checksum is right, so that it is one for everybody who waits for codes. */
const BODY = CODE_LETTERS[0]!.repeat(CODE_LENGTH - 2);
const CODE = BODY + checksumOf(BODY);

function eventOf(happening: Happening, account: string, sentAt: Instant): Event {
  return { key: 'probe' as EventKey, account, user: 'probe' as OpenId, sentAt, ...happening };
}

/** A name, or everything that begins so. */
function named(
  what: string,
  pattern: string,
  probe: (name: string) => readonly Event[],
  more: Pick<Piece, 'isFirstFollow'> = {},
): Piece {
  const isPrefix = pattern.endsWith('*');
  const probes = probe(isPrefix ? pattern.slice(0, -1) + RARE[1] : pattern);
  return { label: `${what} "${pattern}"`, word: pattern, probes, ...more };
}

function textPieces(trigger: Extract<Trigger, { kind: 'text' }>, says: (text: string) => Event): Piece[] {
  switch (trigger.match) {
    case 'exact':
      return trigger.words.map(word => exact(word, says));
    case 'daily':
      return [...trigger.byDay].flatMap(([day, words]) => words.map(word => ({ ...exact(word, says), day })));
    case 'contains':
      return trigger.words.map(word => ({
        label: `texts with "${word}"`,
        word,
        probes: RARE.map(rare => says(rare + word + rare)),
      }));
    case 'pattern':
      // What a pattern fits cannot be listed: only a rule for every text, or one with the same pattern, has all of it.
      return trigger.patterns.map(({ source }) => ({
        label: `texts like "${source}"`,
        word: source,
        pattern: source,
        probes: RARE.map(says),
      }));
    default:
      return [{ label: 'every text', probes: RARE.map(says) }];
  }
}

/** What one button's scanner may read. Words of texts are other rules'. */
function scanPieces(key: string, text: ScannedText | undefined, event: (happening: Happening) => Event): Piece[] {
  const scan = (result: string) => (button: string) => [event({ kind: 'scancode', button, result, waiting: true })];
  if (!text) return [named('the scanner of the button', key, scan(RARE[0]))];
  return textPieces(text, result => event({ kind: 'text', text: result })).map(({ label, word, probes }) => {
    const read = probes.flatMap(probe => (probe.kind === 'text' ? probe.text : []));
    const { probes: scans } = named('', key, button => read.flatMap(result => scan(result)(button)));
    return { label: `${label} scanned with the button "${key}"`, ...(word !== undefined && { word }), probes: scans };
  });
}

function exact(word: string, says: (text: string) => Event): Piece {
  return { label: `"${word}"`, word, text: normalise(word), probes: [says(word)] };
}

function paidPieces(
  { over = fen(1), attach }: Extract<Trigger, { kind: 'paid' }>,
  event: (happening: Happening) => Event,
): Piece[] {
  const bill = { kind: 'paid', merchant: '', transaction: '', order: '', amount: over, total: over } as const;
  if (!attach) return [{ label: 'payments', probes: [event(bill), event({ ...bill, attach: RARE[0] })] }];
  return attach.map(each => named('payments with', each, name => [event({ ...bill, attach: name })]));
}

/** Whether a rule that was found for a probe really answers it. */
export function answers(rule: Rule, campaign: Campaign, piece: Piece, probe: Event): boolean {
  if (probe.kind === 'subscribe' && !piece.isFirstFollow) {
    // A rule about first follows lets all others pass.
    const on = rule.on.filter(trigger => trigger.kind !== 'subscribe' || !trigger.first);
    return fitsRule({ ...rule, on }, campaign, probe, probe.sentAt);
  }
  if (piece.batch !== undefined)
    return rule.on.some(trigger => trigger.kind === 'code' && trigger.batch === piece.batch);
  if (fitsRule(rule, campaign, probe, probe.sentAt)) return true;
  // A text that only looks like a password is a wrong guess, and answered as one.
  return probe.kind === 'text' && rule.guess?.looksLike?.fits(normalise(probe.text)) === true;
}
