// Names that vanished from a live campaign while others appeared: rules, prizes, rounds, wallets.

import { sentences, t, type Wording } from '../base/words/words.ts';
import { calledOf, namesOf } from '../rules/renamed.ts';
import type { Path } from '../yaml/path-position.ts';
import { type Comparing, type LiveSide, people, staleWords } from './live.ts';
import { byId, type LiveCampaign, type LiveKind, type LiveMark, type LivePrize, type LiveRule } from './record.ts';

/** What `was:` must say for this one to go on as that; `undefined`: nothing, it has the name already. */
export function wasText(before: LiveMark, now?: LiveMark): Wording | undefined {
  const names = [...new Set(namesOf(before))].filter(name => name !== (now && calledOf(now)));
  const [only, ...more] = names;
  if (only === undefined) return undefined;
  return more.length === 0 ? t`was: ${only}` : t`was: [${names.join(', ')}]`;
}

/** One kind of thing that has a name. */
type Kind<M extends LiveMark> = {
  readonly what: Wording;
  readonly all: (campaign: LiveCampaign | NonNullable<LiveCampaign['gone']>) => readonly M[];
  readonly path: (n: number, mark: M) => Path;
  /** Whether it can pay anybody, or bounds what is paid. */
  readonly matters: (mark: M) => boolean;
  /** How much was claimed under this name. */
  readonly used: (mark: M, campaign: string, at: Comparing) => number;
  /** What happened under the name, and what would come of it. */
  readonly words: (was: string, used: number) => Wording;
  /** What one is compared by, beside the name, to find out whose new name it may be. */
  readonly like?: (one: M, other: M) => boolean;
  /** Whether one that appeared has taken from another what starts it, though that one is still there. */
  readonly takes?: (before: M, now: M | undefined, appeared: M) => boolean;
  /** Claims of every name it had are looked for: it does not matter which came first. */
  readonly isByClaims?: (mark: M) => boolean;
};

const RULES: Kind<LiveRule> = {
  what: t`rule`,
  all: ({ rules }) => rules,
  path: n => ['rules', n, 'id'],
  matters: ({ gives }) => gives,
  used: (mark, campaign, { evidence }) => evidence.claims({ campaign, rule: mark.id }).followers,
  words: (was, used) => t`${people(used)} claimed "${was}": they could claim again`,
  like: (one, other) => one.on.some(piece => other.on.includes(piece)),
  takes: (before, now, { on }) =>
    now !== undefined && before.on.some(piece => !now.on.includes(piece) && on.includes(piece)),
  isByClaims: ({ counts }) => !counts,
};

const PRIZES: Kind<LivePrize> = {
  what: t`prize`,
  all: ({ prizes }) => prizes,
  path: (_, mark) => ['prizes', calledOf(mark)],
  matters: ({ kind, limits }) => kind !== 'nothing' || Object.keys(limits).length > 0,
  used: (mark, campaign, { evidence }) =>
    Math.max(
      evidence.claims({ campaign, prize: mark.id }).claims,
      evidence.counter(`campaign/${campaign}/prize/${mark.id}`),
    ),
  words: (was, used) => t`${used} of "${was}" were given: its stock and its other limits would begin at nothing`,
  like: (one, other) => one.kind === other.kind && one.worth === other.worth,
};

const ROUNDS: Kind<LiveCampaign['rounds'][number]> = {
  what: t`round`,
  all: ({ rounds }) => rounds,
  path: n => ['rounds', n, 'name'],
  matters: () => true,
  used: (mark, campaign, { evidence }) =>
    Math.max(
      evidence.claims({ campaign, round: mark.id }).claims,
      evidence.counter(`campaign/${campaign}/round/${mark.id}/packets`),
    ),
  words: (was, used) => t`${used} packets of "${was}" were taken: its whole total would be given again`,
  like: (one, other) => one.total === other.total && one.packets === other.packets,
};

const WALLETS: Kind<LiveMark> = {
  what: t`wallet`,
  all: ({ wallets }) => wallets,
  path: (_, mark) => ['wallets', calledOf(mark)],
  matters: () => true,
  used: (_, campaign, { evidence }) => evidence.claims({ campaign }).followers,
  words: (was, used) =>
    t`${people(used)} claimed in the campaign: what is in "${was}" would be lost, and what is free today given again`,
};

const KINDS: { readonly [K in LiveKind]: (before: LiveCampaign, side: LiveSide, at: Comparing) => void } = {
  rules: (before, side, at) => compare(RULES, before, side, at),
  prizes: (before, side, at) => compare(PRIZES, before, side, at),
  rounds: (before, side, at) => compare(ROUNDS, before, side, at),
  wallets: (before, side, at) => compare(WALLETS, before, side, at),
};

