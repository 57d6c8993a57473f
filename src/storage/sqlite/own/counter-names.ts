// Where a counter lies. One in whose name is an openid lies beside its follower, together with others that change with it:
// those of one day, or of one campaign. All others, which everybody changes, have a row each.

const OWNER = /\/user\/(?:[^/]+\/)?(o[\w-]{27})(?=\/|$)/;
const DAY = /\/day\/(\d{4}-\d\d-\d\d)(?=\/|$)/;
const CAMPAIGN = /^campaign\/([^/.]+)\/user\/[^/]+\//;
/** What grows with a rule's steps, or with rounds and scenes, does not lie where every claim writes. */
const APART = /^campaign\/[^/]+\/user\/[^/]+\/((?:rule|wallet)\/[^/]+|claims\/(?:round|scene))\//;

/** `own`: the name of the row; `short`: of the counter in it. */
type CounterPlace = { readonly owner: string; readonly own: string; readonly short: string };

/** An event asks for each of its counters some times, and everybody for those of all. */
const PLACES_MAX = 10_000;
const places = new Map<string, CounterPlace | undefined>();

/** `undefined`: it has a row of its own. */
export function counterPlace(name: string): CounterPlace | undefined {
  const known = places.get(name);
  if (known !== undefined || places.has(name)) return known;
  if (places.size >= PLACES_MAX) places.clear();
  const place = placeOf(name);
  places.set(name, place);
  return place;
}

function placeOf(name: string): CounterPlace | undefined {
  const owner = OWNER.exec(name)?.[1];
  if (owner === undefined) return undefined;
  const day = DAY.exec(name)?.[1];
  const own = `n${day ?? groupOf(name)}`;
  const short = shortName(name, owner, own);
  // Nothing may be lost: a name that would not come back as it was stands there as it is.
  return { owner, own, short: short !== undefined && nameFrom(short, owner, own) === name ? short : `=${name}` };
}

function groupOf(name: string): string {
  const [, campaign = ''] = name.split('/', 2);
  const apart = APART.exec(name)?.[1];
  const whose = name.startsWith('campaign/') ? campaign : name.split('/', 2).join('/');
  return apart === undefined ? whose : `${whose}/${apart}`;
}

/** `..claims`: of the row's own campaign; `.ID.claims/day/@`: of this one, on the row's own day. */
function shortName(name: string, owner: string, own: string): string | undefined {
  const [base, campaign] = CAMPAIGN.exec(name) ?? [];
  if (base?.endsWith(`/${owner}/`)) {
    const of = campaign === campaignOf(own) ? '' : campaign;
    return `.${of}.${name.slice(base.length).replace(own.slice(1), '@')}`;
  }
  return name.replace(owner, '~').replace(own.slice(1), '@');
}

function campaignOf(own: string): string {
  return own.slice(1).split('/', 1)[0]!;
}

export function nameFrom(short: string, owner: string, own: string): string {
  if (short.startsWith('=')) return short.slice(1);
  if (!short.startsWith('.')) return short.replace('@', own.slice(1)).replace('~', owner);
  const end = short.indexOf('.', 1);
  const campaign = short.slice(1, end) || campaignOf(own);
  return `campaign/${campaign}/user/${owner}/${short.slice(end + 1).replace('@', own.slice(1))}`;
}
