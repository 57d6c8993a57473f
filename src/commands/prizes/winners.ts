// `hongbao winners`: who has won what (公示中奖名单), or who has taken part, as CSV; masked, or whole where that is asked for.
import { t } from '../../core/base/words/words.ts';
import { participantRow, participantsHead, winnerRow, winnersHead } from '../../core/ops/winner-list.ts';
import { named } from '../../core/rules/renamed.ts';
import { participantsOf, winnersOf } from '../../engine/lists/winners.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, printNote, withStore } from '../shared/context.ts';
import { type CsvPage, writeCsv } from '../shared/csv-out.ts';

export type WinnersOptions = Common & {
  readonly whole?: boolean;
  readonly participants?: boolean;
  readonly out?: string;
};

export function winners(typed: string, options: WinnersOptions): Promise<number> {
  const { whole: isWhole = false, participants = false, out } = options;
  return withStore(options, async (store, { rules }) => {
    const files = await readRuleFiles([rules]).catch(() => []);
    const campaign = named(checkRuleFiles(files).campaigns, typed);
    const id = campaign?.id ?? typed;
    if (!campaign) printNote(t`no rule file has ${typed}: only money that was won is listed`);
    if (isWhole) await writeDown(store, 'winners', id, ['--whole', participants && '--participants']);
    const head = participants ? participantsHead(isWhole) : winnersHead(isWhole);
    const rows = participants
      ? rowsOf(head, participantsOf(store, id), each => participantRow(each, isWhole))
      : rowsOf(head, winnersOf(store, id, campaign, isWhole), each => winnerRow(each, isWhole));
    const count = await writeCsv(out, 'rows', rows);
    if (out !== undefined)
      printNote(participants ? t`${count} who took part in ${out}` : t`${count} winners in ${out}`);
    return EXIT.fine;
  });
}

const PAGE = 500;

async function* rowsOf<T>(head: string, all: AsyncIterable<T>, row: (each: T) => string): AsyncGenerator<CsvPage> {
  let [text, count] = [head, 0];
  for await (const each of all) {
    text += row(each);
    count++;
    if (count < PAGE) continue;
    yield { text, count };
    [text, count] = ['', 0];
  }
  yield { text, count };
}
