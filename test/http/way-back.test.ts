// Who comes back from WeChat more than once: WeChat itself asks twice now and then, people go back, and load again. Nobody
// real is turned away for it, and no hall of guests is shut out by what one of them did.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, Browser, PAGE_RULES, startPageWorld } from '../support/h5-world.ts';
import type { World } from '../support/harness.ts';

const PAGE = '/h5/tea/page';
const GUESTS = 80;
const NAT = { 'x-forwarded-for': '198.51.100.7, 203.0.113.80' };

/** A browser whose requests come through one address, as those of a hall of guests do. */
class Guest extends Browser {
  private readonly headers: Record<string, string>;

  constructor(world: World, openid: string, headers: Record<string, string>) {
    super(world, openid);
    this.headers = headers;
  }

  override ask(target: string, init: RequestInit = {}): Promise<Answer> {
    return super.ask(target, { ...init, headers: { ...this.headers, ...init.headers } });
  }

  /** Asks, and keeps none of the cookies of the answer: WeChat threw it away. */
  async askInVain(target: string): Promise<Answer> {
    const jar = [...this.jar];
    const answer = await this.ask(target);
    this.jar.splice(0, this.jar.length, ...jar);
    return answer;
  }
}

/** The two requests of one way back; the answer that the guest sees. */
type Twice = (guest: Guest, link: string) => Promise<Answer>;
const AFTER_ANOTHER: Twice = async (guest, link) => {
  await guest.ask(link);
  return guest.ask(link);
};
const FIRST_THROWN_AWAY: Twice = async (guest, link) => {
  await guest.askInVain(link);
  return guest.ask(link);
};
const AT_ONCE_FIRST_SEEN: Twice = async (guest, link) => (await Promise.all([guest.ask(link), guest.ask(link)]))[0]!;
const AT_ONCE_SECOND_SEEN: Twice = async (guest, link) => (await Promise.all([guest.ask(link), guest.ask(link)]))[1]!;
const AT_ONCE_FIRST_THROWN_AWAY: Twice = async (guest, link) => {
  const [, second] = await Promise.all([guest.askInVain(link), guest.ask(link)]);
  return second!;
};

describe.each<[string, string, Record<string, string>]>([
  ['without a proxy', '', {}],
  ['behind a proxy, at one address of a NAT', 'trustProxy: 1', NAT],
])('eighty guests %s', (_, lines, headers) => {
  let world: World;
  beforeAll(async () => {
    world = await startPageWorld({ lines });
  });
  afterAll(() => world.close());

  test.each<[string, Twice]>([
    ['one request after the other', AFTER_ANOTHER],
    ['the first answer thrown away', FIRST_THROWN_AWAY],
    ['both at once, the first one seen', AT_ONCE_FIRST_SEEN],
    ['both at once, the second one seen', AT_ONCE_SECOND_SEEN],
    ['both at once, the first answer thrown away', AT_ONCE_FIRST_THROWN_AWAY],
  ])('come back twice each, %s: all are on the page', async (__, twice) => {
    const pages = await Promise.all(
      Array.from({ length: GUESTS }, async () => {
        const guest = new Guest(world, world.person(true), headers);
        const seen = await twice(guest, await guest.askWeChat(PAGE));
        const page = seen.status === 302 ? await guest.open(new URL(seen.location, world.url).href) : seen;
        return [page.status, page.body.includes('id="draw"')];
      }),
    );
    expect(pages).toEqual(Array(GUESTS).fill([200, true]));
  });

  test('who goes back, and who loads the way back again, is on the page; nobody is counted as a stranger', async () => {
    const guest = new Guest(world, world.person(true), headers);
    const link = await guest.askWeChat(PAGE);
    expect((await guest.open(link)).status).toBe(200);
    for (let n = 0; n < 100; n++) {
      const again = await guest.ask(link);
      expect([again.status, again.location]).toEqual([302, `${PAGE}?lang=zh`]);
    }
    const old = new Guest(world, world.person(true), headers);
    for (let n = 0; n < 100; n++) expect((await old.ask(link)).status).toBe(403);
    expect((await new Guest(world, world.person(true), headers).open(PAGE)).body).toContain('id="draw"');
  });
});

describe('a way back', () => {
  let world: World;
  let exchanges: number;
  beforeAll(async () => {
    world = await startPageWorld({ rules: PAGE_RULES });
  });
  afterAll(() => world.close());
  const newGuest = (): Guest => new Guest(world, world.person(true), {});
  const spendCode = (link: string): string => {
    const url = new URL(link);
    url.searchParams.set('code', 'f'.repeat(32));
    return url.href;
  };

  test('that comes twice with a spent code leads to WeChat once more, by one and the same way', async () => {
    const guest = newGuest();
    const link = spendCode(await guest.askWeChat(PAGE));
    const [first, second] = await Promise.all([guest.ask(link), guest.ask(link)]);
    expect(first!.location).toContain('/connect/oauth2/authorize?');
    expect(second!.location).toBe(first!.location);
    expect((await guest.open(first!.location)).status).toBe(200);
  });

  test('is tried again by the same link when WeChat did not answer', async () => {
    const guest = newGuest();
    const link = await guest.askWeChat(PAGE);
    world.simulator.control.setFaults({ pay: [], platform: [{ kind: 'busy', times: 1 }] });
    expect((await guest.ask(link)).status).toBe(503);
    expect((await guest.open(link)).status).toBe(200);
  });

  test('is good for its own browser only, also while the other one is on its way', async () => {
    const [guest, thief] = [newGuest(), newGuest()];
    const link = await guest.askWeChat(PAGE);
    await thief.askWeChat(PAGE);
    const [own, stolen] = await Promise.all([guest.ask(link), thief.ask(link)]);
    expect([own!.status, stolen!.status]).toEqual([302, 403]);
    expect(thief.cookie('visitor-tea')).toBeUndefined();
  });

  test('brings a few codes at most, so that nobody asks WeChat by our hand as often as they like', async () => {
    const guest = newGuest();
    const link = new URL(await guest.askWeChat(PAGE));
    exchanges = 0;
    for (let n = 0; n < 20; n++) {
      link.searchParams.set('code', `${'e'.repeat(30)}${n + 10}`);
      if ((await guest.askInVain(link.href)).status === 302) exchanges++;
    }
    expect(exchanges).toBe(4);
  });
});
