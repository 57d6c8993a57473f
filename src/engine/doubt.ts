// When WeChat Pay says that a number was paid which counts as unpaid here: nothing else of its claim may be sent until a person
// has decided, and that person is called. Also: all numbers of a claim, one after the other.
import { isInsteadOf } from '../core/match/claim-key.ts';
import { channelOf } from '../core/payout/channels/index.ts';
import { contradicts, doubtStep, saidOf, stopStep } from '../core/payout/operator-steps.ts';
import { isFinal, nextNumber, numberOf, type Observation, type Payout } from '../core/payout/payout.ts';
import type { Clock, Log, Payer, Store } from '../ports.ts';

export type DoubtPorts = { readonly clock: Clock; readonly store: Store; readonly log: Log };

/** How often a step is tried anew because somebody else changed the payout in between. */
const RACES_MAX = 10;

/** Every number of its claim, the first one first. */
export async function numbersOf(store: Store, payout: Payout): Promise<Payout[]> {
  const numbers: Payout[] = [];
  for (let attempt = 1; attempt < payout.attempt; attempt++) {
    const before = await store.payout(numberOf(payout, attempt));
    if (before) numbers.push(before);
  }
  for (let next: Payout | undefined = payout; next; next = await store.payout(nextNumber(next))) numbers.push(next);
  return numbers;
}

/** So many payouts of one follower are read at a time. */
const PAGE = 200;

/** Every number of what was given in its place (`fallbackTo`), the first one first. */
export async function standInsOf(store: Pick<Store, 'payouts'>, { user, claimKey }: Payout): Promise<Payout[]> {
  const found: Payout[] = [];
  for (let page = await store.payouts({ user, limit: PAGE }); page.length > 0; ) {
    found.push(...page.filter(each => isInsteadOf(each.claimKey, claimKey)));
    page = page.length < PAGE ? [] : await store.payouts({ user, limit: PAGE, after: page.at(-1)!.billNo });
  }
  return found.reverse();
}

/** If it speaks against us: holds what lives of the claim, writes it down, and calls a person. Told twice, it does so once. */
export async function doubt(ports: DoubtPorts, payout: Payout, seen: Observation): Promise<boolean> {
  if (!contradicts(payout, seen)) return false;
  const said = saidOf(seen) ?? seen.kind;
  // The money first: should we die after it, the next one who is told begins here again.
  const before = await stopOthers(ports, payout, said);
  await remember(ports, payout, seen);
  const living = (await stopOthers(ports, payout, said)) ?? before; // given in its place just before that was written
  const { billNo, merchant, state } = payout;
  const alarm = `${said} at WeChat Pay, although it is ${state} here`;
  const successor = living && { billNo: living.billNo, state: living.state };
  ports.log.error({ billNo, merchant, alarm, successor, next: nextStep(payout, living) }, `payout: ${alarm}`);
  return true;
}

/** What was seen before it ended here may be older than that end: only what WeChat Pay says now counts. */
export async function doubtOld(ports: DoubtPorts, payout: Payout, seen: Observation, payer: Payer): Promise<void> {
  if (contradicts(payout, seen)) await doubt(ports, payout, await payer.query(payout));
}

/** What the operator does next, in words. */
function nextStep({ billNo, state }: Payout, living: Payout | undefined): string {
  if (state === 'received') return 'look it up in 商户平台: here the follower has it';
  const settle = `\`payouts settle ${billNo} --as received\``;
  if (!living) return `look it up in 商户平台; if it was paid: ${settle}`;
  const isOut = living.state === 'sent' && !channelOf(living.request).canTakeBack;
  const end = isOut
    ? `${living.billNo} is with the follower as well and cannot be taken back`
    : `\`payouts cancel ${living.billNo}\``;
  return `look both up in 商户平台; if it was paid: ${end}, then ${settle}; if not: \`payouts retry ${living.billNo}\``;
}

/** The living number of the same claim, or of what was given in its place, held. One that is stopped has no successor. */
async function stopOthers({ store, clock }: DoubtPorts, paid: Payout, said: string): Promise<Payout | undefined> {
  for (let race = 0; race < RACES_MAX; race++) {
    const numbers = (await numbersOf(store, paid)).filter(({ billNo }) => billNo !== paid.billNo);
    const others = [...numbers, ...(await standInsOf(store, paid))];
    const living = others.findLast(({ state }) => !isFinal(state));
    const step = living && stopStep(living, `${paid.billNo} is ${said} at WeChat Pay`, clock());
    if (!step) return living;
    await store.advance(step);
  }
  throw new Error(`the claim of payout ${paid.billNo} could not be held: it changes all the time`);
}

async function remember({ store, clock }: DoubtPorts, first: Payout, seen: Observation): Promise<void> {
  let payout: Payout | undefined = first;
  for (let race = 0; race < RACES_MAX && payout && contradicts(payout, seen); race++) {
    const step = doubtStep(payout, seen, clock());
    if (!step || (await store.advance(step)) === 'moved') return;
    payout = await store.payout(first.billNo);
  }
}
