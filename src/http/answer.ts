// An answer of 200 with a text. Koa looks at each header by itself, for whoever may have changed it; where the edge has said
// what all answers bear and nobody will change it, all of them go out in one piece.
import type { ParameterizedContext } from 'koa';

type Context = ParameterizedContext<{ atOnce?: readonly string[] }>;

/** `headers`: names and values in turn, which nobody has set. From here on `say` answers at once. */
export function mayAnswerAtOnce({ state }: Pick<Context, 'state'>, headers: readonly string[]): void {
  state.atOnce = headers;
}

export function say(ctx: Context, type: string, text: string): void {
  const { atOnce } = ctx.state;
  if (atOnce === undefined) {
    ctx.status = 200;
    ctx.body = text;
    ctx.type = type;
    return;
  }
  ctx.respond = false;
  const own = ['content-type', type, 'content-length', String(Buffer.byteLength(text))];
  ctx.res.writeHead(200, [...atOnce, ...own]).end(text);
}
