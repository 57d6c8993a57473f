// The chat page's files, as `npm run build` leaves them, with headers that let nothing else in.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self' http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Beside the compiled code; and from the sources (in tests) the same folder of the last build. */
const FOLDERS = ['../../pages/', '../../../dist/pages/'].map(path => new URL(path, import.meta.url));

type PageFile = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };

/** `undefined` for every name that is not a page's file. */
export async function pageFile(name: string): Promise<PageFile | undefined> {
  const type = TYPES[extname(name)];
  if (!type || !/^[a-z][a-z0-9-]*\.[a-z]+$/.test(name)) return undefined;
  for (const folder of FOLDERS) {
    const body = await readFile(fileURLToPath(new URL(name, folder))).catch(() => undefined);
    if (body)
      return {
        headers: { 'content-type': type, 'content-security-policy': POLICY, 'cache-control': 'no-cache' },
        body,
      };
  }
  return undefined;
}
