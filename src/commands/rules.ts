// `hongbao test`: what an editor of rule files runs before anybody else sees them.
import { existsSync } from 'node:fs';
import { type Config, defaultConfigFile, loadConfig } from '../config.ts';
import { type Finding, showFinding } from '../core/error.ts';
import { rehearse } from '../core/rehearse.ts';
import { checkRuleFiles, type RuleFile, readRuleFiles } from '../rulebook.ts';
import { type Common, EXIT, print, printJson } from './common.ts';

/** The files named, by themselves; or the configured ones, which must fit the accounts and merchants as well. */
export async function gather(
  paths: readonly string[],
  options: Common,
): Promise<{ files: RuleFile[]; config: Config | undefined }> {
  const file = options.config ?? defaultConfigFile();
  const isWanted = options.config !== undefined || (paths.length === 0 && existsSync(file));
  const config = isWanted ? loadConfig(file, process.env) : undefined;
  return { files: await readRuleFiles(paths.length > 0 ? paths : [config?.rules ?? 'rules']), config };
}

type Row = {
  readonly file: string;
  readonly test: string;
  readonly ok: boolean;
  readonly failures: readonly Finding[];
};

export async function test(paths: readonly string[], options: Common): Promise<number> {
  const { files, config } = await gather(paths, options);
  const { campaigns, findings } = checkRuleFiles(files, config);
  const rows: Row[] = campaigns.flatMap(campaign =>
    rehearse(campaign).map(({ test: name, failures }) => ({
      file: campaign.file,
      test: name,
      ok: failures.length === 0,
      failures: failures.map(({ line, column, expected, got }) => ({
        file: campaign.file,
        line,
        column,
        message: `${name}: expected ${expected}, got ${got}`,
      })),
    })),
  );
  const failed = rows.filter(row => !row.ok);
  if (options.json) printJson({ passed: rows.length - failed.length, failed: failed.length, tests: rows, findings });
  else {
    for (const finding of findings) print(showFinding(finding));
    for (const row of rows) {
      print(`${row.ok ? '✓' : '✗'} ${row.file}: ${row.test}`);
      for (const failure of row.failures) print(`    ${showFinding(failure)}`);
    }
    print(
      `${rows.length - failed.length} passed, ${failed.length} failed${findings.length > 0 ? `, ${findings.length} findings` : ''}`,
    );
  }
  return failed.length === 0 && findings.length === 0 ? EXIT.fine : EXIT.findings;
}