export function namesIn(before: LiveCampaign, side: LiveSide, at: Comparing): void {
  for (const compareKind of Object.values(KINDS)) compareKind(before, side, at);
}

/**
 * Whatever was not live just now and is: an element that comes back counts as one that appears, since what vanishes beside
 * it may be the same under another name. One that pays nobody is as good as none.
 */
function compare<M extends LiveMark>(kind: Kind<M>, before: LiveCampaign, { live }: LiveSide, at: Comparing): void {
  const now = kind.all(live);
  const lately = kind.all(before);
  const former = [...lately, ...(before.gone ? kind.all(before.gone) : [])];
  const used = (mark: M): number => kind.used(mark, live.id, at);
  const [payingNow, payingLately] = [now, lately].map(all => byId(all.filter(kind.matters)));
  const lost = former.filter(each => kind.matters(each) && !payingNow!.has(each.id) && used(each) > 0);
  const appeared: Appeared<M>[] = [];
  for (const [n, mark] of now.entries()) {
    const path = kind.path(n, mark);
    const told = payingLately!.get(mark.id);
    if (!told && kind.matters(mark)) appeared.push({ mark, path });
    if (told?.isNew && mark.isNew && used(mark) > 0)
      at.say(path, t`"${calledOf(mark)}" is live: take \`new: true\` out, or it would hide a change of its name`);
  }
  const open = appeared.filter(each => !sayChain(kind, each, lost, used, at));
  const isElsewhere = ({ id }: M): boolean => now.some(each => each.id !== id && namesOf(each).includes(id));
  const left = lost.filter(each => !isElsewhere(each));
  const isStale = (mark: M): boolean => mark.isNew === true && lately.includes(mark);
  // One answer for each that is gone: where it is said to be new, the next one is asked about.
  for (const isNew of [true, false]) {
    const unclear = open.filter(({ mark }) => (mark.isNew === true) === isNew);
    for (const like of isNew ? left.filter(isStale) : left) {
      const found = unclear.findIndex(({ mark }) => kind.like?.(like, mark));
      const [one] = unclear.splice(Math.max(0, found), 1);
      if (one) say(kind, one, like, used(like), at);
    }
    if (isNew) continue;
    for (const { mark, path } of unclear) {
      const robbed = lately.find(each => kind.takes?.(each, payingNow!.get(each.id), mark) && used(each) > 0);
      if (robbed)
        at.say(
          path,
          t`what started "${calledOf(robbed)}" starts "${calledOf(mark)}" now, and ${kind.words(calledOf(robbed), used(robbed))}. Leave it the name it had, with \`was\` or without; or say new: true if everybody may claim it`,
          'refused',
        );
    }
  }
}

type Appeared<M> = { readonly mark: M; readonly path: Path };

/** Whether it says that it goes on as one of those that are gone: and if it does not count as that one, what is wrong. */
function sayChain<M extends LiveMark>(
  kind: Kind<M>,
  { mark, path }: Appeared<M>,
  lost: readonly M[],
  used: (mark: M) => number,
  { say: tell }: Comparing,
): boolean {
  const own = lost.find(each => namesOf(each).some(name => namesOf(mark).includes(name)));
  if (!own) return false;
  const isHonoured = kind.isByClaims?.(mark) && kind.isByClaims(own) && namesOf(mark).includes(own.id);
  const fix = wasText(own, mark);
  if (!isHonoured)
    tell(
      path,
      t`${kind.what} "${calledOf(mark)}" would go on as "${mark.id}", but what was live as "${calledOf(own)}" counts as "${own.id}" (${used(own)}); ${fix === undefined ? t`leave \`was\` out` : t`write ${fix}, the oldest first`}`,
      'refused',
    );
  return true;
}

function say<M extends LiveMark>(
  kind: Kind<M>,
  { mark, path }: Appeared<M>,
  like: M,
  used: number,
  { say: tell }: Comparing,
): void {
  const [is, was] = [calledOf(mark), calledOf(like)];
  const gone = t`${kind.what} "${was}" is gone and "${is}" is new, and ${kind.words(was, used)}.`;
  const meant = kind.path(0, mark).at(-1) === 'id' ? t`everybody may claim it` : t`it is another ${kind.what}`;
  const words = mark.isNew
    ? staleWords(was, like)
    : t`Say ${wasText(like)} if it is the same ${kind.what} under another name, or new: true if ${meant}`;
  tell(path, sentences(gone, words), 'refused');
}
