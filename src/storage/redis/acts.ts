// What people did by hand (操作记录), in Redis: a stream, appended, never edited.
import type { Act, OperatorLog } from '../../ports.ts';
import { type Connection, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { onceArgs, whole } from './rows.ts';
import { ONCE, PRELUDE } from './write-scripts.ts';

const APPEND = scriptOf(`${PRELUDE}${ONCE}
redis.call('XADD', P .. '${KEY.acts}', text(redis.call('INCR', P .. '${KEY.seq}')) .. '-0', 'a', arg())
return say('OK')
`);

const LIST = scriptOf<string[]>(`${PRELUDE}
local rows = {}
for _, entry in ipairs(redis.call('XREVRANGE', P .. '${KEY.acts}', arg(), '-', 'COUNT', arg())) do
  rows[#rows + 1] = entry[1]
  rows[#rows + 1] = entry[2][2]
end
return rows
`);

export function actsOn(run: Connection['run']): OperatorLog {
  return {
    append: async act => {
      await run(APPEND, ...onceArgs(), actText(act));
    },
    list: async ({ limit, after }) => {
      if (limit === 0) return []; // COUNT 0 is all of them
      const rows = await run(LIST, after === undefined ? '+' : `(${whole(after)}-0`, whole(limit));
      return rows.flatMap((id, n) => (n % 2 === 0 ? [actFrom(id, rows[n + 1]!)] : []));
    },
  };
}

export function actText({ at, by, what, about, detail }: Omit<Act, 'id'>): string {
  return JSON.stringify([at, by, what, about, detail ?? null]);
}

type StoredAct = [at: Act['at'], by: string, what: string, about: string, detail: string | null];

export function actFrom(id: string, text: string): Act {
  const [at, by, what, about, detail] = JSON.parse(text) as StoredAct;
  return { id: Number(id.split('-')[0]), at, by, what, about, ...(detail !== null && { detail }) };
}
