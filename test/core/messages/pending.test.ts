// What is told with a passive reply: texts that are owed, and 「我的红包」.
import { describe, expect, test } from 'vitest';
import { type Event, eventKey, type Happening, openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { HOUR, later, parseBeijing } from '../../../src/core/base/time.ts';
import { asksForMine, mineReply } from '../../../src/core/messages/my-packets.ts';
import { withPending } from '../../../src/core/messages/pending.ts';
import type { Payout } from '../../../src/core/payout/payout.ts';
import { NO_REPLY, type Reply } from '../../../src/core/rules/reply.ts';
import { clip } from '../../../src/core/rules/reply-text.ts';
import { aPayout } from '../../storage/store.contract.ts';

const AT = parseBeijing('2026-02-10 10:00')!;
const event = (happening: Happening): Event => ({
  key: eventKey('k'),
  account: 'tea',
  user: openId('oA'),
  sentAt: AT,
  ...happening,
});
const TEXT = event({ kind: 'text', text: '你好' });
const pending = (...texts: string[]) => ({ version: 7, texts: texts.map(text => ({ id: text, text })) });
const text = (words: string): Reply => ({ kind: 'text', text: words });

describe('what is owed', () => {
  test('stands behind the answer of the event itself, with blank lines between', () => {
    expect(withPending(TEXT, text('答'), pending('一', '二'))).toEqual({
      reply: text('答\n\n一\n\n二'),
      told: { version: 7 },
    });
    expect(withPending(TEXT, NO_REPLY, pending('一'))).toEqual({ reply: text('一'), told: { version: 7 } });
    expect(withPending(TEXT, text('答'), undefined)).toEqual({ reply: text('答') });
  });

  test.each<[Reply]>([
    [{ kind: 'image', mediaId: 'M' }],
    [{ kind: 'news', title: 't', description: '', picUrl: '', url: 'u' }],
    [{ kind: 'transfer' }],
  ])('waits where the answer is no text: %j', reply => {
    expect(withPending(TEXT, reply, pending('一'))).toEqual({ reply });
  });

  test.each<[Happening]>([
    [{ kind: 'unsubscribe' }],
    [{ kind: 'view', url: 'u' }],
    [{ kind: 'position', latitude: 1, longitude: 1 }],
    [{ kind: 'visit', campaign: 'c' }],
    [{ kind: 'scancode', button: 'b', result: 'r', waiting: false }],
    [{ kind: 'notice', type: 'TEMPLATESENDJOBFINISH' }],
    [{ kind: 'friend', friend: openId('oB'), did: 'paid', campaign: 'c' }],
  ])('waits where no reply is seen for certain: %j', happening => {
    expect(withPending(event(happening), NO_REPLY, pending('一'))).toEqual({ reply: NO_REPLY });
  });

  test('has room for 2048 bytes, and for what does not fit a word where it is found', () => {
    const long = '长'.repeat(300);
    const { reply, told } = withPending(TEXT, text('答'), pending(long, long, long));
    expect(told).toEqual({ version: 7 });
    expect(reply).toEqual(text(`答\n\n${long}\n\n${long}\n\n还有更多消息，回复「我的红包」查看。`));
    const full = text('满'.repeat(682));
    expect(withPending(TEXT, full, pending('一'))).toEqual({ reply: full });
  });

  test('is never longer than WeChat takes, in whole characters', () => {
    expect(clip('短')).toBe('短');
    const cut = clip('🧧'.repeat(1000));
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(2048);
    expect(cut).toMatch(/^(🧧)+…$/u);
  });
});

describe('「我的红包」', () => {
  test.each(['我的红包', '我的奖品', '查红包', '我的 红包!'])('is asked for with %s', words => {
    expect(asksForMine(event({ kind: 'text', text: words }))).toBe(true);
  });
  test.each(['红包', '我的红包呢', '查红包'.repeat(10)])('is not asked for with %s', words => {
    expect(asksForMine(event({ kind: 'text', text: words }))).toBe(false);
  });

  const parts = {
    nameOf: (id: string) => (id === 'gone' ? undefined : '新春'),
    pageOf: ({ campaign }: Payout) => `https://bot.example.com/h5/tea/${campaign}`,
  };
  const told = (...payouts: Payout[]): string => {
    const reply = mineReply(payouts, parts);
    return reply.kind === 'text' ? reply.text : '';
  };
  const payout = (more: Partial<Payout>): Payout => aPayout({ amount: fen(150), createdAt: AT, nextAt: AT, ...more });
  const { mchId, appId } = aPayout().request;
  const transfer: Payout['request'] = {
    channel: 'transfer',
    mchId,
    appId,
    remark: '新春快乐',
    reports: [],
    sceneId: '1000',
  };

  test.each<[string, Partial<Payout>, string]>([
    ['planned', {}, '处理中，请稍候'],
    ['delayed', { nextAt: later(AT, 24 * HOUR) }, '将在 02-11 10:00 发出'],
    ['sending', { state: 'sending' }, '处理中，请稍候'],
    ['unknown', { state: 'unknown' }, '处理中，请稍候'],
    ['held', { state: 'held' }, '处理中，请稍候'],
    ['refused for the person', { state: 'held', userRefused: true }, '暂时不能送达，请确认微信已实名，或联系客服'],
    ['with the follower', { state: 'sent', sentAt: AT }, '待领取，请在 02-11 10:00 前点开聊天里的红包'],
    [
      'to be confirmed',
      { state: 'sent', sentAt: AT, request: transfer, packageInfo: 'x' },
      '待你确认，请在 02-11 10:00 前打开 https://bot.example.com/h5/tea/spring 收款',
    ],
    ['accepted, not yet to be confirmed', { state: 'sent', sentAt: AT, request: transfer }, '处理中，请稍候'],
    ['opened', { state: 'received' }, '已领取'],
    ['gone back', { state: 'refunded' }, '没有在 24 小时内领取，已退回'],
    ['taken back before it was sent', { state: 'failed', undoneBy: { causes: ['refunded'] } }, '已取消，不再发出'],
    ['failed', { state: 'failed', tries: 2 }, '没能送达，请联系客服'],
  ])('says of one that is %s what to do', (_name, more, expected) => {
    expect(told(payout(more))).toBe(`你最近的红包：\n1. 02-10 10:00 新春 1.50 元:${expected}`);
  });

  test('lists the newest ten, each claim once with its latest attempt, also of campaigns that are gone', () => {
    const lines = told(
      payout({ claimKey: 'a', attempt: 2 }),
      payout({ claimKey: 'a', attempt: 1, state: 'failed', tries: 1 }),
      payout({ campaign: 'gone', state: 'received' }),
      ...Array.from({ length: 12 }, (_each, n) => payout({ claimKey: `many ${n}` })),
    ).split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.slice(1, 3)).toEqual(['1. 02-10 10:00 新春 1.50 元:处理中，请稍候', '2. 02-10 10:00 1.50 元:已领取']);
  });

  test('fits into one reply', () => {
    const pageOf = () => `https://bot.example.com/${'x'.repeat(300)}`;
    const waiting = Array.from({ length: 10 }, () => payout({ state: 'sent', request: transfer, packageInfo: 'x' }));
    const reply = mineReply(waiting, { ...parts, pageOf });
    expect(reply.kind === 'text' && Buffer.byteLength(reply.text)).toBeLessThanOrEqual(2048);
    expect(reply.kind === 'text' && reply.text.split('\n').length).toBe(6);
  });

  test('has a kind word for whoever has won nothing yet', () => {
    expect(told()).toBe('你还没有红包哦，参加活动就有机会！');
  });
});
