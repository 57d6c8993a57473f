// The operator's commands: their names, options and exit codes. What they do stands in `commands/`.
import { Command, CommanderError } from 'commander';
import type { ActivateOptions, GenerateOptions, ImportOptions } from './commands/account/codes.ts';
import type { PushOptions } from './commands/account/menu.ts';
import type { AccountOptions } from './commands/account/platform.ts';
import type { CreateOptions } from './commands/account/qr.ts';
import type { AuditOptions } from './commands/ledger/audit.ts';
import type { BackupOptions } from './commands/ledger/backup.ts';
import type { MigrateOptions } from './commands/ledger/migrate.ts';
import type { AuthorizationsOptions } from './commands/payouts/authorizations.ts';
import type { RetryOptions } from './commands/payouts/change.ts';
import type { ExportOptions } from './commands/payouts/export.ts';
import type { ListOptions } from './commands/payouts/list.ts';
import type { MerchantsOptions } from './commands/payouts/merchant.ts';
import type { ReceiptOptions } from './commands/payouts/receipt.ts';
import type { SendOptions } from './commands/payouts/send.ts';
import { addPrizes } from './commands/prizes/index.ts';
import type { CheckOptions } from './commands/rules/check.ts';
import { addRules } from './commands/rules/index.ts';
import { addTrials } from './commands/rules/trials.ts';
import type { ActsOptions } from './commands/shared/acts.ts';
import type { Common } from './commands/shared/context.ts';
import { EXIT, printNote } from './commands/shared/context.ts';
import { optionText, refusalOf, titleOf } from './commands/shared/help.ts';
import { l, language, languageOf, speak } from './commands/shared/language.ts';
import { exitWith, runUntilSignal } from './commands/shared/run.ts';
import type { SimulatorOptions } from './commands/simulator-defaults.ts';
import { BadInput, wordsOf } from './core/base/error.ts';
import { visibleLines } from './core/base/text.ts';
import { versionOf } from './setup/package.ts';

const CONFIG = () => ['--config <file>', l`the configuration (default: bot.yaml here, else the demo's)`] as const;
const ACCOUNT = () => ['--account <name>', l`whose, where bot.yaml has several`] as const;
const FORMAT = () => ['--format <format>', l`in which the simulated WeChat pushes: xml (default) or json`] as const;
const CDATA = () =>
  ['--cdata <way>', l`what it makes of "]]>" in a text: split (default), or raw, as WeChat may`] as const;
const ENCODING = () => ['--encoding <name>', l`of the file: utf-8 (default), gbk, gb18030, utf-16`] as const;
const JSON_FLAG = () => ['--json', l`print JSON instead of a table`] as const;

