// Rules put in place by the dashboard: only what is fit, only by a publisher, never over what somebody else has changed, nowhere
// but in the folder of the rules; and where much is at stake only with a second publisher.
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adminApp } from '../../src/app/wire-admin.ts';
import type { DraftView, RuleFileDetail, RuleVersionView } from '../../src/engine/overview/view.ts';
import { SILENT } from '../../src/lib/log.ts';
import { type Person, signInAt } from '../support/admin-world.ts';
import { RULES, startWorld, type World } from '../support/harness.ts';
import { isMap, readJson } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

const PASSWORD = 'Plum-Lantern-42';
const ROLES = { wang: 'owner', mei: 'publisher', sun: 'publisher', li: 'operator', zhao: 'viewer' };
const [RAISED, REWORDED] = [RULES.replace('¥1.00 }', '¥10.00 }'), RULES.replace('您已经领过啦', '您已领过')];

let world: World;
let server: Server;
let url: string;
let file: string;
let tokens = 0;

beforeEach(async () => {
  const operators = Object.entries(ROLES).map(
    ([name, role]) => `    - { name: ${name}, role: ${role}, password: ${PASSWORD}-${name} }`,
  );
  world = await startWorld({
    campaigns: { 'test.yaml': RULES },
    lines: `admin:\n  listen: 127.0.0.1:3080\n  secondPersonFrom: ¥500.00\n  operators:\n${operators.join('\n')}`,
  });
  server = createServer(adminApp(world.bot.admin!, SILENT).callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${portOf(server)}`;
  file = join(world.folder, 'rules', 'test.yaml');
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await world.close();
});

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

const login = (name: keyof typeof ROLES): Promise<Person> => signInAt(url, { name, password: `${PASSWORD}-${name}` });

async function get<T>(path: string, { cookie }: Person): Promise<T> {
  return (await (await fetch(`${url}/admin/api/${path}`, { headers: { cookie } })).json()) as T;
}

async function act(path: string, body: object, { cookie, csrf }: Person): Promise<Answer> {
  const headers = { 'content-type': 'application/json', cookie, 'x-csrf': csrf };
  const whole = { token: `token-of-the-rules-${++tokens}`, ...body };
  const answer = await fetch(`${url}/admin/api/${path}?lang=zh`, {
    method: 'POST',
    headers,
    body: JSON.stringify(whole),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : readJson(text, isMap) };
}

const baseOf = async (who: Person, name = 'test.yaml'): Promise<string> =>
  (await get<RuleFileDetail>(`rule?file=${name}`, who)).base!;
const draft = async (who: Person, text: string, base: string, name = 'test.yaml'): Promise<DraftView> =>
  (await act('draft', { file: name, text, base }, who)).body as DraftView;

/** Looked at, and published as it was looked at. */
async function publish(who: Person, text: string, name = 'test.yaml', reason = '改一下'): Promise<Answer> {
  const base = existsSync(join(world.folder, 'rules', name)) ? await baseOf(who, name) : '';
  const { seen } = await draft(who, text, base, name);
  return act('publish', { file: name, text, base, seen, reason }, who);
}

const logged = async (what: string) =>
  (await world.store.acts.list({ limit: 50 })).filter(each => each.what === what).map(({ by, about }) => [by, about]);

describe('a draft', { timeout: 60_000 }, () => {
  test('is told what is wrong with it by line, and cannot be published; right, it is told in words and in money', async () => {
    const mei = await login('mei');
    const base = await baseOf(mei);
    const broken = RULES.replace('give: daily', 'give: dayly');
    const wrong = await draft(mei, broken, base);
    expect(wrong.isFit).toBe(false);
    const line = broken.split('\n').findIndex(each => each.includes('dayly')) + 1;
    expect(wrong.findings).toContainEqual(expect.objectContaining({ file: 'test.yaml', line, grave: true }));
    expect(wrong.findings[0]!.message).toMatch(/[\u4e00-\u9fff]/);
    const refused = await act('publish', { file: 'test.yaml', text: broken, base, seen: wrong.seen, reason: 'x' }, mei);
    expect([refused.status, refused.body.error]).toEqual([409, 'notfit']);
    expect(readFileSync(file, 'utf8')).toBe(RULES);
    const right = await draft(mei, RAISED, base);
    expect(right).toMatchObject({ isFit: true, isSame: false, more: 0, stake: 100_000, money: { most: 100_000 } });
    expect(right.changes).toEqual(['test：奖品「gift」 单个红包 ¥1.00 → ¥10.00', '总预算没有增加']);
    expect(await draft(mei, RULES, base)).toMatchObject({ isFit: true, isSame: true, stake: 0 });
  });

  test('whose own test fails is not fit', async () => {
    const mei = await login('mei');
    const text = `${RULES}tests:\n  - { name: 口令, events: [{ at: 2026-03-01 10:00, user: ann, text: 红包, expect: { prize: gift } }] }\n`;
    const view = await draft(mei, text, await baseOf(mei));
    expect(view.isFit).toBe(false);
    expect(view.findings[0]!.message).toContain('测试「口令」：应为');
  });
});

describe('publishing', { timeout: 60_000 }, () => {
  test('is for publishers: an operator may check, and is refused and written down', async () => {
    const [li, zhao] = [await login('li'), await login('zhao')];
    const base = await baseOf(li);
    expect((await draft(li, REWORDED, base)).isFit).toBe(true);
    expect((await publish(li, REWORDED)).status).toBe(403);
    expect((await act('draft', { file: 'test.yaml', text: REWORDED, base }, zhao)).status).toBe(403);
    expect((await act('revert', { number: 1, seen: '', reason: 'x' }, li)).status).toBe(403);
    expect(await logged('refused')).toContainEqual(['li', 'api/publish']);
    expect(readFileSync(file, 'utf8')).toBe(RULES);
  });

  test('writes the file the bot reads, whole, with who and why; it goes live, and is a version', async () => {
    const mei = await login('mei');
    expect((await publish(mei, REWORDED, 'test.yaml', '改短一点')).status).toBe(200);
    expect(readFileSync(file, 'utf8')).toBe(REWORDED);
    expect(readdirSync(join(world.folder, 'rules'))).toEqual(['test.yaml']);
    await world.bot.rulebook.refresh();
    const { versions } = await get<{ versions: RuleVersionView[] }>('versions', mei);
    expect(versions[0]).toMatchObject({ number: 2, by: 'mei', comment: '改短一点', isLive: true });
    expect(await logged('rules publish')).toEqual([['mei', 'test.yaml']]);
    const { files } = await get<{ files: { file: string; isLive: boolean }[] }>('rules', mei);
    expect(files).toMatchObject([{ file: 'test.yaml', isLive: true }]);
  });

  test('adds a file; asks for a comment; a new file takes no other one’s place', async () => {
    const mei = await login('mei');
    const text = RULES.replace('campaign: test', 'campaign: other\nmode: draft');
    const { seen } = await draft(mei, text, '', '新活动 (1).yaml');
    const body = { file: '新活动 (1).yaml', text, base: '', seen };
    expect((await act('publish', { ...body, reason: ' ' }, mei)).status).toBe(400);
    expect((await act('publish', { ...body, reason: '新的' }, mei)).status).toBe(200);
    expect(readFileSync(join(world.folder, 'rules', '新活动 (1).yaml'), 'utf8')).toBe(text);
    // Once more as a new file: somebody has made it meanwhile.
    expect((await act('publish', { ...body, reason: '新的' }, mei)).status).toBe(409);
  });

  test('never overwrites what somebody else has changed: a draft is told of it, and nothing is written', async () => {
    const [mei, sun] = [await login('mei'), await login('sun')];
    const base = await baseOf(mei);
    const { seen } = await draft(mei, REWORDED, base);
    const theirs = RULES.replace('欢迎!', '欢迎您!');
    expect((await publish(sun, theirs)).status).toBe(200);
    const late = await act('publish', { file: 'test.yaml', text: REWORDED, base, seen, reason: '改' }, mei);
    expect([late.status, late.body.error]).toEqual([409, 'changed']);
    expect(readFileSync(file, 'utf8')).toBe(theirs);
    const { conflict } = await draft(mei, REWORDED, base);
    expect(conflict).toMatchObject({ text: theirs });
    // Another file that changed is another comparison.
    const again = await draft(mei, REWORDED, conflict!.base);
    writeFileSync(join(world.folder, 'rules', 'more.yaml'), RULES.replace('campaign: test', 'campaign: more'));
    const body = { file: 'test.yaml', text: REWORDED, base: conflict!.base, seen: again.seen, reason: '改' };
    expect((await act('publish', body, mei)).status).toBe(409);
    expect(readFileSync(file, 'utf8')).toBe(theirs);
  });

  test('leads nowhere but into the folder of the rules: names with paths are refused and logged, links are not followed', async () => {
    const mei = await login('mei');
    const names = [
      '../evil.yaml',
      '..\\evil.yaml',
      '/tmp/evil.yaml',
      'a/b.yaml',
      '.hidden.yaml',
      'evil.sh',
      'evil.yaml\0',
    ];
    const more = ['..%2fevil.yaml/', 'evil.yaml\n', '', `${'a'.repeat(90)}.yaml`, '\u202eevil.yaml', '../bot.yaml'];
    for (const name of [...names, ...more]) {
      const answer = await act('publish', { file: name, text: RULES, base: '', seen: '', reason: 'x' }, mei);
      expect([name, answer.status, answer.body.error]).toEqual([name, 400, 'path']);
      expect((await act('draft', { file: name, text: RULES, base: '' }, mei)).status).toBe(400);
    }
    expect((await logged('refused')).filter(([by]) => by === 'mei')).toHaveLength(2 * (names.length + more.length));
    expect(existsSync(join(world.folder, 'evil.yaml'))).toBe(false);
    const kept = join(world.folder, 'rules', 'kept');
    mkdirSync(kept);
    writeFileSync(join(kept, 'real.yaml'), RULES.replace('campaign: test', 'campaign: linked\nmode: draft'));
    symlinkSync(join(kept, 'real.yaml'), join(world.folder, 'rules', 'linked.yaml'));
    const text = readFileSync(join(kept, 'real.yaml'), 'utf8');
    const answer = await publish(mei, text.replace('您已经领过啦', '领过啦'), 'linked.yaml');
    expect([answer.status, answer.body.text]).toEqual([400, expect.stringContaining('是链接')]);
    expect(readFileSync(join(kept, 'real.yaml'), 'utf8')).toBe(text);
  });

  test('of what may cost much waits for a second publisher, however little the budget grows', async () => {
    const [mei, sun, li] = [await login('mei'), await login('sun'), await login('li')];
    const waits = (await publish(mei, RAISED)).body.waits;
    expect(waits).toBeDefined();
    expect(readFileSync(file, 'utf8')).toBe(RULES);
    expect((await act('agree', { id: waits }, mei)).status).toBe(403);
    expect((await act('agree', { id: waits }, li)).body.error).toBe('role');
    expect((await act('agree', { id: waits }, sun)).status).toBe(200);
    expect(readFileSync(file, 'utf8')).toBe(RAISED);
    await world.bot.rulebook.refresh();
    const { versions } = await get<{ versions: RuleVersionView[] }>('versions', mei);
    expect(versions[0]).toMatchObject({ number: 2, by: 'mei + sun' });
  });

  test('that waited while somebody changed the file is not done', async () => {
    const [mei, sun] = [await login('mei'), await login('sun')];
    const waits = (await publish(mei, RAISED)).body.waits;
    writeFileSync(file, REWORDED);
    expect((await act('agree', { id: waits }, sun)).status).toBe(409);
    expect(readFileSync(file, 'utf8')).toBe(REWORDED);
  });
});

test('going back to a version shows what it changes, renames what was not there, and is a version of its own', {
  timeout: 60_000,
}, async () => {
  const mei = await login('mei');
  await publish(mei, REWORDED);
  await world.bot.rulebook.refresh();
  await publish(mei, RULES.replace('campaign: test', 'campaign: more\nmode: draft'), 'more.yaml');
  await world.bot.rulebook.refresh();
  const view = (await act('back', { number: 1 }, mei)).body;
  expect(view).toMatchObject({ isFit: true, gone: ['more.yaml'], changes: ['只改了文字或测试', '总预算没有增加'] });
  expect((await act('back', { number: 9 }, mei)).status).toBe(404);
  expect((await act('revert', { number: 1, seen: 'another', reason: '退回' }, mei)).status).toBe(409);
  expect((await act('revert', { number: 1, seen: view.seen, reason: '退回' }, mei)).status).toBe(200);
  expect(readFileSync(file, 'utf8')).toBe(RULES);
  expect(readdirSync(join(world.folder, 'rules')).sort()).toEqual(['more.yaml.off', 'test.yaml']);
  await world.bot.rulebook.refresh();
  const { versions } = await get<{ versions: RuleVersionView[] }>('versions', mei);
  expect(versions[0]).toMatchObject({ number: 4, by: 'mei', comment: '退回', isLive: true });
});
