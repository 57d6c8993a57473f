// The doctor as a page: an examination at a time, begun by a person and written down; what was found last stays to be read.

import { messageOf } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Diagnosis } from '../../core/ops/diagnosis.ts';
import { SURE, wordsOf } from '../../core/ops/diagnosis-words.ts';
import type { DoctorView } from '../../engine/overview/view.ts';
import type { ActPorts } from './acts.ts';
import { type Asker, Denied, type Route } from './door.ts';

type Known = { readonly at: Instant; readonly by: string; readonly found: readonly Diagnosis[] };

export function doctorRoutes({ doctor, overview, writeDown }: ActPorts): readonly (readonly [string, Route])[] {
  let known: Known | undefined;
  let running: Promise<Known> | undefined;
  const examined = async (by: string): Promise<Known> => {
    const found = await doctor();
    known = { at: overview.clock(), by, found };
    return known;
  };
  const view = (lang: Asker['lang']): DoctorView => ({
    isRunning: running !== undefined,
    ...(known && {
      at: known.at,
      by: known.by,
      findings: known.found.map(each => ({
        ...{ id: each.id, isBroken: each.grave === 'broken', sure: SURE[lang][each.sure] },
        ...wordsOf(each, lang),
        ...(each.about !== undefined && { about: each.about }),
      })),
    }),
  });
  const run = async ({ session, lang }: Asker): Promise<DoctorView> => {
    if (!running) {
      await writeDown(session.name, 'doctor', overview.config.file);
      running ??= examined(session.name).finally(() => {
        running = undefined;
      });
    }
    try {
      await running;
    } catch (error) {
      throw new Denied(503, 'doctor', messageOf(error));
    }
    return view(lang);
  };
  return [
    ['doctor', { role: 'viewer', run: async (_, { lang }) => view(lang) }],
    ['examine', { role: 'operator', method: 'POST', run: (_, who) => run(who) }],
  ];
}
