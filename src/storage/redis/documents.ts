// Documents in Redis: one hash, and their names in order.
import type { Commit, DocumentRow, Store } from '../../ports.ts';
import { checkDocument, documentKind } from '../shared/document.ts';
import { type Connection, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { onceArgs, whole } from './rows.ts';
import { DOCUMENTS, ONCE, PRELUDE } from './write-scripts.ts';

const GET = scriptOf<string | null>(`${PRELUDE}
return redis.call('HGET', P .. '${KEY.document}', arg())
`);

/** 1, or 0 if it has another version by now. */
const PUT = scriptOf(`${PRELUDE}${ONCE}${DOCUMENTS}
local documents = readDocuments()
if not areAsSeen(documents) then return '0' end
setDocuments(documents)
return say('1')
`);

/** Names and texts, from behind a name on; both begin with the kind. */
const LIST = scriptOf<string[]>(`${PRELUDE}
local rows = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', P .. '${KEY.documentNames}', arg(), arg(), 'LIMIT', '0', arg())) do
  rows[#rows + 1] = name
  rows[#rows + 1] = redis.call('HGET', P .. '${KEY.document}', name)
end
return rows
`);

export function documentsOn(run: Connection['run']): Pick<Store, 'document' | 'putDocument' | 'documents'> {
  return {
    document: async (kind, name) => {
      const found = await run(GET, fieldOf(kind, name));
      return found === null ? undefined : documentFrom(fieldOf(kind, name), found);
    },
    putDocument: async (document, seen) => {
      checkDocument(document, seen);
      return (await run(PUT, ...onceArgs(), ...documentArgs([{ ...document, seen }]))) === '1';
    },
    documents: async (kind, limit, after = '') => {
      if (limit === 0) return [];
      // The character behind the slash ends the kind.
      const rows = await run(LIST, `(${fieldOf(kind, after)}`, `(${kind}0`, whole(limit));
      return rows.flatMap((field, n) => (n % 2 === 0 ? [documentFrom(field, rows[n + 1]!)] : []));
    },
  };
}

export function fieldOf(kind: DocumentRow['kind'], name: string): string {
  return `${kind}/${name}`;
}

export function documentArgs(documents: NonNullable<Commit['documents']>): string[] {
  return [
    whole(documents.length),
    ...documents.flatMap(({ kind, name, seen, ...rest }) => {
      checkDocument({ kind, name, ...rest }, seen);
      return [fieldOf(kind, name), whole(seen), storedDocument({ kind, name, version: seen + 1, ...rest })];
    }),
  ];
}

/** Its version, whether somebody waits for it, the text. */
export function storedDocument({ version, waits, text }: DocumentRow): string {
  return `${whole(version)} ${waits ? 1 : 0} ${text}`;
}

export function documentFrom(field: string, stored: string): DocumentRow {
  const slash = field.indexOf('/');
  const [, version, waits, text] = /^(\d+) ([01]) (.*)$/s.exec(stored)!;
  return {
    kind: documentKind(field.slice(0, slash)),
    name: field.slice(slash + 1),
    version: Number(version),
    text: text!,
    ...(waits === '1' && { waits: true as const }),
  };
}
