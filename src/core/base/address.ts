// Addresses of servers (URLs) as people write them → one way to write each, so that what is joined to one is what a browser
// and WeChat see: small letters, no port that is understood, a name in Chinese as the network knows it, no slash at the end.

import { t, type Wording } from './words/words.ts';

/** `base`: to begin other addresses with; a path in it stays. `trouble`: why it cannot be that, with the fix. */
type ReadAddress = { readonly base: string } | { readonly trouble: Wording };

/** Paths that we add ourselves; on WeChat's own servers nothing comes before them. */
const OURS = /^\/(?:cgi-bin|sns|connect|v3|mmpaymkttransfers|pay)(?:\/|$)/;

export function readAddress(written: string): ReadAddress {
  if (/[\s\p{Cc}]/u.test(written)) return { trouble: t`an address has no blanks in it` };
  const wide = /[\uFF01-\uFF5E\u3002]/.exec(written)?.[0];
  if (wide !== undefined) return { trouble: t`"${wide}" is a full-width sign; write ${narrow(wide)}` };
  if (!/^https?:\/\/[^/\\?#]/i.test(written))
    return { trouble: t`expected an address such as https://example.com/, with http:// or https://` };
  let url: URL;
  try {
    url = new URL(written);
  } catch {
    return { trouble: t`it is no address: mind the name of the host, and the port (1 to 65535)` };
  }
  return troubleIn(url, written) ?? { base: url.origin + url.pathname.replace(/\/+$/, '') };
}

function troubleIn(url: URL, written: string): { readonly trouble: Wording } | undefined {
  const rest = `${url.origin}${url.pathname === '/' ? '' : url.pathname}`;
  if (url.username !== '' || url.password !== '')
    return { trouble: t`a name and password in an address are not sent; write ${rest}` };
  if (url.search !== '' || written.includes('?'))
    return { trouble: t`nothing can be joined to an address with a question mark; write ${rest}` };
  if (url.hash !== '' || written.includes('#'))
    return { trouble: t`nothing can be joined to an address with "#" in it; write ${rest}` };
  if (/\\/.test(written)) return { trouble: t`an address has no backslash; write ${rest}` };
  const path = /^https?:\/\/[^/]*(\/.*)?$/i.exec(written)?.[1] ?? '';
  if (/\/\/|\/\.{1,2}(?:\/|$)/.test(path))
    return { trouble: t`its path has "//", "/." or "/.." in it; leave that out` };
  if (!/^[\w./~-]*$/.test(path)) return { trouble: t`a path here has letters, digits and - _ . ~ only` };
  if (/(?:^|\.)weixin\.qq\.com$/.test(url.hostname) && OURS.test(url.pathname))
    return { trouble: t`the path is added by the bot; write ${url.origin}` };
  return undefined;
}

function narrow(wide: string): string {
  return wide === '\u3002' ? '.' : String.fromCharCode(wide.charCodeAt(0) - 0xfee0);
}

/** `path` begins with a slash. What `base` has of a path stays before it. */
export function under(base: string, path: string): URL {
  return new URL(`${base.replace(/\/+$/, '')}${path}`);
}

/** The path of an address that others begin with; empty where it has none. */
export function pathOf(base: string): string {
  return new URL(base).pathname.replace(/\/+$/, '');
}

/** This machine itself. */
export function isLoopback(base: string): boolean {
  return /^(?:localhost|[\w.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(new URL(base).hostname);
}

/** What of a request's address stands behind the path of publicUrl (`prefix`): a proxy leaves that on, or takes it off. */
export function behind(prefix: string, url: string): string {
  const rest = url.slice(prefix.length);
  if (prefix === '' || !url.startsWith(prefix) || !/^(?:[/?]|$)/.test(rest)) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
