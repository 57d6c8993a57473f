// `hongbao receive FILE`: one recorded push, XML or JSON, clear or sealed, through the whole way, as if it came now; of one that has happened, what it
// came to. Of a draw that is still to come the odds alone. Nothing is written but that it was asked, nobody is paid.

import { randomBytes } from 'node:crypto';
import type { AccountConfig } from '../../config/account.ts';
import type { Config } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import type { Event } from '../../core/base/event.ts';
import { instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { checkText, worded } from '../../core/decide/check-words.ts';
import type { Decision, Open } from '../../core/decide/decision.ts';
import { prospectText } from '../../core/decide/prospect.ts';
import type { Payout } from '../../core/payout/payout.ts';
import { NO_REPLY, type Reply } from '../../core/rules/reply.ts';
import { decoded, decoderOf, sniff } from '../../core/yaml/encoding.ts';
import { createFlow } from '../../engine/flow.ts';
import { foretold } from '../../engine/operate/foretell.ts';
import { openRulebook } from '../../engine/rulebook.ts';
import { SILENT } from '../../lib/log.ts';
import { readPlain } from '../../lib/plain-file.ts';
import { encodingOf } from '../../lib/table-file.ts';
import type { Commit, JournalLine, Store } from '../../ports.ts';
import { recordedEvent } from '../../wechat/account/recorded-push.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, printNote, withStore } from '../shared/context.ts';
import { l, language, worded as wordedHere } from '../shared/language.ts';
import { liveOf } from './foretell.ts';

/** A handful at most: the same key in several accounts, or one that came again after it was forgotten. */
const LINES_MAX = 100;
/** More than any push. */
const PUSH_BYTES_MAX = 1_000_000;

type ReceiveOptions = Common & { readonly account?: string; readonly encoding?: string };

export async function receive(file: string, options: ReceiveOptions): Promise<number> {
  const read = await readPlain(file, PUSH_BYTES_MAX);
  if (!Buffer.isBuffer(read)) throw new BadInput(t`${file} ${read.problem}`);
  const bytes = utf8Of(file, options, read);
  return withStore(options, async (store, config) => {
    const names = [...config.accounts.keys()];
    const account = options.account ?? (names.length === 1 ? names[0] : undefined);
    if (account === undefined || !names.includes(account))
      throw new BadInput(t`name the account with --account: ${names.join(', ')}`);
    const event = eventIn(file, config.accounts.get(account)!, bytes);
    await writeDown(store, 'receive', event.user, [file, event.kind === 'text' ? event.text : event.kind]);
    const came = (await happened(store, event)) ?? (await wouldCome(store, config, event));
    if (options.json) printJson({ event, ...came, decision: withWords(came.decision) });
    else show(event.kind, came);
    return EXIT.fine;
  });
}

/** WeChat pushes UTF-8; a file that was saved in other letters is named, and read where `--encoding` says so. */
function utf8Of(file: string, options: ReceiveOptions, bytes: Buffer): Buffer {
  const wanted = encodingOf(options);
  const sniffed = sniff(bytes);
  const found = wanted ?? (sniffed === 'workbook' ? 'unknown' : sniffed);
  if (found === 'unknown' && wanted === undefined)
    printNote(t`${file}: some bytes are no UTF-8, and are read as U+FFFD`);
  if (found === 'utf-8' || (found === 'unknown' && wanted === undefined)) return bytes;
  const name = found.toUpperCase();
  if (wanted === undefined)
    throw new BadInput(
      t`${file}: the file is ${name}, and a push is UTF-8; add --encoding ${found}, or save it as UTF-8`,
    );
  const text = decoded(decoderOf(wanted, bytes), bytes);
  if (text === undefined) throw new BadInput(t`${file}: the file is not ${name}`);
  return Buffer.from(text);
}

function eventIn(file: string, account: AccountConfig, bytes: Buffer): Event {
  try {
    return recordedEvent(account, bytes);
  } catch (error) {
    throw error instanceof BadInput ? new BadInput(t`${file}: ${error.words}`) : error;
  }
}

type Came = {
  readonly decision: Decision | Open;
  readonly reply: Reply;
  /** Where it stands in the journal: it has happened. */
  readonly journal?: number;
  /** What would be planned. */
  readonly payout?: Payout | undefined;
};

async function happened(store: Store, { account, user, key }: Event): Promise<Came | undefined> {
  const lines = await store.journal({ user, key, limit: LINES_MAX });
  const line = lines.find(({ event }: JournalLine) => event.account === account);
  return line && { journal: line.id, decision: line.decision, reply: line.reply };
}

/** Led through the flow with a secret of its own, so that nothing it draws is what will be drawn. */
async function wouldCome(store: Store, config: Config, event: Event): Promise<Came> {
  const commits: Commit[] = [];
  const rulebook = await openRulebook(config, SILENT);
  const clock = () => instant(Date.now());
  const flow = createFlow({
    clock,
    store: dry(store, commits),
    log: SILENT,
    config: { ...config, secret: randomBytes(32).toString('hex') },
    book: rulebook.current,
    planned: () => {},
  });
  const { reply } = await flow.handle(event);
  const commit = commits.find(each => each.event.key === event.key);
  const [{ decision }] = await foretold(store, config, await liveOf(config), event, clock());
  if (!commit || decision.kind === 'open') return { decision, reply: NO_REPLY };
  const isSame = commit.decision.kind === decision.kind && !isAsked(decision);
  return isSame ? { decision: commit.decision, reply, payout: commit.payout } : { decision, reply: decision.reply };
}

/** Which question comes is drawn, too. */
function isAsked(decision: Decision): boolean {
  return decision.kind === 'answered' && decision.detail === 'ask';
}

/** Reads as the store does, and keeps what would be written to itself. */
function dry(store: Store, commits: Commit[]): Store {
  return {
    ...store,
    begin: async (_, wanted) => ({ kind: 'new', facts: await store.facts(wanted) }),
    async commit(commit) {
      commits.push(commit);
      return { kind: 'done' };
    },
    // An unfollow would take back what is on its way: here it stays.
    advance: async () => 'moved',
  };
}

function withWords(decision: Decision | Open): object {
  return { ...decision, trace: decision.trace.map(line => ({ ...line, checks: line.checks.map(worded) })) };
}

function show(kind: string, { decision, reply, journal, payout }: Came): void {
  print(t`event     ${kind}`);
  for (const line of decision.trace) {
    print(t`rule      ${line.campaign}/${line.rule}`);
    for (const check of line.checks) print(`          ${check.ok ? '✓' : '✗'} ${checkText(check, language())}`);
  }
  print(t`decision  ${describe(decision)}${journal === undefined ? '' : t` (it happened: journal ${journal})`}`);
  if (decision.kind === 'open')
    for (const each of decision.prospects) print(`          ${wordedHere(prospectText(each))}`);
  else print(t`reply     ${reply.kind === 'text' ? reply.text : reply.kind}`);
  if (payout) print(t`payout    ${payout.billNo} would be sent; nothing was written, nobody is paid`);
}

function describe(decision: Decision | Open): string {
  switch (decision.kind) {
    case 'awarded':
      return l`awarded ${decision.prize}, ${decision.amount} fen`;
    case 'refused':
      return l`refused: ${decision.refusal}`;
    case 'open':
      return l`drawn when it happens, and not before; the odds:`;
    default:
      return decision.kind;
  }
}
