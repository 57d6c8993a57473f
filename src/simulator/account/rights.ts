// Which account may call what (接口权限说明): it depends on its type, and on whether it is verified.
import type { AccountOptions } from '../shared/options.ts';

type Who = Pick<AccountOptions, 'type' | 'verified'>;

/** In the order of the columns: subscription account unverified and verified, service account unverified and verified. */
type Row = readonly [boolean, boolean, boolean, boolean];

const VERIFIED: Row = [false, true, false, true];
const VERIFIED_SERVICE: Row = [false, false, false, true];
const MENU: Row = [false, true, true, true];

/** Paths that are not here are open to all. */
const RIGHTS: readonly { readonly path: RegExp; readonly row: Row }[] = [
  { path: /^\/cgi-bin\/message\/custom\//, row: VERIFIED },
  { path: /^\/cgi-bin\/message\/(template|subscribe)\//, row: VERIFIED_SERVICE },
  { path: /^\/cgi-bin\/qrcode\//, row: VERIFIED_SERVICE },
  { path: /^\/cgi-bin\/menu\//, row: MENU },
  { path: /^\/cgi-bin\/(user|tags)\//, row: VERIFIED },
];

/** `false`: 48001. */
export function mayCall({ type = 'service', verified = true }: Who, path: string): boolean {
  const column = (type === 'service' ? 2 : 0) + (verified ? 1 : 0);
  return RIGHTS.find(right => right.path.test(path))?.row[column] ?? true;
}
