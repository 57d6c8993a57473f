// `hongbao admin password` and `totp`: what bot.yaml says of an operator of the dashboard. Neither asks for a bot.yaml, and nothing
// is stored.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { whyWeak } from '../config/secret.ts';
import { BadInput } from '../core/base/error.ts';
import { t } from '../core/base/words/words.ts';
import { hashOf } from '../lib/password.ts';
import { newSecondFactor } from '../lib/totp.ts';
import { EXIT, print, printNote } from './shared/context.ts';

/** The hash of a password that is typed, or comes through a pipe. */
export async function password(): Promise<number> {
  if (process.stdin.isTTY) process.stderr.write('password 密码: ');
  const typed = await lineFrom(process.stdin);
  if (process.stdin.isTTY) process.stderr.write('\n');
  const why = whyWeak(typed);
  if (why !== undefined) throw new BadInput(why);
  print(await hashOf(typed));
  printNote(t`as \`password:\` of an operator below admin: in bot.yaml`);
  return EXIT.fine;
}

export async function totp(name: string): Promise<number> {
  const { secret, address } = newSecondFactor(name);
  print(secret);
  printNote(t`as \`totp:\` of that operator; their authenticator takes it by hand, or as a QR code of\n${address}`);
  return EXIT.fine;
}

/** Not shown while it is typed. */
function lineFrom(input: NodeJS.ReadStream): Promise<string> {
  const nowhere = new Writable({ write: (_, __, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: input.isTTY === true });
  return new Promise(resolve => {
    lines.once('line', line => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => resolve(''));
  });
}
