// Node goes on to parse what came in one piece with whatever a socket was destroyed for: thousands of requests, or of chunks
// of a byte, each with its objects, for nobody. No function of Node's stops its parser; these look for its inner callbacks by
// their names, and where they are not found, what is parsed is let fall.
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A body comes in dozens of pieces; a chunk of one byte costs us far more than whoever sends it. */
const PIECES_MAX = 256;
/** What the parser takes as the end of HTTP on this connection. */
const NO_MORE = 2;

type Parser = Record<string, unknown> & {
  onIncoming?: (req: IncomingMessage, shouldKeepAlive: boolean) => number;
};

const parserOf = (socket: Socket & { readonly parser?: Parser | null }): Parser | undefined =>
  socket.parser ?? undefined;

/** For each new connection. */
export function deafOnceDestroyed(socket: Socket): void {
  const parser = parserOf(socket);
  const onIncoming = parser?.onIncoming;
  if (!parser || typeof onIncoming !== 'function') return;
  parser.onIncoming = (req, shouldKeepAlive) => (socket.destroyed ? NO_MORE : onIncoming(req, shouldKeepAlive));
}

export class PiecemealMessage extends IncomingMessage {
  #pieces = 0;

  override push(piece: unknown, encoding?: BufferEncoding): boolean {
    if (piece === null || ++this.#pieces <= PIECES_MAX) return super.push(piece, encoding);
    stopBody(this.socket);
    this.socket.destroy();
    return false;
  }
}

/** Parsers are used again for other connections: the callback is back before that. */
function stopBody(socket: Socket): void {
  const parser = parserOf(socket);
  const found = Object.entries(parser ?? {}).find(
    ([, each]) => typeof each === 'function' && each.name === 'parserOnBody',
  );
  if (!parser || !found) return;
  const [key, onBody] = found;
  parser[key] = undefined;
  socket.once('close', () => {
    parser[key] = onBody;
  });
}
