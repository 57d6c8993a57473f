// Money moved at the dashboard by more than one, in slices, twice, or while the store goes away: what was looked at is what is
// done, once, by whom it takes.
import { lstatSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/base/error.ts';
import { instant } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { pauseOf } from '../../src/core/rules/campaign-query.ts';
import { pauseCampaign } from '../../src/engine/operate/campaigns.ts';
import type { Store } from '../../src/ports.ts';
import { aCommit } from '../storage/store.contract.ts';
import { type AdminWorld, type Person, startAdmin, type Told } from '../support/admin-world.ts';
import { exactly } from '../support/exactly.ts';
import { RULES } from '../support/harness.ts';

let admin: AdminWorld;
let people = 0;
/** Of a payout, or of the log, the store is away. */
let away: string | undefined;

function wrap(store: Store): Store {
  const fault = (): Promise<never> => Promise.reject(new Fault('store', 'safe', 'unreachable', 'the store is away'));
  return {
    ...store,
    advance: (...step) => (away === step[0].payout.billNo ? fault() : store.advance(...step)),
    acts: { ...store.acts, append: act => (away === 'log' ? fault() : store.acts.append(act)) },
  };
}

beforeAll(async () => {
  const yaml = (text: string): string => text.replace('channel: transfer', 'channel: redpack\n    vouchers: true');
  const secondPerson = '  secondPersonFrom: ¥3.00\n';
  admin = await startAdmin({
    ...{ wrap, yaml, channel: 'transfer', campaigns: { 'test.yaml': RULES }, admin: secondPerson },
  });
});
beforeEach(() => {
  away = undefined;
});
afterAll(() => admin.close());

async function planned(wish: { readonly merchant?: string } = {}): Promise<Payout> {
  const commit = aCommit({ ...wish, user: `o${'Money'.padEnd(20, '0')}${String(++people).padStart(7, '0')}` });
  await admin.world.store.commit(commit);
  return commit.payout;
}
const cancel = (payouts: readonly Payout[], who: Person): Promise<Told> =>
  admin.act(
    'cancel',
    {
      numbers: payouts.map(({ billNo }) => billNo),
      versions: payouts.map(({ version }) => version),
      sum: payouts.reduce((sum, { amount }) => sum + amount, 0),
      reason: '核对后取消',
    },
    who,
  );
const stateOf = async ({ billNo }: Payout) => (await admin.world.store.payout(billNo))!.state;

describe('a second person', () => {
  test('is asked for too where somebody moves a large sum in slices; an hour later they begin anew', async () => {
    const [one, two, three, four] = [await planned(), await planned(), await planned(), await planned()];
    const sun = await admin.signIn('sun');
    expect((await cancel([one], sun)).body).toHaveProperty('results');
    expect((await cancel([two], sun)).body).toHaveProperty('results');
    expect((await cancel([three], sun)).body).toHaveProperty('waits');
    expect(await stateOf(three)).toBe('planned');
    admin.world.simulator.control.moveClock({ advanceMs: 61 * 60_000 });
    expect((await cancel([four], await admin.signIn('sun'))).body).toHaveProperty('results');
  });

  test.each(['shop', 'shop.voucher'])(
    'is asked for where all goes on that waits for %s, though no live file has its campaign',
    async merchant => {
      for (let n = 0; n < 3; n++) await planned({ merchant });
      const { store } = admin.world;
      const since = instant(Date.now());
      await store.setHalt(merchant, { code: 'OPERATOR', reason: 'x', since, by: 'operator' });
      const resume = (who: Person) => admin.act('resume', { merchant, since, reason: '查清楚了' }, who);
      const { waits } = (await resume(await admin.signIn('li'))).body;
      expect(waits).toBeDefined();
      expect(await store.halt(merchant)).toMatchObject({ by: 'operator' });
      expect((await admin.act('agree', { id: waits }, await admin.signIn('wang'))).status).toBe(200);
      expect(await store.halt(merchant)).toBeUndefined();
    },
  );

  test('who agrees while the store is away has not agreed: it waits on, and is done once it is back', async () => {
    const payouts = [await planned(), await planned(), await planned()];
    const [li, wang] = [await admin.signIn('li'), await admin.signIn('wang')];
    const { waits } = (await cancel(payouts, li)).body;
    away = 'log';
    expect((await admin.act('agree', { id: waits }, wang)).status).toBe(503);
    expect((await admin.act('decline', { id: waits }, wang)).status).toBe(503);
    away = undefined;
    expect(await stateOf(payouts[0]!)).toBe('planned');
    const both = await Promise.all([1, 2].map(() => admin.act('agree', { id: waits }, wang)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await Promise.all(payouts.map(stateOf))).toEqual(['failed', 'failed', 'failed']);
  });

  test('where nobody else may be one, it is said at once, and nothing waits for nobody', async () => {
    const alone = await startAdmin({
      campaigns: { 'test.yaml': RULES },
      roles: { wang: 'owner', li: 'operator' },
      admin: '  secondPersonFrom: ¥3.00\n',
    });
    try {
      const wang = await alone.signIn('wang');
      const { base } = (await alone.get('api/rule?file=test.yaml', wang)).body;
      const draft = { file: 'test.yaml', text: RULES.replace('¥1.00 }', '¥10.00 }'), base };
      const { seen, isFit } = (await alone.act('draft', draft, wang)).body;
      expect(isFit).toBe(true);
      const answer = await alone.act('publish', { ...draft, seen, reason: '加码' }, wang);
      expect(answer).toMatchObject({ status: 409, body: { error: 'nosecond' } });
      expect((await alone.get('api/pending', wang)).body).toEqual({ pending: [] });
    } finally {
      await alone.close();
    }
  });
});

describe('several at once', () => {
  test('one that fails takes nothing from what came of the others, which are told', async () => {
    admin.world.simulator.control.moveClock({ advanceMs: 61 * 60_000 });
    const payouts = [await planned(), await planned()];
    const li = await admin.signIn('li');
    away = payouts[0]!.billNo;
    const { status, body } = await cancel(payouts, li);
    const unsure = { ok: false, text: expect.stringContaining('不知道结果如何') };
    expect([status, body.results]).toMatchObject([200, [unsure, { ok: true }]]);
    expect(await Promise.all(payouts.map(stateOf))).toEqual(['planned', 'failed']);
  });
});

describe('two people at one thing', () => {
  test('the second to pause a campaign, or to let it go on, is told; what followers are told meanwhile stays', async () => {
    const [li, wang] = [await admin.signIn('li'), await admin.signIn('wang')];
    const { store } = admin.world;
    await pauseCampaign(store, 'test', '活动升级中，明天见', aCommit().payout.createdAt);
    expect((await admin.act('pause', { campaign: 'test', reason: '停' }, li)).body).toMatchObject({ error: 'changed' });
    expect((await store.halt(pauseOf('test')))!.reason).toBe('活动升级中，明天见');
    expect((await admin.act('go-on', { campaign: 'test', reason: '好了' }, li)).status).toBe(200);
    expect((await admin.act('go-on', { campaign: 'test', reason: '好了' }, wang)).status).toBe(409);
  });

  test('the second to halt a merchant is told, and the reason of the first stays', async () => {
    const [li, wang] = [await admin.signIn('li'), await admin.signIn('wang')];
    expect((await admin.act('halt', { merchant: 'shop', reason: '对账' }, li)).status).toBe(200);
    expect((await admin.act('halt', { merchant: 'shop', reason: '不知道' }, wang)).status).toBe(409);
    expect((await admin.world.store.halt('shop'))!.reason).toBe('对账 (li)');
  });
});

test('a question that says a thing twice is refused, and no list of something else is given', async () => {
  const li = await admin.signIn('li');
  for (const list of ['payouts', 'payouts.csv'])
    expect((await admin.get(`api/${list}?filter=failed&filter=held`, li)).status).toBe(400);
});

describe('rules that two publish', () => {
  const look = async (who: Person, text: string) => {
    const { base } = (await admin.get('api/rule?file=test.yaml', who)).body;
    const draft = { file: 'test.yaml', text, base };
    const { seen, isFit } = (await admin.act('draft', draft, who)).body;
    expect(isFit).toBe(true);
    return { ...draft, seen, reason: '改一句' };
  };
  const lies = (): string => readFileSync(join(admin.world.folder, 'rules', 'test.yaml'), 'utf8');

  test('at one moment, from the same file: one is put there, whole, the other is told and put nowhere', async () => {
    const [mei, wang] = [await admin.signIn('mei'), await admin.signIn('wang')];
    const texts = ['领过啦', '已领过'].map(said => RULES.replace('您已经领过啦', said));
    const drafts = [await look(mei, texts[0]!), await look(wang, texts[1]!)];
    const answers = await Promise.all(drafts.map((each, n) => admin.act('publish', each, [mei, wang][n]!)));
    const won = answers.findIndex(({ status }) => status === 200);
    expect([409, 429]).toContain(answers[1 - won]!.status);
    expect(lies()).toBe(texts[won]);
  });

  test('a folder that is a link to another place stays one, and the file is put where it leads', async () => {
    const [here, there] = exactly(
      2,
      ['rules', 'elsewhere'].map(name => join(admin.world.folder, name)),
    );
    renameSync(here, there);
    symlinkSync(there, here);
    admin.world.simulator.control.moveClock({ advanceMs: 60_000 });
    const mei = await admin.signIn('mei');
    const text = RULES.replace('您已经领过啦', '您领过了');
    expect((await admin.act('publish', await look(mei, text), mei)).status).toBe(200);
    expect(lstatSync(here).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(there, 'test.yaml'), 'utf8')).toBe(text);
  });
});
