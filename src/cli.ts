// `hongbao`: the command line of this process, run to its end.
import { EXIT } from './commands/shared/context.ts';
import { hongbao } from './program.ts';

// Whoever reads what we print may have seen enough (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.fine : 1));
// Notes that nobody reads any more change nothing.
process.stderr.on('error', () => undefined);

await hongbao(process.argv.slice(2));
