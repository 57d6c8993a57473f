// What every payout channel must have, whichever it is: a new one that forgets a part of it is named here.
import { describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { keysOf } from '../../../src/core/base/record.ts';
import { HOUR, later, parseBeijing } from '../../../src/core/base/time.ts';
import { type CodeRow, type Phase, type ResponseClass, rowOf } from '../../../src/core/payout/channels/channel.ts';
import { ALL_CHANNELS, type ChannelName, channelOf, type OrderState } from '../../../src/core/payout/channels/index.ts';
import { NOT_THIS_WAY } from '../../../src/core/payout/channels/transfer.ts';
import { classify, leavesNoOrder } from '../../../src/core/payout/classify.ts';
import type { Payout } from '../../../src/core/payout/payout.ts';
import { type PayerSettings, planPayout } from '../../../src/core/payout/plan.ts';
import { payoutView } from '../../../src/core/payout/view.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { payerOf } from '../../../src/setup/payer.ts';
import { createKeys } from '../../../src/wechat/pay/platform-keys.ts';
import { campaignOf } from '../../support/campaigns.ts';
import { ACCOUNT, APP_ID, KEY_V3, MERCHANTS, PLATFORM_KEYS } from '../../torture/config.ts';

const NOW = parseBeijing('2026-02-10 10:00')!;

function merchantOf(name: ChannelName): PayerSettings {
  const merchant = MERCHANTS[name];
  return channelOf(merchant).pays === 'voucher' ? { ...MERCHANTS.redpack, vouchers: merchant } : merchant;
}

function planned(name: ChannelName): Payout {
  const user = openId('oAnn');
  const account = { name: ACCOUNT, appId: APP_ID };
  const voucher = { name: 'v', weight: 1, kind: 'voucher', min: fen(100), max: fen(100), stockId: '7' } as const;
  const prize = channelOf({ channel: name }).pays === 'voucher' ? voucher : undefined;
  const debt = {
    prize,
    campaign: campaignOf(),
    rule: 'r',
    claimKey: `tea/r/${user}/2026-02-10`,
    amount: fen(100),
    holds: [],
  };
  return planPayout({ ...debt, account, user, eventAt: NOW }, merchantOf(name), NOW);
}

/** What an order that stands so can mean to the question what became of it. */
const MEANS: Readonly<Record<Phase, readonly ResponseClass[]>> = {
  underWay: ['isSending', 'isProcessing'],
  revocable: ['isProcessing'],
  waiting: ['isSent'],
  out: ['isSent'],
  received: ['isReceived'],
  goingBack: ['isRefunding'],
  back: ['isRefunded'],
  takingBack: ['isRefunding'],
  takenBack: ['isTakenBack'],
  unpaid: ['isFailed', 'isBillFailed'],
};

describe.each(ALL_CHANNELS)('the channel $name', channel => {
  const { name, phases, codes } = channel;
  const states = keysOf<OrderState>(phases);

  test('plans payouts of its own, under a number that WeChat Pay takes', () => {
    const { request, billNo } = planned(name);
    expect(channelOf(request)).toBe(channel);
    expect(billNo).toMatch(channel.billNo);
    if (channel.pays === 'redpacket') expect(channel.wordsIn(request)).toContain('好茶');
  });

  test.each(states)('reads the state %s as what it is', state => {
    expect(MEANS[phases[state]!]).toContain(classify({ kind: 'order', state }, true, { channel: name }));
  });

  test('has a state in which it is paid, and one that proves that it was not', () => {
    const there = new Set(Object.values(phases));
    expect([there.has('received'), there.has('unpaid') || there.has('takenBack')]).toEqual([true, true]);
  });

  test('takes back what its orders allow, and only that', async () => {
    const keys = createKeys({ merchant: 'shop', apiV3Key: KEY_V3, keys: PLATFORM_KEYS, clock: () => NOW, log: SILENT });
    const payer = payerOf(MERCHANTS[name], () => NOW, keys);
    const isRevocable = Object.values(phases).some(phase => phase === 'revocable' || phase === 'waiting');
    expect([channel.canTakeBack, payer.cancel !== undefined]).toEqual([isRevocable, isRevocable]);
    await Promise.all([payer.close(), keys.close()]);
  });

  test.each(Object.entries(codes))('has no row that another hides: %s', (_, rows: readonly CodeRow[]) => {
    for (const row of rows) expect(rowOf(rows, row.code, row.text ?? '')).toBe(row);
  });

  test('says for each refusal whether an order may be there: never where its outcome is open', () => {
    // NOT_THIS_WAY is our own word, for a refusal that was seen to leave none.
    for (const { code, text = '', response } of codes.send.filter(each => each.code !== NOT_THIS_WAY))
      if (['again', 'ask', 'askLater'].includes(response))
        expect([code, leavesNoOrder({ channel: name }, code, text)]).toEqual([code, false]);
  });

  test('a word of another channel says nothing of its orders', () => {
    const others = ALL_CHANNELS.flatMap(other => keysOf<OrderState>(other.phases));
    for (const state of others.filter(each => !states.includes(each)))
      expect(classify({ kind: 'order', state }, true, { channel: name })).toBe('noAnswer');
  });

  test('a follower who has it is told until when, and never to take what a person looks at', () => {
    const sent: Payout = { ...planned(name), state: 'sent', sentAt: NOW, packageInfo: 'PKG' };
    const { stage, when } = payoutView(sent);
    if (channel.openMs === undefined) expect([stage, when]).toEqual(['usable', undefined]);
    else {
      expect([stage, when]).toEqual([channel.isConfirmed ? 'confirm' : 'waiting', later(NOW, channel.openMs)]);
      expect(channel.openMs).toBeGreaterThanOrEqual(HOUR);
    }
    expect(payoutView({ ...sent, problem: 'x' })).toEqual({ stage: 'coming' });
  });
});

test('a group packet is paid by the channel of red packets', () => {
  expect(channelOf({ channel: 'group' }).name).toBe('redpack');
});
