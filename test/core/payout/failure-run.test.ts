// What the gate remembers of answers: whose trouble it is, the follower's, the campaign's or the merchant's.

import { describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { type Instant, later, MINUTE } from '../../../src/core/base/time.ts';
import {
  afterLift,
  afterResume,
  type FailureRun,
  NO_RUN,
  runAfter,
  type Weighed,
} from '../../../src/core/payout/failure-run.ts';
import { probeAfter, probeOf } from '../../../src/core/payout/merchant-halt.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import type { Observation, Payout } from '../../../src/core/payout/payout.ts';
import { asBillNo } from '../../../src/core/payout/payout.ts';
import { observe } from '../../../src/core/payout/transitions.ts';
import { unclearWords } from '../../../src/core/payout/unclear-answers.ts';
import { aCommit, NOW } from '../../storage/store.contract.ts';

const isParked = ({ payout, halt }: Weighed): boolean => payout === 'parked' && halt === undefined;

let numbers = 0;
function aPayout(user: string, campaign = 'spring', parts: Partial<Payout> = {}): Payout {
  const { payout } = aCommit();
  const billNo = asBillNo(`1900000109${String(++numbers).padStart(18, '0')}`);
  const sent = { state: 'sending', tries: 1, firstSentAt: NOW } as const;
  return { ...payout!, ...sent, billNo, user: openId(user), campaign, ...parts };
}

type More = { readonly asked?: boolean; readonly now?: Instant; readonly isProbe?: boolean };

/** One answer about one payout, as the table and then the run see it. */
function see(run: FailureRun, payout: Payout, observation: Observation, more: More = {}): Weighed {
  const { asked = false, now = NOW, isProbe = false } = more;
  const { response, halt } = observe(payout, observation, asked, now, DEFAULT_POLICY);
  return runAfter(run, { payout, observation, response, asked, wasOpen: payout.state !== 'sent', now, halt, isProbe });
}

const ACCEPTED: Observation = { kind: 'accepted' };
const refused = (code: string, text = ''): Observation => ({ kind: 'refused', code, text });
const silence = (code: string, text = ''): Observation => ({ kind: 'silence', code, text });
const unreached = (code: string): Observation => ({ kind: 'unreached', code, text: '' });
const REFUSED = refused('NO_AUTH', '此请求可能存在风险,已被微信拦截');

/** The halts that a sequence of answers amounts to, and the run at its end. */
function halts(answers: readonly (readonly [Payout, Observation, More?])[], from: FailureRun = NO_RUN) {
  let run = from;
  const codes: (string | undefined)[] = [];
  for (const [payout, observation, more] of answers) {
    const weighed = see(run, payout, observation, more);
    run = weighed.run;
    codes.push(weighed.halt?.code);
  }
  return { run, codes };
}
const people = (count: number, from = 0): Payout[] => Array.from({ length: count }, (_, i) => aPayout(`o${from + i}`));

describe('a payout for which bot.yaml has no way to call', () => {
  test.each(['OTHER_MERCHANT', 'NO_CHANNEL'])(
    'says nothing of the merchant: no run begins, none ends, no gate opens (%s)',
    code => {
      const { run } = halts([...people(2)].map(payout => [payout, silence('HTTP 400', 'No required SSL certificate')]));
      expect(run.unclear).toHaveLength(2);
      expect(see(run, aPayout('oOld'), unreached(code)).run).toEqual(run);
      const shut: FailureRun = { ...run, shut: { code: 'UNCLEAR', since: NOW } };
      expect(see(shut, aPayout('oOld'), unreached(code), { isProbe: true })).toEqual({ run: shut });
    },
  );
});

describe('followers who are refused', () => {
  test('ten in a row are the merchant’s trouble: it halts, and tries by itself', () => {
    const { codes } = halts(people(10).map(payout => [payout, REFUSED]));
    expect(codes.at(-1)).toBe('REFUSED_RUN');
    expect(codes.slice(0, -1).every(code => code === undefined)).toBe(true);
    expect(probeAfter('REFUSED_RUN', NOW, NOW)).toBe(later(NOW, MINUTE));
  });

  test('a success in between, or the same follower again and again, is no run', () => {
    const mixed = people(30).map((payout, i) => [payout, i % 9 === 8 ? ACCEPTED : REFUSED] as const);
    expect(halts(mixed).codes.every(code => code === undefined)).toBe(true);
    expect(halts(Array.from({ length: 30 }, () => [aPayout('oSame'), REFUSED])).codes.every(code => !code)).toBe(true);
  });

  test('the ten who made a run make no second one, and a follower who was not refused is the probe', () => {
    const ten = people(10);
    const { run } = halts(ten.map(payout => [payout, REFUSED]));
    const waiting = [aPayout('o3'), aPayout('oNew'), aPayout('o5')];
    expect(probeOf(waiting, 'REFUSED_RUN', run)?.user).toBe('oNew');
    expect(probeOf([aPayout('o3')], 'REFUSED_RUN', run)).toBeUndefined();
    const probed = see(run, aPayout('oNew'), ACCEPTED, { isProbe: true });
    expect(probed.isThrough).toBe(true);
    expect(
      halts(
        ten.map(payout => [{ ...payout }, REFUSED]),
        probed.run,
      ).codes.every(code => !code),
    ).toBe(true);
  });

  test('three unexplained NO_AUTH in a row halt as well', () => {
    const { codes } = halts(people(3).map(payout => [payout, refused('NO_AUTH', '')]));
    expect(codes).toEqual([undefined, undefined, 'NO_AUTH']);
  });

  test('refusals seen again by a question are no new run, and an answer to a question ends none', () => {
    const old: Observation = { kind: 'order', state: 'SENDING', reason: '此请求可能存在风险,已被微信拦截' };
    const asked = people(30).map(payout => [payout, old, { asked: true }] as const);
    expect(halts(asked).codes.every(code => !code)).toBe(true);
    const nine = halts(people(9).map(payout => [payout, REFUSED]));
    const received = see(
      nine.run,
      aPayout('ox', 'spring', { state: 'sent' }),
      { kind: 'order', state: 'RECEIVED' },
      { asked: true },
    );
    expect(see(received.run, aPayout('o9'), REFUSED).halt?.code).toBe('REFUSED_RUN');
  });
});

describe('answers that say nothing', () => {
  test.each([
    ['HTTP 400', 3],
    ['HTTP 403', 3],
    ['HTTP 302', 3],
    ['UNREADABLE', 3],
    ['BAD_SIGNATURE', 3],
    ['HTTP 502', 5],
    ['TimeoutError', 5],
    ['UND_ERR_SOCKET', 5],
  ])('%s for %i followers in a row halts', (code, count) => {
    const { codes } = halts(people(count).map(payout => [payout, silence(code)]));
    expect(codes.at(-1)).toBe('UNCLEAR');
    expect(codes.slice(0, -1).every(each => each === undefined)).toBe(true);
  });

  test('a code of WeChat Pay nobody has seen, or its SYSTEMERROR, is such an answer too', () => {
    expect(halts(people(3).map(payout => [payout, refused('HB_ROUTE_MOVED')])).codes.at(-1)).toBe('UNCLEAR');
    expect(halts(people(5).map(payout => [payout, refused('SYSTEMERROR')])).codes.at(-1)).toBe('UNCLEAR');
  });

  test('of every shape in turn they are a run from the fifth follower on', () => {
    const shapes = ['HTTP 400', 'UNREADABLE', 'HTTP 302', 'ECONNRESET', 'HTTP 404'];
    const { codes } = halts(people(5).map((payout, i) => [payout, silence(shapes[i]!)]));
    expect(codes).toEqual([undefined, undefined, undefined, undefined, 'UNCLEAR']);
  });

  test('the same follower again is no run, but what reaches nobody is nobody’s own', () => {
    const one = aPayout('oOne');
    expect(halts(Array.from({ length: 40 }, () => [one, silence('HTTP 400')])).codes.every(code => !code)).toBe(true);
    const { codes } = halts(Array.from({ length: 10 }, () => [one, unreached('ECONNREFUSED')]));
    expect(codes.at(-1)).toBe('UNREACHED');
    expect(halts(people(3).map(payout => [payout, unreached('ERR_OSSL_PEM_NO_START_LINE')])).codes.at(-1)).toBe(
      'UNREACHED',
    );
  });

  test('two followers within an hour are a run, if it lasts', () => {
    const [ann, bob] = [aPayout('ann'), aPayout('bob')];
    const at = (minutes: number): More => ({ now: later(NOW, minutes * MINUTE) });
    const { codes } = halts([
      [ann, silence('HTTP 400'), at(0)],
      [ann, silence('HTTP 400'), { ...at(5), asked: true }],
      [bob, silence('HTTP 400'), at(30)],
    ]);
    expect(codes).toEqual([undefined, undefined, 'UNCLEAR']);
  });

  test('any clear answer to a call ends the run; a question ends it only for whom it finds paid', () => {
    const four = people(4);
    const { run } = halts(four.map(payout => [payout, silence('HTTP 502')]));
    expect(see(run, aPayout('ox'), refused('NOTENOUGH')).run.unclear).toEqual([]);
    expect(see(run, four[0]!, { kind: 'notFound' }, { asked: true }).run.unclear).toHaveLength(4);
    expect(see(run, four[0]!, { kind: 'order', state: 'SENT' }, { asked: true }).run.unclear).toHaveLength(3);
  });

  test('who has the packet already and cannot be asked after is no trouble of the merchant’s', () => {
    const sent = people(12).map(
      payout => [{ ...payout, state: 'sent' }, silence('HTTP 502'), { asked: true }] as const,
    );
    expect(halts(sent).codes.every(code => !code)).toBe(true);
  });

  test('opened for want of a payout to try with, the next unclear answer shuts it again, and the pause goes on growing', () => {
    const shut = halts(people(3).map(payout => [payout, silence('HTTP 400')]));
    const hour = later(NOW, 60 * MINUTE);
    const again = see(afterLift(shut.run), aPayout('oNext'), silence('HTTP 400'), { now: hour });
    expect(again.halt).toMatchObject({ code: 'UNCLEAR', since: NOW });
    expect(probeAfter('UNCLEAR', hour, NOW)).toBe(later(hour, 15 * MINUTE));
  });

  test.each([
    ['silence', 'HTTP 400', '400 The SSL certificate error', /does not take the merchant certificate/],
    [
      'unreached',
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED',
      'sslv3 alert certificate revoked',
      /does not take the merchant certificate/,
    ],
    ['unreached', 'Error', 'not enough data', /nothing left this machine: the certificate or key file/],
    ['unreached', 'SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate', /is not trusted/],
    ['unreached', 'ENOTFOUND', 'getaddrinfo', /DNS/],
    ['silence', 'HTTP 302', '→ http://login.wifi/', /login page/],
    ['silence', 'HTTP 502', '502 Bad Gateway', /in trouble/],
    ['silence', 'UNREADABLE', 'an HTML page: 登录', /not WeChat Pay answers/],
    ['refused', 'HB_NEW', '', /in no table of ours/],
  ] as const)('%s %s is told in words with what to do', (kind, code, text, words) => {
    expect(unclearWords({ kind, code, text })).toMatch(words);
  });
});

describe('requests that are called wrong', () => {
  const SIGN = refused('SIGN_ERROR', '签名错误');
  const paid = halts([[aPayout('o0', 'autumn'), ACCEPTED]]).run;

  test('before anything got through the first one halts, and a packet of another campaign is tried first', () => {
    const first = see(NO_RUN, aPayout('o1'), SIGN);
    expect(first.halt).toMatchObject({ code: 'SIGN_ERROR' });
    const waiting = [aPayout('o2'), aPayout('o3', 'autumn')];
    expect(probeOf(waiting, 'SIGN_ERROR', first.run)?.campaign).toBe('autumn');
    const probed = see(first.run, waiting[1]!, ACCEPTED, { isProbe: true });
    expect(probed.isThrough).toBe(true);
    expect(isParked(see(probed.run, aPayout('o2'), SIGN))).toBe(true);
  });

  test('after others got through it is parked, however many of the campaign come, and the alarm names its words', () => {
    const answers = Array.from({ length: 40 }, (_, i) => [aPayout(`o${i}`), SIGN] as const);
    expect(halts(answers, paid).codes.every(code => !code)).toBe(true);
    const { payout, alarm } = see(paid, aPayout('o1'), SIGN);
    expect(payout).toBe('parked');
    expect(alarm).toContain('campaign spring');
    expect(alarm).toContain('SIGN_ERROR');
  });

  test('a second follower of another campaign without a success between them halts, and what was parked waits again', () => {
    const first = see(paid, aPayout('o1'), SIGN);
    const other = aPayout('o2', 'summer');
    const second = see(first.run, other, SIGN);
    expect(second.halt?.code).toBe('SIGN_ERROR');
    expect(second.unparked).toEqual([first.run.objected[0]!.billNo]);
    const between = see(first.run, aPayout('o3', 'autumn'), ACCEPTED);
    expect(isParked(see(between.run, other, SIGN))).toBe(true);
  });

  test('a person’s resume is not undone by the payout that was blamed', () => {
    const spoilt = aPayout('o1');
    const resumed = afterResume(see(NO_RUN, spoilt, SIGN).run);
    expect(isParked(see(resumed, spoilt, SIGN))).toBe(true);
    expect(see(resumed, aPayout('o2'), SIGN).halt?.code).toBe('SIGN_ERROR');
  });

  test('where all of the only campaign that ever paid fail, it is the key', () => {
    const own = halts([[aPayout('o0'), ACCEPTED]]).run;
    const { codes } = halts(
      people(10, 1).map(payout => [payout, SIGN]),
      own,
    );
    expect(codes.slice(0, -1).every(code => !code)).toBe(true);
    expect(codes.at(-1)).toBe('SIGN_ERROR');
  });

  test.each([
    ['PARAM_ERROR', '参数错误:send_name字段过长'],
    ['PARAM_ERROR', '参数错误:该场景未开通,请前往商户平台进行场景选择'],
    ['OPENID_ERROR', 'openid和appid不匹配'],
  ])('%s %s of one campaign halts nobody else', (code, text) => {
    const answers = people(20).map(payout => [payout, refused(code, text)] as const);
    expect(halts(answers, paid).codes.every(each => !each)).toBe(true);
    expect(see(paid, aPayout('o1'), refused(code, text)).payout).toBe('parked');
  });

  test('a missing certificate is the merchant’s, whatever went before', () => {
    expect(see(paid, aPayout('o1'), refused('CA_ERROR', '证书错误')).halt?.code).toBe('CA_ERROR');
  });
});

describe('orders that fail', () => {
  const FAILED: Observation = { kind: 'order', state: 'FAILED' };

  test('for three followers in a row shut the gate; the same claim under its next numbers does not', () => {
    const { codes, run } = halts(people(3).map(payout => [payout, FAILED, { asked: true }]));
    expect(codes).toEqual([undefined, undefined, 'FAILED_RUN']);
    const one = aPayout('oSame');
    expect(halts([2, 3, 4].map(attempt => [{ ...one, attempt }, FAILED, { asked: true }])).codes.every(c => !c)).toBe(
      true,
    );
    const waiting = [
      aPayout('o0', 'spring', { attempt: 2 }),
      aPayout('oNew'),
      aPayout('oOld', 'spring', { attempt: 4 }),
    ];
    expect(probeOf(waiting, 'FAILED_RUN', run)?.user).toBe('oNew');
  });

  test('because WeChat refuses the follower make no run', () => {
    const answers = people(5).map(payout => [{ ...payout, userRefused: true }, FAILED, { asked: true }] as const);
    expect(halts(answers).codes.every(code => !code)).toBe(true);
  });
});