function program(): Command {
  const root = new Command('hongbao')
    .description(l`Red packets for a WeChat Official Account`)
    .version(versionOf(), '--version', l`which version this is`)
    .exitOverride()
    .configureOutput({
      writeErr: text => process.stderr.write(visibleLines(text)),
      outputError: (text, write) => write(refusalOf(text)),
    })
    .configureHelp({ styleTitle: titleOf, optionDescription: optionText })
    .helpOption('-h, --help', l`display help for command`)
    .showHelpAfterError();
  addStart(root);
  root
    .command('check [paths...]')
    .description(l`find what is wrong with rule files, what is likely a mistake, and what WeChat forbids`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--strict', l`warnings count as errors`)
    .option('--frame', l`show each line, also where the output is no terminal`)
    .action((paths: string[], options: CheckOptions) =>
      exitWith(async () => (await import('./commands/rules/check.ts')).check(paths, options)),
    );
  addCare(root);
  addRules(root);
  addTrials(root);
  addPrizes(root);
  addSend(root.command('send').description(l`a red packet for everybody in a file, once each however often it is run`));
  root
    .command('audit')
    .description(l`recompute the whole ledger from payouts and history; it must balance to the fen`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--funds <file>', l`the merchant's fund flow (资金账单) as CSV or .csv.gz, to compare with`)
    .option(...ENCODING())
    .option('--fetch <date>', l`the same, fetched from WeChat Pay: 2026-02-10, or yesterday (there from 10:00 on)`)
    .option('--repair', l`first bring back what a restored store has lost: from its journal, --funds and WeChat Pay`)
    .option('--dry-run', l`with --repair: say what would be done, write nothing`)
    .action((options: AuditOptions) =>
      exitWith(async () => (await import('./commands/ledger/audit.ts')).audit(options)),
    );
  addCodes(root.command('codes').description(l`printed codes: make, register, set active`));
  addMigrate(root);
  root
    .command('acts')
    .description(l`what people did and asked by hand, newest first`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--limit <count>', l`how many at most`, '50')
    .action((options: ActsOptions) => exitWith(async () => (await import('./commands/shared/acts.ts')).acts(options)));
  addPayouts(root.command('payouts').description(l`what was promised to whom, and where it stands`));
  addAuthorizations(root.command('authorizations').description(l`who is paid without a tap (免确认收款授权)`));
  addMerchant(root.command('merchant').description(l`the gate of each merchant: shut, opened and looked at by hand`));
  addAdmin(root.command('admin').description(l`who may use the dashboard`));
  addMenu(root.command('menu').description(l`the account's own menu (自定义菜单)`));
  addQr(root.command('qr').description(l`QR codes with parameters (带参数二维码)`));
  addSimulator(root.command('simulator').description(l`a WeChat of your own, for any bot and any SDK`));
  addLang(root);
  return root;
}

function addStart(root: Command): void {
  root
    .command('start')
    .description(l`start the bot; with nothing configured, the demo with its own WeChat`)
    .option(...CONFIG())
    .option(...FORMAT())
    .option(...CDATA())
    .option('--channel <name>', l`by which the demo's merchant pays: redpack (default) or transfer`)
    .action((options: Common & { format?: string; cdata?: string; channel?: string }) =>
      runUntilSignal(
        async () => (await (await import('./main.ts')).start(options.config, { ...options, lang: language() })).stop,
      ),
    );
}

function addAdmin(admin: Command): void {
  admin
    .command('password')
    .description(l`read a password, print the hash for bot.yaml`)
    .action(() => exitWith(async () => (await import('./commands/admin.ts')).password()));
  admin
    .command('totp <name>')
    .description(l`make a second factor for an operator`)
    .action((name: string) => exitWith(async () => (await import('./commands/admin.ts')).totp(name)));
}

/** Every command takes it; it was read before, because the help is told in it too. */
function addLang(command: Command): void {
  if (command.commands.length > 0) command.helpCommand('help [command]', l`display help for command`);
  command.option('--lang <language>', l`zh or en (default: \`lang\` in bot.yaml, else that of the locale)`);
  for (const each of command.commands) addLang(each);
}

function addMigrate(root: Command): void {
  root
    .command('migrate')
    .description(l`copy everything into another store, and verify it; its bots must be stopped`)
    .requiredOption('--from <address>', l`the store as it is: sqlite:FILE, redis://…, as in bot.yaml`)
    .requiredOption('--to <address>', l`an empty one`)
    .option('--config <file>', l`for the budgets of the audit; needed for nothing else`)
    .option(...JSON_FLAG())
    .action((options: MigrateOptions) =>
      exitWith(async () => (await import('./commands/ledger/migrate.ts')).migrate(options)),
    );
}

function addCodes(codes: Command): void {
  codes
    .command('generate')
    .description(l`write a CSV of codes for the printer; their prizes are shared out here`)
    .requiredOption('--batch <name>', l`what it is called`)
    .requiredOption('--prize <name=count...>', l`how many codes are worth what: small=90000 big=100`)
    .requiredOption('--out <file>', l`the CSV`)
    .option('--box-size <count>', l`codes in one box`, '500')
    .option(...JSON_FLAG())
    .action((options: GenerateOptions) =>
      exitWith(async () => (await import('./commands/account/codes.ts')).generate(options)),
    );
  codes
    .command('import <file>')
    .description(l`register the codes of a CSV; again does no harm`)
    .option('--activate', l`and set them active at once`)
    .option(...ENCODING())
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((file: string, options: ImportOptions) =>
      exitWith(async () => (await import('./commands/account/codes.ts')).importCodes(file, options)),
    );
  codes
    .command('activate <batch>')
    .description(l`boxes that leave the warehouse: their codes may be used`)
    .option('--boxes <numbers>', l`such as 1-10,15`)
    .option('--all', l`all there are`)
    .option('--off', l`no longer, for boxes that were lost`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((batch: string, options: ActivateOptions) =>
      exitWith(async () => (await import('./commands/account/codes.ts')).activate(batch, options)),
    );
  codes
    .command('list')
    .description(l`the batches there are`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((options: Common) => exitWith(async () => (await import('./commands/account/codes.ts')).list(options)));
}

function addSend(send: Command): void {
  send
    .requiredOption('--campaign <id>', l`whose budget and packet it is`)
    .requiredOption('--openids <file>', l`one openid a line, or CSV: openid,amount`)
    .option(...ENCODING())
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--prize <name>', l`what each of them gets: a prize of the campaign`)
    .option('--amount <amount>', l`… or an amount such as ¥1.00`)
    .option('--batch <name>', l`within one batch nobody is paid twice (default: send)`)
    .option('--account <name>', l`whose openids they are, where the campaign does not say`)
    .option('--outside-period', l`also before the campaign begins or after its end`)
    .option('--dry-run', l`check everything, write nothing`)
    .option('--no-wait', l`do not wait until the bot has paid`)
    .action((options: SendOptions) => exitWith(async () => (await import('./commands/payouts/send.ts')).send(options)));
}

function addAuthorizations(authorizations: Command): void {
  const load = () => import('./commands/payouts/authorizations.ts');
  authorizations
    .command('list')
    .description(l`each follower's latest, with its state and why it ended`)
    .option('--merchant <name>', l`of this one`)
    .option('--state <state>', l`asked, live or closed`)
    .option('--limit <count>', l`how many at most`, '50')
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((options: AuthorizationsOptions) => exitWith(async () => (await load()).list(options)));
  authorizations
    .command('close <openid>')
    .description(l`end it at WeChat Pay: the next prize is confirmed again`)
    .option('--merchant <name>', l`whose, where several have one`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((openid: string, options: Common & { merchant?: string }) =>
      exitWith(async () => (await load()).close(openid, options)),
    );
}

function addMerchant(merchant: Command): void {
  const load = () => import('./commands/payouts/merchant.ts');
  merchant
    .command('list')
    .description(l`each merchant, whether it is halted and why, and what waits`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--balance', l`and what each can pay from, where WeChat Pay says so, and how long that lasts`)
    .action((options: MerchantsOptions) => exitWith(async () => (await load()).list(options)));
  merchant
    .command('halt <name>')
    .description(l`nothing more is sent; what is planned waits`)
    .requiredOption('--reason <text>', l`why, for whoever looks next`)
    .option(...CONFIG())
    .action((name: string, options: Common & { reason: string }) =>
      exitWith(async () => (await load()).halt(name, options)),
    );
  merchant
    .command('resume <name>')
    .description(l`what waits is sent`)
    .option(...CONFIG())
    .action((name: string, options: Common) => exitWith(async () => (await load()).resume(name, options)));
}

function addMenu(menu: Command): void {
  const load = () => import('./commands/account/menu.ts');
  menu
    .command('push [file]')
    .description(l`show what changes, ask, and put the menu of a file (default: menu.yaml) in place of the live one`)
    .option(...CONFIG())
    .option(...ACCOUNT())
    .option('--dry-run', l`show what would change, change nothing`)
    .option('--yes', l`do not ask`)
    .action((file: string | undefined, options: PushOptions) =>
      exitWith(async () => (await load()).push(file ?? 'menu.yaml', options)),
    );
  menu
    .command('show')
    .description(l`the live menu, as a file for \`menu push\``)
    .option(...CONFIG())
    .option(...ACCOUNT())
    .option(...JSON_FLAG())
    .action((options: AccountOptions) => exitWith(async () => (await load()).show(options)));
}

function addQr(qr: Command): void {
  qr.command('create')
    .description(l`codes and their pictures, listed in qrcodes.csv; what is in the list is not made again`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option(...ACCOUNT())
    .option('--scene <scene...>', l`what a scan says: 1 to 64 characters`)
    .option('--scenes <file>', l`a scene a line, or CSV with a column "scene"`)
    .option(...ENCODING())
    .option('--numbers', l`scenes are numbers (scene_id)`)
    .option('--temporary <duration>', l`how long they last, at most 30d (default: 30d)`)
    .option('--permanent', l`for print; an account has 100 000 in its life`)
    .option('--out <folder>', l`where pictures and list go (default: qr/ACCOUNT)`)
    .option('--size <pixels>', l`of each side`, '430')
    .option('--again', l`make those of the list anew`)
    .action((options: CreateOptions) =>
      exitWith(async () => (await import('./commands/account/qr.ts')).create(options)),
    );
}

/** What a person decides where the bot has given up. */
/** What looks after a running bot. */
function addCare(root: Command): void {
  root
    .command('doctor')
    .description(l`examine the whole set-up: what is wrong, how sure that is, where to click; changes nothing (体检)`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((options: Common) => exitWith(async () => (await import('./commands/doctor.ts')).doctor(options)));
  addAlarms(root.command('alarms').description(l`what the bot calls people for (告警)`));
  root
    .command('backup <file>')
    .description(l`the store's SQLite file, while the bot runs; proven before it bears its name`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--no-audit', l`its pages are checked, its books are not`)
    .action((file: string, options: BackupOptions) =>
      exitWith(async () => (await import('./commands/ledger/backup.ts')).backup(file, options)),
    );
}

function addAlarms(alarms: Command): void {
  const load = () => import('./commands/alarms.ts');
  alarms
    .command('list')
    .description(l`those that stand, and who has taken them on`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((options: Common) => exitWith(async () => (await load()).listAlarms(options)));
  alarms
    .command('ack <key>')
    .description(l`somebody knows: it is not said again until it is over; "all" for all of them`)
    .option(...CONFIG())
    .action((key: string, options: Common) => exitWith(async () => (await load()).ackAlarms(key, options)));
  alarms
    .command('test')
    .description(l`calls everybody whom bot.yaml names, and says who was reached`)
    .option(...CONFIG())
    .action((options: Common) => exitWith(async () => (await load()).testAlarms(options)));
}

function addVerdicts(payouts: Command): void {
  payouts
    .command('offer <number>')
    .description(
      l`what has failed or come back: its claim gets a new number, and takes its money from the budget again`,
    )
    .requiredOption('--reason <text>', l`stands in the history`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((billNo: string, options: Common & { reason: string }) =>
      exitWith(async () => (await import('./commands/payouts/verdict.ts')).offer(billNo, options)),
    );
  payouts
    .command('settle <number>')
    .description(l`what WeChat Pay no longer answers for, or has left to you: say what became of it`)
    .requiredOption('--as <verdict>', l`received: the follower has the money; unpaid: it is back, or never left`)
    .requiredOption('--reason <text>', l`stands in the history`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((billNo: string, options: Common & { as: string; reason: string }) =>
      exitWith(async () => (await import('./commands/payouts/verdict.ts')).settle(billNo, options)),
    );
}

function addPayouts(payouts: Command): void {
  addVerdicts(payouts);
  payouts
    .command('retry [numbers...]')
    .description(l`held and unknown ones: try again now, under the same number`)
    .option('--state <state>', l`all of this state: held or unknown`)
    .option('--campaign <id>', l`… of this campaign`)
    .option('--reason <text>', l`stands in the history`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((numbers: string[], options: RetryOptions) =>
      exitWith(async () => (await import('./commands/payouts/change.ts')).retry(numbers, options)),
    );
  payouts
    .command('cancel <number>')
    .description(l`what was surely not paid, or its living successor; its money returns to the budget`)
    .requiredOption('--reason <text>', l`stands in the history`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((billNo: string, options: Common & { reason: string }) =>
      exitWith(async () => (await import('./commands/payouts/change.ts')).cancel(billNo, options)),
    );
  payouts
    .command('export')
    .description(l`CSV for a spreadsheet`)
    .option(...CONFIG())
    .option('--campaign <id>')
    .option('--state <state>')
    .option('--merchant <name>')
    .option('--from <day>', l`created on this Beijing day or later`)
    .option('--to <day>', l`… or earlier, this day included`)
    .option('--out <file>', l`default: standard output`)
    .action((options: ExportOptions) =>
      exitWith(async () => (await import('./commands/payouts/export.ts')).exportPayouts(options)),
    );
  payouts
    .command('receipt <number>')
    .description(l`the receipt (电子回单) of a transfer that was received, for the bookkeeper`)
    .option('--out <file>', l`default: receipt-NUMBER.pdf`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((number: string, options: ReceiptOptions) =>
      exitWith(async () => (await import('./commands/payouts/receipt.ts')).receipt(number, options)),
    );
  payouts
    .command('list')
    .description(l`newest first`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--state <state>', l`planned, sending, unknown, held, sent, received, refunded or failed`)
    .option('--campaign <id>')
    .option('--user <openid>')
    .option('--merchant <name>')
    .option('--limit <count>', l`how many at most`, '50')
    .action((options: ListOptions) => exitWith(async () => (await import('./commands/payouts/list.ts')).list(options)));
  payouts
    .command('show <number>')
    .description(l`one payout with its history`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((billNo: string, options: Common) =>
      exitWith(async () => (await import('./commands/payouts/list.ts')).show(billNo, options)),
    );
}

function addSimulator(simulator: Command): void {
  simulator
    .option('--port <port>', l`platform, control and pages; also a proxy for WeChat (HTTPS_PROXY)`, '3001')
    .option('--pay-port <port>', l`WeChat Pay, TLS; by host name the platform too`, '3002')
    .option('--folder <folder>', l`where certificates and state are kept`, 'data/simulator-alone')
    .option('--memory', l`keep no state: certificates alone lie in --folder`)
    .option('--webhook <url>', l`where pushes go`, 'http://127.0.0.1:3000/wechat/tea')
    .option('--pay-notify <url>', l`where payments and refunds are told whose order says nothing itself`)
    .option('--web-domains <hosts>', l`网页授权域名, separated by commas; "any" for all (default: this machine)`)
    .option('--templates <file>', 'JSON: [{"id","kind":"template"|"subscription","title","fields":["thing1"]}]')
    .option('--any-media', l`let messages name a media_id that nobody uploaded`)
    .option('--shared-clock', l`callers live in simulated time too: signatures and tokens count in it`)
    .option('--record <file>', l`write every call and its answer, one JSON line each`)
    .option('--replay <file>', l`do again what people did in such a file`)
    .option('--app-id <appid>')
    .option('--app-secret <secret>')
    .option('--token <token>')
    .option('--aes-key <key>', l`43 letters and digits`)
    .option('--mode <mode>', l`safe, compatible or plain`)
    .option(...FORMAT())
    .option(...CDATA())
    .option('--mch-id <number>')
    .option('--api-key <key>', 'APIv2 key')
    .option(
      '--signing <parts>',
      l`keys that sign API v3: publicKey=9,certificate=1 (and nextCertificate, seed)`,
      'publicKey=1',
    )
    .action((options: Partial<SimulatorOptions>) =>
      runUntilSignal(async () => {
        const { SIMULATOR_DEFAULTS } = await import('./commands/simulator-defaults.ts');
        return (await import('./commands/simulator.ts')).simulator({ ...SIMULATOR_DEFAULTS, ...options });
      }),
    );
}

/** One command line to its end, with its exit code left in the process. */
export async function hongbao(args: readonly string[]): Promise<void> {
  try {
    speak(languageOf(args));
    await program().parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.badInput;
    else if (error instanceof BadInput) {
      printNote(wordsOf(error));
      process.exitCode = EXIT.badInput;
    } else {
      printNote(error instanceof Error ? (error.stack ?? error.message) : String(error));
      process.exitCode = 1;
    }
  }
}
