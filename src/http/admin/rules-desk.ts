// Rules in the browser: a draft is looked at, put in the place of a file, and a version of before brought back. The bot sees the
// files as those of anybody else and goes live by itself. Whoever looked at something else than what lies there puts nothing there.

import { BadInput } from '../../core/base/error.ts';
import { SECOND } from '../../core/base/time.ts';
import { inLang, t } from '../../core/base/words/words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { type DraftPorts, draftVerdict } from '../../engine/overview/draft.ts';
import { nameOf } from '../../engine/overview/rules.ts';
import type { DraftVerdict, DraftView, RevertView, TrialView } from '../../engine/overview/view.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { type Trial, trialView } from '../../engine/trials/trials.ts';
import {
  type Draft,
  type Going,
  isRuleFileName,
  printOnDisk,
  putRules,
  rulesOnDisk,
  withDraft,
  withVersion,
} from '../../engine/versions/put-rules.ts';
import { type RuleVersion, versionsIn } from '../../engine/versions/rule-versions.ts';
import type { Act, ActPorts } from './acts.ts';
import { type Asker, Denied } from './door.ts';

/** Judging takes a core for seconds: one after the other, and nobody waits behind a crowd. */
const JUDGED_MAX = 3;
const NAME_SHOWN_MAX = 120;
/** A rule file, as JSON. */
export const RULES_BYTES_MAX = 3 * 1024 * 1024;
/** Usually, and at most. */
const DAYS_TRIED = [7, 31] as const;
const PEOPLE_TRIED = [1000, 10_000] as const;
/** What was found fit is not judged again where the same is published right after. */
const FIT_MS = 60 * SECOND;

type Body = Readonly<Record<string, unknown>>;
type Judged = { readonly print: string; readonly at: number; readonly verdict: DraftVerdict };

type About = {
  readonly what: string;
  readonly about: string;
  readonly file?: string;
  readonly seen: string;
  readonly comment: string;
};
type Judge = (files: Going['files'], lang: Asker['lang'], about?: string) => Promise<DraftVerdict>;

/** `forget`: files were put there. */
export class RulesDesk {
  private readonly ports: ActPorts;
  private readonly judge: Judge;
  private readonly forget: () => void;
  private isTrying = false;

  constructor(ports: ActPorts, forget: () => void) {
    this.ports = ports;
    this.judge = judging({ overview: ports.overview, live: ports.rules.live }, ports.overview.clock);
    this.forget = forget;
  }

  private get rules(): string {
    return this.ports.overview.config.rules;
  }

  draft(who: Asker, body: Body): Promise<DraftView> {
    return inWords(who, async () => {
      const draft = await this.draftIn(who, body);
      const disk = await rulesOnDisk(this.rules);
      const print = printOnDisk(disk, draft.name);
      const former = disk.files.find(({ file }) => nameOf(file) === draft.name);
      const conflict = print === draft.base ? {} : { conflict: { text: former?.text ?? '', base: print } };
      const { files } = await withDraft(this.rules, disk, draft);
      const isSame = files.every(({ text }, n) => text === disk.files[n]?.text) && files.length === disk.files.length;
      return { ...(await this.judge(files, who.lang, draft.name)), ...conflict, seen: disk.seen, isSame };
    });
  }

  /** What it would have come to lately, or what a day of it could look like: one at a time. */
  trial(who: Asker, body: Body, what: Trial['what']): Promise<TrialView> {
    return inWords(who, async () => {
      const draft = await this.draftIn(who, body);
      const { overview, rules, writeDown } = this.ports;
      const disk = await rulesOnDisk(this.rules);
      const { files } = await withDraft(this.rules, disk, draft);
      const about = files.find(({ file }) => nameOf(file) === draft.name)!.file;
      const days = wholeIn(body.days, DAYS_TRIED);
      const users = wholeIn(body.users, PEOPLE_TRIED);
      if (this.isTrying) throw new Denied(429, 'busy');
      this.isTrying = true;
      try {
        if (what === 'backtest') await writeDown(who.session.name, what, draft.name, `${days} d`);
        const trial = { what, about, files, disk: disk.files, days, users, now: overview.clock() };
        return trialView(await rules.trial(trial), who.lang);
      } finally {
        this.isTrying = false;
      }
    });
  }

  /** The campaigns as they would be with this draft, or this file as it lies there, live among them. */
  campaignsWith(who: Asker, body: Body): Promise<readonly Campaign[]> {
    return inWords(who, async () => {
      const disk = await rulesOnDisk(this.rules);
      const isWritten = body.text !== undefined;
      const files = isWritten ? (await withDraft(this.rules, disk, await this.draftIn(who, body))).files : disk.files;
      const { campaigns, findings } = checkRuleFiles(files, this.ports.overview.config);
      if (findings.length > 0) throw new BadInput(t`the rules cannot be simulated:`, findings);
      const isMeant = ({ file }: Campaign): boolean => nameOf(file) === body.file;
      if (!campaigns.some(isMeant)) throw new Denied(404, 'nowhere');
      return campaigns.map(each => (isMeant(each) ? { ...each, mode: 'live' } : each));
    });
  }

