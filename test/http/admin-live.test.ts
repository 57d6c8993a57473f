// What the dashboard says by itself, to many tabs, to readers that do not read, and to sessions that are over.
import { get as ask, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONGEST_MS } from '../../src/http/admin/sessions.ts';
import { type AdminWorld, type Person, startAdmin } from '../support/admin-world.ts';
import { until } from '../support/harness.ts';

let admin: AdminWorld;
beforeAll(async () => {
  admin = await startAdmin();
});
afterAll(() => admin.close());

type Tab = { readonly status: number; readonly heard: () => string; readonly isOver: () => boolean; close(): void };

/** A tab that reads what it is told. */
const tab = ({ cookie }: Person): Promise<Tab> =>
  new Promise((resolve, reject) => {
    const asked = ask(`${admin.url}/admin/api/live`, { headers: { cookie } }, (answer: IncomingMessage) => {
      let [heard, isOver] = ['', false];
      answer.on('data', part => {
        heard += part;
      });
      answer.on('close', () => {
        isOver = true;
      });
      answer.on('error', () => undefined);
      const close = (): void => void answer.destroy();
      resolve({ status: answer.statusCode!, heard: () => heard, isOver: () => isOver, close });
    });
    asked.on('error', reject);
  });

test('who opens tab after tab takes nobody else’s place: the oldest of theirs makes room', async () => {
  const [zhao, wang] = [await admin.signIn('zhao'), await admin.signIn('wang')];
  const tabs: Tab[] = [];
  for (let n = 0; n < 230; n++) tabs.push(await tab(zhao));
  expect(tabs.every(({ status }) => status === 200)).toBe(true);
  await until(() => tabs.filter(each => !each.isOver()).length <= 12);
  expect(tabs.at(-1)!.isOver()).toBe(false);
  const owner = await tab(wang);
  expect(owner.status).toBe(200);
  await until(() => owner.heard().includes('"counts"'));
  for (const each of [...tabs, owner]) each.close();
});

test('a tab whose session is over is told so once, and let go', async () => {
  const li = await admin.signIn('li');
  const open = await tab(li);
  admin.world.simulator.control.moveClock({ advanceMs: LONGEST_MS });
  await until(open.isOver);
  expect(open.heard().match(/event: gone/g)).toHaveLength(1);
});
