// `hongbao receive FILE`: recorded pushes in every form in which WeChat sends them, and in files as people save them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { receive } from '../../src/commands/rules/receive.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { exactly } from '../support/exactly.ts';
import { ENV, startWorld, type World } from '../support/harness.ts';
import { isMap, readJson } from '../support/json.ts';
import { FORMATS, type Format, MODES, ONE, pushOf, says } from '../support/pushes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
}, 60_000);
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

async function received(content: string | Buffer, more: object = {}) {
  const file = join(world.folder, 'push.txt');
  writeFileSync(file, content);
  let said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part: string | Uint8Array) => {
    said += String(part);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const code = await receive(file, { config: join(world.folder, 'bot.yaml'), json: true, ...more });
  return { code, ...readJson(said, isMap) };
}

/** As WeChat sealed it long ago: nobody asks how long. */
const recorded = (mode: (typeof MODES)[number], format: Format): string =>
  String(pushOf({ mode, format }, says('帮助', '7301122334455667788'), { at: 1_700_000_000_000 }).body);

test.each(MODES.flatMap(mode => FORMATS.map(format => [format, mode] as const)))(
  'a recorded push in %s of %s mode is led through, whenever it was sealed',
  async (format, mode) => {
    expect(await received(`\uFEFF\n${recorded(mode, format)}\n`)).toMatchObject({
      code: 0,
      event: { kind: 'text', text: '帮助', user: ONE, key: `m:${ONE}:7301122334455667788` },
      reply: { kind: 'text', text: '回复「红包」试试' },
    });
  },
);

test('one that is sealed with another key names the account, and one that is none says why', async () => {
  const strange = pushOf({ mode: 'safe', format: 'json' }, says('帮助'), { appId: 'wxffffffffffffffff' }).body;
  await expect(received(strange)).rejects.toThrow(
    /push\.txt: .*not with the encodingAesKey and appId of account "tea"/,
  );
  await expect(received('hello')).rejects.toThrow(/push\.txt: not a push/);
  await expect(received('{"a":1,"a":2}')).rejects.toThrow(/push\.txt: "a" stands twice/);
  await expect(
    received(recorded('plain', 'xml').replace('text', 'text]]></MsgType><MsgType><![CDATA[event')),
  ).rejects.toThrow(BadInput);
});

test('a file in GBK or UTF-16 is named, and read with --encoding', async () => {
  // 帮助 in GBK.
  const [before, after] = exactly(2, recorded('plain', 'xml').split('帮助'));
  const gbk = Buffer.concat([Buffer.from(before), Buffer.from([0xb0, 0xef, 0xd6, 0xfa]), Buffer.from(after)]);
  await expect(received(gbk)).rejects.toThrow(/push\.txt: the file is GBK, and a push is UTF-8; add --encoding gbk/);
  expect(await received(gbk, { encoding: 'gbk' })).toMatchObject({ event: { text: '帮助' } });
  const utf16 = Buffer.from(`\uFEFF${recorded('plain', 'json')}`, 'utf16le');
  await expect(received(utf16)).rejects.toThrow(/the file is UTF-16/);
  expect(await received(utf16, { encoding: 'utf-16' })).toMatchObject({ event: { text: '帮助' } });
  const damaged = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
  expect(await received(damaged)).toMatchObject({ event: { text: '\uFFFD' } });
});
