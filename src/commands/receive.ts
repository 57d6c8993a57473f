// `hongbao receive FILE.xml`: one recorded push through the whole way, as if it came now. Nothing is written, nobody paid.
import { readFile } from 'node:fs/promises';
import { BadInput, messageOf } from '../core/error.ts';
import type { Reply } from '../core/reply.ts';
import { instant } from '../core/time.ts';
import { createFlow } from '../flow.ts';
import { SILENT } from '../log.ts';
import type { Commit, Store } from '../ports.ts';
import { openRulebook } from '../rulebook.ts';
import { eventOf } from '../wechat/push.ts';
import { parseXml } from '../wechat/xml.ts';
import { type Common, EXIT, print, printJson, withStore } from './common.ts';

export async function receive(file: string, options: Common & { readonly account?: string }): Promise<number> {
  const xml = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new BadInput(`${file} cannot be read: ${messageOf(error)}`);
  });
  return withStore(options, async (store, config) => {
    const names = [...config.accounts.keys()];
    const account = options.account ?? (names.length === 1 ? names[0] : undefined);
    if (account === undefined || !names.includes(account))
      throw new BadInput(`name the account with --account: ${names.join(', ')}`);
    const event = eventOf(account, parseXml(xml.trim()));
    const commits: Commit[] = [];
    const rulebook = await openRulebook(config, SILENT);
    const clock = () => instant(Date.now());
    const flow = createFlow({
      clock,
      store: dry(store, commits),
      log: SILENT,
      config,
      book: rulebook.current,
      planned: () => {},
    });
    const { reply } = await flow.handle(event);
    const [commit] = commits;
    if (options.json) printJson({ event, decision: commit?.decision, reply, payout: commit?.payout });
    else explain(event.kind, commit, reply);
    return EXIT.fine;
  });
}

/** Reads as the store does, and keeps what would be written to itself. A push that was answered before is new here. */
function dry(store: Store, commits: Commit[]): Store {
  return {
    ...store,
    answered: async () => undefined,
    async commit(commit) {
      commits.push(commit);
      return { kind: 'done' };
    },
  };
}

function explain(kind: string, commit: Commit | undefined, reply: Reply): void {
  const decision = commit?.decision;
  print(`event     ${kind}`);
  for (const line of decision?.trace ?? []) {
    print(`rule      ${line.campaign}/${line.rule}`);
    for (const check of line.checks) print(`          ${check.ok ? '✓' : '✗'} ${check.text}`);
  }
  print(`decision  ${decision ? describe(decision) : 'answered before'}`);
  print(`reply     ${reply.kind === 'text' ? reply.text : reply.kind}`);
  if (commit?.payout) print(`payout    ${commit.payout.billNo} would be sent; nothing was written, nobody is paid`);
}

function describe(decision: Commit['decision']): string {
  switch (decision.kind) {
    case 'awarded':
      return `awarded ${decision.prize}, ${decision.amount} fen`;
    case 'refused':
      return `refused: ${decision.refusal}`;
    default:
      return decision.kind;
  }
}