  publish(who: Asker, body: Body, comment: string): Promise<Act> {
    return inWords(who, async () => {
      const draft = await this.draftIn(who, body);
      const disk = await rulesOnDisk(this.rules);
      if (printOnDisk(disk, draft.name) !== draft.base || disk.seen !== body.seen) throw new Denied(409, 'changed');
      const going = await withDraft(this.rules, disk, draft);
      const about = { what: 'rules publish', about: draft.name, file: draft.name, seen: disk.seen, comment };
      return this.actOf(who, going, about);
    });
  }

  back(who: Asker, body: Body): Promise<RevertView> {
    return inWords(who, async () => {
      const version = await this.versionIn(body);
      const disk = await rulesOnDisk(this.rules);
      const { files, gone } = await withVersion(this.ports.overview.store, this.rules, disk.files, version);
      return { ...(await this.judge(files, who.lang)), seen: disk.seen, gone: gone.map(({ file }) => nameOf(file)) };
    });
  }

  revert(who: Asker, body: Body, comment: string): Promise<Act> {
    return inWords(who, async () => {
      const version = await this.versionIn(body);
      const disk = await rulesOnDisk(this.rules);
      if (disk.seen !== body.seen) throw new Denied(409, 'changed');
      const going = await withVersion(this.ports.overview.store, this.rules, disk.files, version);
      return this.actOf(who, going, { what: 'rules revert', about: String(version.number), seen: disk.seen, comment });
    });
  }

  private async draftIn({ session }: Asker, { file, text, base }: Body): Promise<Draft> {
    const name = String(file ?? '').normalize('NFC');
    if (!isRuleFileName(name)) {
      const shown = JSON.stringify(name.slice(0, NAME_SHOWN_MAX));
      await this.ports.writeDown(session.name, 'refused', 'rules publish', `no name of a rule file: ${shown}`);
      throw new Denied(400, 'path');
    }
    if (typeof text !== 'string' || /\p{Cs}/u.test(text)) throw new Denied(400, 'input');
    return { name, text: text.endsWith('\n') ? text : `${text}\n`, base: String(base ?? '') };
  }

  private async versionIn({ number }: Body): Promise<RuleVersion> {
    const found = (await versionsIn(this.ports.overview.store)).find(each => each.number === number);
    if (!found) throw new Denied(404, 'nowhere');
    return found;
  }

  private async actOf(who: Asker, going: Going, { what, about, file, seen, comment }: About): Promise<Act> {
    const { isFit, stake, changes } = await this.judge(going.files, who.lang, file);
    if (!isFit) throw new Denied(409, 'notfit');
    const text = going.files.find(each => file !== undefined && nameOf(each.file) === file)?.text ?? '';
    const run: Act['run'] = (to, agreed) => this.put({ ...who, lang: to.lang }, going, { seen, comment, agreed });
    return {
      what,
      about,
      reason: comment,
      sum: stake,
      shows: [...changes, ...text.split('\n')],
      role: 'publisher',
      run,
    };
  }

  /** When everybody who must has agreed: the files as they were looked at, or nothing. */
  private put(
    who: Asker,
    going: Going,
    { seen, comment, agreed }: { readonly seen: string; readonly comment: string; readonly agreed: string | undefined },
  ): Promise<object> {
    return inWords(who, async () => {
      const { name } = who.session;
      const by = agreed === undefined ? name : `${name} + ${agreed}`;
      const { config, store, clock } = this.ports.overview;
      const put = await putRules({ config, store, clock, ...this.ports.rules }, { ...going, seen, by, comment });
      this.forget();
      if (put !== 'put') throw new Denied(put === 'busy' ? 429 : 409, put);
      return {};
    });
  }
}

/** The first is meant where nothing is said. */
function wholeIn(written: unknown, [usual, most]: readonly [usual: number, most: number]): number {
  const value = written === undefined ? usual : Number(written);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Denied(400, 'input');
  return value;
}

/** One after the other; what was judged a moment ago is known. */
function judging(ports: DraftPorts, clock: () => number): Judge {
  let [last, waiting]: [Promise<unknown>, number] = [Promise.resolve(), 0];
  let known: Judged | undefined;
  return async (files, lang, about) => {
    const print = JSON.stringify([lang, about, files.map(({ file, text, data }) => [file, text, [...(data ?? [])]])]);
    if (known?.print === print && Math.abs(clock() - known.at) < FIT_MS) return known.verdict;
    if (waiting >= JUDGED_MAX) throw new Denied(429, 'busy');
    waiting++;
    const own = last.then(() => draftVerdict(ports, files, lang, about)).finally(() => waiting--);
    last = own.catch(() => undefined);
    const verdict = await own;
    known = { print, at: clock(), verdict };
    return verdict;
  };
}

/** What is wrong with the files themselves is told as it is, in the language of who asks. */
async function inWords<T>({ lang }: Asker, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof BadInput) throw new Denied(400, 'rules', inLang(error.words, lang));
    throw error;
  }
}
