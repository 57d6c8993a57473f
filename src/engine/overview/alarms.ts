// What the bot calls people for (告警), as it stands; and who has taken it on.

import type { Lang } from '../../core/base/words/words.ts';
import { readAlarms } from '../../core/ops/alarm.ts';
import { ALARMS_NOTE } from '../ops/alarms.ts';
import type { OverviewPorts } from './ports.ts';
import type { AlarmView } from './view.ts';

/** What nobody has taken on comes first. */
export async function alarmViews({ store }: Pick<OverviewPorts, 'store'>, lang: Lang): Promise<AlarmView[]> {
  const standing = readAlarms(await store.note(ALARMS_NOTE));
  return standing
    .map(({ key, grave, words, since, taken }) => ({
      ...{ key, since, isGrave: grave === 'page', text: words[lang] },
      ...(taken && { taken }),
    }))
    .sort((one, other) => Number(one.taken !== undefined) - Number(other.taken !== undefined));
}

/** Those for which people are called at once. */
export async function graveAlarms({ store }: Pick<OverviewPorts, 'store'>): Promise<number> {
  return readAlarms(await store.note(ALARMS_NOTE)).filter(({ grave }) => grave === 'page').length;
}
