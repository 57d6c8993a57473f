// What bot.yaml says of transfers (商家转账): each scene with its own reports, a look, an authorization. What WeChat Pay would refuse
// is refused before anything runs, with its place; a prize that no transfer can be, with the line of the rule file.

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { payableBy } from '../../src/config/merchant.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { TRANSFER_SCENES } from '../../src/core/payout/channels/transfer-scenes.ts';
import { checkRuleFiles } from '../../src/engine/rulebook.ts';
import { issue } from '../support/issue.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-transfer-settings-'));
  mkdirSync(join(folder, 'rules'));
  const { keyPem } = issue();
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'pub_key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(folder, 'key.pem'), keyPem);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const botYaml = (...lines: string[]): string => `publicUrl: https://bot.example.com
secret: 0f3c9a7be1d84625b7a0c1e2d3f4958677a8b9c0d1e2f3a4
accounts:
  tea: { appId: wx8888888888888888, appSecret: 0123456789abcdef0123456789abcdef, token: simToken01, mode: plain, merchant: shop }
merchants:
  shop:
    mchId: "1900000109"
    channel: transfer
    apiV3Key: 0123456789abcdef0123456789ABCDEF
    serialNo: 5157F09EFDC096DE15EBE81A47057A7232F1B8E1
    privateKey: key.pem
    publicKeyId: PUB_KEY_ID_0119000001092026010100000000000000
    publicKey: pub_key.pem
    limits: { max: ¥5000.00 }
${lines.map(line => `    ${line}\n`).join('')}`;

function load(text: string) {
  writeFileSync(join(folder, 'bot.yaml'), text);
  return loadConfig(join(folder, 'bot.yaml'), {});
}
const shop = (...lines: string[]) => load(botYaml(...lines)).merchants.get('shop')!;

function refusal(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof BadInput)
      return error.findings.map(({ line, column, message }) => `${line}:${column}: ${message}`);
    throw error;
  }
  return [];
}

describe('the settings of a transfer', () => {
  test('are those of 现金营销, by default', () => {
    expect(shop()).toMatchObject({ transferScene: '1000', notifyUrl: 'https://bot.example.com/notify/transfer/shop' });
    for (const key of ['style', 'reports', 'authorize']) expect(shop()).not.toHaveProperty(key);
  });

  test('say how it looks, what its scene reports, and that it asks for an authorization', () => {
    expect(shop('receiveStyle: redPacket')).toMatchObject({ style: 'RED_PACKET' });
    expect(shop('receiveStyle: confirm', 'authorize: true')).toMatchObject({
      style: 'CONFIRM_PAGE',
      authorize: { notifyUrl: 'https://bot.example.com/notify/transfer/shop' },
    });
    expect(shop('transferScene: "1005"', 'reports: { 岗位类型: 推广员, 报酬说明: 推荐奖励 }')).toMatchObject({
      reports: [
        { type: '岗位类型', content: '推广员' },
        { type: '报酬说明', content: '推荐奖励' },
      ],
    });
  });

  test.each(Object.entries(TRANSFER_SCENES).filter(([, { reports }]) => reports))(
    'of scene %s are its reports, all of them and no others',
    (scene, { reports = [] }) => {
      const written = (types: readonly string[]): string =>
        `reports: { ${types.map(type => `${type}: 是`).join(', ')} }`;
      const settings = [`transferScene: "${scene}"`];
      if (scene === '1000') {
        expect(refusal(botYaml(...settings, written(reports)))).toEqual([expect.stringContaining('leave it out')]);
        return;
      }
      expect(refusal(botYaml(...settings))).toEqual([
        expect.stringContaining(`add \`reports\`: ${reports.join(', ')}`),
      ]);
      expect(refusal(botYaml(...settings, written(reports)))).toEqual([]);
      expect(refusal(botYaml(...settings, written([...reports, '别的'])))).toEqual([
        expect.stringMatching(/^16:\d+: scene .* reports exactly/),
      ]);
      if (reports.length > 1) expect(refusal(botYaml(...settings, written(reports.slice(1))))).toHaveLength(1);
      expect(refusal(botYaml(...settings, written(reports), 'receiveStyle: redPacket'))).toEqual([
        expect.stringMatching(/^17:\d+: a transfer looks like a red packet in scene 1000 only/),
      ]);
    },
  );

  test('ask for an authorization only where WeChat Pay can tell of it', () => {
    const text = botYaml('authorize: true').replace('https://bot', 'http://bot');
    expect(refusal(text)).toEqual([
      expect.stringMatching(/^15:\d+: authorize: WeChat Pay tells an https address only/),
    ]);
  });
});

describe('a prize that no transfer can be', () => {
  const rules = (amount: string): string => `campaign: spring
name: 春天
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥90000.00 }
packet: { sendName: 茶, actName: 茶, wishing: 茶, remark: 茶, scene: PRODUCT_1 }
prizes:
  small: { redpacket: ¥1.00 }
  big: { redpacket: ${amount} }
rules:
  - { id: all, on: { text: 红包 }, once: ever, give: [small, big] }
`;
  const findings = (amount: string, ...lines: string[]): string[] => {
    const config = load(botYaml(...lines));
    const found = checkRuleFiles([{ file: 'rules/spring.yaml', text: rules(amount) }], config).findings;
    return found.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  };

  test('is refused where its amount asks for a name of the follower', () => {
    expect(findings('¥1999.99')).toEqual([]);
    expect(findings('¥2000.00')).toEqual([
      'rules/spring.yaml:8: prize "big" comes to ¥2000.00, which merchant "shop" cannot pay: from ¥2000.00 on WeChat Pay asks for the real name (user_name), for which the bot asks nobody',
    ]);
  });

  test('is refused where it should look like a red packet, and is more than one holds', () => {
    expect(findings('¥200.00', 'receiveStyle: redPacket')).toEqual([]);
    expect(findings('¥1.00..¥200.01', 'receiveStyle: redPacket')).toEqual([
      'rules/spring.yaml:8: prize "big" comes to ¥200.01, which merchant "shop" cannot pay: above ¥200.00 no transfer looks like a red packet (receiveStyle)',
    ]);
    expect(findings('¥200.01', 'receiveStyle: confirm')).toEqual([]);
  });

  test('cannot be sent by hand either', () => {
    expect(payableBy(shop())).toEqual({ min: 100, max: 199_999 });
    expect(payableBy(shop('receiveStyle: redPacket'))).toEqual({ min: 100, max: 20_000 });
  });
});
