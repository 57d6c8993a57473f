// Following and unfollowing (关注), and codes with a parameter (带参数二维码), by followers and by who follows through one.

import type { Event, Happening } from '../base/event.ts';
import { pick } from '../base/random.ts';
import { t } from '../base/words/words.ts';
import type { Campaign } from '../rules/campaign.ts';
import { byKind, convert, flag, object, oneOrMany, optional, orBare, required } from '../yaml/schema.ts';
import { exampleName, fitsAny, missOfName, namedPiece, prefix, RARE, triggerKind, yesOrNothing } from './trigger.ts';

const scenes = oneOrMany(prefix(t`a scene`));
const withScenes = object('scan', { scene: required(scenes, '二维码场景值，末尾 * 表示前缀') });
const whenSubscribing = object('subscribe', {
  scene: optional(scenes, '扫这些带参数二维码来的'),
  first: optional(flag(), '只算第一次关注'),
});
const scenesOf = byKind(t`a scene or a list of scenes`, {
  scalar: scenes,
  list: scenes,
  map: convert(withScenes, ({ scene }) => scene),
});

function came(scene?: string): Happening {
  return scene === undefined ? { kind: 'subscribe', via: 'direct' } : { kind: 'subscribe', via: 'qr', scene };
}

/** A store of the list where there is one; else `store-*` is one of twenty. */
function exampleScene({ stores }: Campaign, patterns: readonly string[], chance: () => number): string {
  const pattern = pick(patterns, chance);
  const beginning = pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
  const known = beginning === undefined ? [] : [...(stores?.keys() ?? [])].filter(each => each.startsWith(beginning));
  return known.length > 0 ? pick(known, chance) : exampleName(pattern, chance);
}

export const subscribe = triggerKind('subscribe', {
  bare: { kind: 'subscribe', first: false },
  field: optional(orBare(null, whenSubscribing), '关注'),
  written: ({ scene, first }: { readonly scene?: readonly string[]; readonly first?: boolean }) => ({
    kind: 'subscribe',
    first: first ?? false,
    ...(scene && { scenes: scene }),
  }),
  fits: (trigger, event) => event.kind === 'subscribe' && fitsAny(trigger.scenes, event.scene),
  events: ['subscribe'],
  names: trigger => trigger.scenes,
  describe: ({ first }, { say }) =>
    first ? say('首次关注公众号时', `on the first follow`) : say('关注公众号时', `on following`),
  pieces(trigger, event) {
    const first = trigger.first ? { isFirstFollow: true } : {};
    const probe = (scene?: string): Event => event(came(scene));
    if (!trigger.scenes) return [{ label: t`a new follower`, probes: [probe(), probe(RARE[0])], ...first }];
    return trigger.scenes.map(scene => namedPiece(t`the scene`, scene, inside => [probe(inside)], first));
  },
  example: ({ scenes: patterns }, { campaign }) =>
    patterns ? chance => came(exampleScene(campaign, patterns, chance)) : () => came(),
  miss: (trigger, event) =>
    event.kind === 'subscribe' ? missOfName(t`scene`, event.scene, trigger.scenes) : undefined,
});

export const unsubscribe = triggerKind('unsubscribe', {
  bare: { kind: 'unsubscribe' },
  field: optional(yesOrNothing(), '取消关注'),
  written: (_: true) => ({ kind: 'unsubscribe' }),
  fits: (_, event) => event.kind === 'unsubscribe',
  events: ['unsubscribe'],
  describe: (_, { say }) => say('取消关注时', `on unfollowing`),
  pieces: (_, event) => [{ label: t`who leaves`, probes: [event({ kind: 'unsubscribe' })] }],
});

export const scan = triggerKind('scan', {
  bare: { kind: 'scan' },
  field: optional(orBare(null, scenesOf), '扫带参数二维码（已关注，或扫码关注）'),
  written: (values: readonly string[]) => ({ kind: 'scan', scenes: values }),
  // Somebody who follows through a code has scanned it just as well as a follower has.
  fits: (trigger, event) =>
    (event.kind === 'scan' || (event.kind === 'subscribe' && event.scene !== undefined)) &&
    fitsAny(trigger.scenes, event.scene),
  events: ['scan', 'subscribe'],
  names: trigger => trigger.scenes,
  describe: (_, { campaign, say }) =>
    campaign.stores
      ? say('扫描参与门店的二维码', `scan the code of a store`)
      : say('扫描活动二维码', `scan a code of the campaign`),
  pieces(trigger, event) {
    const scanned = (scene: string): Event[] => [event({ kind: 'scan', scene }), event(came(scene))];
    if (!trigger.scenes) return [{ label: t`every scan`, probes: scanned(RARE[0]) }];
    return trigger.scenes.map(scene => namedPiece(t`the scene`, scene, scanned));
  },
  example:
    (trigger, { campaign }) =>
    chance => ({
      kind: 'scan',
      scene: exampleScene(campaign, trigger.scenes ?? ['*'], chance),
    }),
  miss: (trigger, event) =>
    event.kind === 'scan' || event.kind === 'subscribe' ? missOfName(t`scene`, event.scene, trigger.scenes) : undefined,
});
