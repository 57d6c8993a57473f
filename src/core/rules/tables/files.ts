// The files a rule file names (CSV beside it): each read once, into what it stands for. What is wrong inside one is said
// at its own line; one that cannot be had is said at the key that names it.

import { type Finding, findingAt } from '../../base/error.ts';
import { t, type Wording } from '../../base/words/words.ts';
import { type Row, readCsv, type SayAt } from '../../yaml/csv.ts';
import type { Located } from '../../yaml/schema.ts';
import { readCoupons, readOpenIds, readPasswords, readQuestions, readStores } from './parse.ts';
import { readProfiles } from './profiles.ts';

/** Why a file cannot be had, for the end of `staff.csv …`. */
export type DataProblem = { readonly problem: Wording };
/** The text of a file beside the rule file, by the name that is written there; `undefined`: there is none. */
export type DataFiles = (name: string) => string | DataProblem | undefined;

/** A table that is wrong from top to bottom says it this often. */
const FINDINGS_MAX = 20;

/** `undefined`: it could not be read; somebody has been told. */
type Table<T> = (entry: Located<string>, say: SayAt, column?: string) => T | undefined;
type ReadTable<T> = (rows: readonly Row[], say: SayAt, column?: string) => T;

export class RuleData {
  readonly openIds = this.table(readOpenIds);
  readonly profiles = this.table(readProfiles);
  readonly stores = this.table(readStores);
  readonly questions = this.table(readQuestions);
  readonly coupons = this.table(readCoupons);
  readonly passwords = this.table(readPasswords);
  private readonly folder: string;
  private readonly files: DataFiles;
  private readonly texts = new Map<string, string>();
  private readonly found: Finding[][] = [];

  /** `ruleFile`: beside which the files lie. */
  constructor(ruleFile: string, files: DataFiles = () => undefined) {
    this.folder = /^.*[\\/]/s.exec(ruleFile)?.[0] ?? '';
    this.files = files;
  }

  /** What is wrong inside the tables, table by table. */
  findings(): Finding[] {
    return this.found.flat();
  }

  /** The files that were read, in the order of their names: a campaign is what they say as well. */
  used(): [name: string, text: string][] {
    return [...this.texts].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private table<T>(read: ReadTable<T>): Table<T> {
    const known = new Map<string, T | undefined>();
    return ({ value: name, at }, say, column) => {
      const text = this.files(name);
      if (typeof text !== 'string') {
        say(at, t`${name} ${text?.problem ?? t`is not there; put it beside this file`}`);
        return undefined;
      }
      const key = `${name}\n${column ?? ''}`;
      if (!known.has(key)) {
        this.texts.set(name, text);
        known.set(
          key,
          this.readTable(name, text, (rows, tell) => read(rows, tell, column)),
        );
      }
      return known.get(key);
    };
  }

  private readTable<T>(name: string, text: string, read: (rows: readonly Row[], say: SayAt) => T): T | undefined {
    const findings: Finding[] = [];
    let more = 0;
    const say: SayAt = ({ line, column }, message) => {
      if (findings.length < FINDINGS_MAX) findings.push(findingAt(this.folder + name, { line, column }, message));
      else more++;
    };
    const rows = readCsv(text, say);
    const value = findings.length === 0 ? read(rows, say) : undefined;
    if (findings.length === 0) return value;
    const last = findings.at(-1)!;
    if (more > 0) findings.push(findingAt(last.file, last, t`and ${more} more like these below`));
    this.found.push(findings);
    return undefined;
  }
}
