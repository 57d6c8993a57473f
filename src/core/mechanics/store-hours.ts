// Stores (门店): the scenes of a list, each with a name and hours of its own.

import { sceneOf } from '../base/event.ts';
import { hoursText, minuteOfDay } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import type { Campaign, Store, Trigger } from '../rules/campaign.ts';
import { hasTrigger } from '../rules/campaign-query.ts';
import { sayUnknown } from '../rules/schema/written.ts';

import { mechanic } from './mechanic.ts';

/** `store`: its name; absent: the scene is none of the list. */
export type StoreChecks = {
  store: { scene: string; store?: string };
  storeHours: { hours: Store['hours'] };
};

const AT_SCENES = ['scan', 'subscribe'] as const;

export const stores = mechanic({
  fields: {},
  /** Where there is a list of stores, a scene that is not in it gets nothing. */
  check(rule, { file, data, say }) {
    const list = file.stores && data.stores(file.stores, () => {});
    if (!list) return;
    const scenes = [...list.keys()];
    for (const trigger of rule.on?.value ?? []) {
      if (trigger.kind !== 'scan' && trigger.kind !== 'subscribe') continue;
      for (const scene of trigger.scenes ?? []) {
        const isPrefix = scene.endsWith('*');
        if (isPrefix && scenes.some(each => each.startsWith(scene.slice(0, -1)))) continue;
        if (isPrefix) say(rule.on!.at, t`no store in ${file.stores!.value} has a scene like "${scene}"`);
        else sayUnknown(t`store`, { value: scene, at: rule.on!.at }, scenes, say);
      }
    }
  },
  comesTo(rule, campaign, inTests) {
    const isAtScenes = hasTrigger(rule, AT_SCENES);
    const haveHours = [...campaign.stores!.values()].some(({ hours }) => hours.length > 0);
    return {
      closed: isAtScenes && (!inTests || haveHours),
      notEligible: inTests ? rule.on.some(trigger => knowsOtherScenes(trigger, campaign)) : isAtScenes,
    };
  },
  placeholders: (_, rule) => (hasTrigger(rule, AT_SCENES) ? ['store', 'storeHours'] : []),
  isIn: (_, campaign) => campaign.stores !== undefined,
  refuses(at) {
    const scene = sceneOf(at.event);
    if (scene === undefined) return undefined;
    const store = at.campaign.stores!.get(scene);
    if (!at.see({ ok: store !== undefined, check: 'store', scene, ...(store && { store: store.name }) }))
      return { refusal: 'notEligible' };
    const minute = minuteOfDay(at.now);
    const { hours } = store!;
    const ok = hours.length === 0 || hours.some(([from, to]) => minute >= from && minute < to);
    return at.see({ ok, check: 'storeHours', hours }) ? undefined : { refusal: 'closed' };
  },
  values(at) {
    const store = at.campaign.stores!.get(sceneOf(at.event) ?? '');
    return store ? { store: store.name, storeHours: hoursText(store.hours) } : {};
  },
  takesBack: 'nothing',
});

/** A trigger may name only scenes of the list. */
function knowsOtherScenes(trigger: Trigger, { stores: list }: Campaign): boolean {
  if (trigger.kind !== 'scan' && trigger.kind !== 'subscribe') return false;
  return !trigger.scenes || trigger.scenes.some(scene => scene.endsWith('*') || !list!.has(scene));
}
