// Stores (门店): the scenes of a list, each with a name and hours of its own. Pure.

import { sceneOf } from '../base/event.ts';
import { hoursText, minuteOfDay } from '../base/time.ts';

import type { Mechanic } from './mechanic.ts';

export const shops: Mechanic = {
  isIn: (_, campaign) => campaign.stores !== undefined,
  refuses(at) {
    const scene = sceneOf(at.event);
    if (scene === undefined) return undefined;
    const store = at.campaign.stores!.get(scene);
    if (!at.see(store !== undefined, store ? `门店「${store.name}」` : `场景「${scene}」不在门店名单里`))
      return { refusal: 'notEligible' };
    const minute = minuteOfDay(at.now);
    const { hours } = store!;
    const isOpen = hours.length === 0 || hours.some(([from, to]) => minute >= from && minute < to);
    return at.see(isOpen, `门店时间 ${hoursText(hours)}`) ? undefined : { refusal: 'closed' };
  },
  values(at) {
    const store = at.campaign.stores!.get(sceneOf(at.event) ?? '');
    return store ? { store: store.name, storeHours: hoursText(store.hours) } : {};
  },
  takesBack: 'nothing',
};
