// `hongbao backup FILE`: the store's SQLite file while the bot runs, proven before it bears its name.

import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Audit, type AuditReport } from '../../core/audit/audit.ts';
import { BadInput } from '../../core/base/error.ts';
import { joined, t } from '../../core/base/words/words.ts';
import { auditStore } from '../../engine/audit-store.ts';
import { openStore, sqliteFileOf } from '../../storage/open.ts';
import { checkFile, copyFile, keepAs } from '../../storage/sqlite/backup.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, printNote, withStore } from '../shared/context.ts';
import { campaignsOf } from './audit.ts';

export type BackupOptions = Common & { readonly audit?: boolean };

/** 0: it is there and proven. 1: it is there, and the books in it do not balance, as those of the store do not. */
export function backup(target: string, options: BackupOptions): Promise<number> {
  if (target === '') throw new BadInput(t`the name of the file is empty; name one that is not there yet`);
  const file = resolve(target);
  if (existsSync(file)) throw new BadInput(t`${target} is there already, and is not written over; name another file`);
  if (!existsSync(dirname(file))) throw new BadInput(t`there is no folder ${dirname(file)}; make it first`);
  return withStore(options, async (store, config) => {
    const source = sqliteFileOf(config.store);
    if (source === undefined)
      throw new BadInput(
        t`the store is a Redis: copy its appendonlydir as docs/operations.md, 4 says; \`backup\` is for SQLite`,
      );
    if (source === file) throw new BadInput(t`${target} is the store itself`);
    const part = `${file}.part`;
    await writeDown(store, 'backup', file);
    try {
      await copyFile(source, part);
      await checkFile(part);
      const report = options.audit === false ? undefined : await audited(part, new Audit(await campaignsOf(config)));
      if (report) await checkFile(part); // the look at it leaves it whole, and in one file
      keepAs(part, file);
      return told(target, statSync(file).size, report, options);
    } finally {
      for (const end of ['', '-wal', '-shm']) rmSync(`${part}${end}`, { force: true });
    }
  });
}

async function audited(part: string, audit: Audit): Promise<AuditReport> {
  const copy = await openStore(`sqlite:${part}`);
  try {
    return await auditStore(copy, audit);
  } finally {
    await copy.close();
  }
}

function told(target: string, bytes: number, report: AuditReport | undefined, { json }: BackupOptions): number {
  const total = report?.total ?? 0;
  if (json)
    printJson({ file: target, bytes, integrity: 'ok', ...(report && { audit: { ...report.compared, total } }) });
  else {
    const proof = report
      ? t`each page is whole, and its books were audited`
      : t`each page is whole; its books were not audited`;
    print(joined([`${target}: ${(bytes / 1_000_000).toFixed(1)} MB, `, proof]));
  }
  if (total === 0) return EXIT.fine;
  printNote(t`the audit found ${total} differences in it; \`hongbao audit\` names those of the store`);
  return EXIT.findings;
}
