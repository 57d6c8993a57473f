// The conversation with a winner of goods: consent, name, phone and address, corrections. All it remembers stands in the follower's
// parcels, which are written with the answer: a repeated push gets the same answer, and a restart goes on where it was.
import { normalise } from '../base/text.ts';
import type { Instant } from '../base/time.ts';
import type { Campaign } from '../rules/campaign.ts';
import type { Reply } from '../rules/reply.ts';
import { ANSWERS, consentText } from '../rules/shipping.ts';
import { type Draft, isWhole, missingIn, readDetails } from './details.ts';
import { deletedAt, erased, isPersonal, isWanted, type Parcel, type Parcels, type Seals, talkIn } from './parcel.ts';

type Hearing = {
  readonly now: Instant;
  readonly seals: Seals;
  /** Those that are live. */
  campaign(id: string): Campaign | undefined;
  /** A rule waits for exactly this text: only the words of the conversation come before it. */
  readonly isExpected: boolean;
};

/** `undefined`: it was not about goods. */
type Heard = { readonly parcels: Parcels; readonly reply: Reply } | undefined;

const YES: ReadonlySet<string> = new Set(
  [ANSWERS.yes, '我同意', '同意填写', 'ok', '好', '好的', '可以'].map(normalise),
);
const NO: ReadonlySet<string> = new Set([ANSWERS.no, '不用', '不同意', '不需要', '拒绝', '算了'].map(normalise));
const CANCEL: ReadonlySet<string> = new Set(['取消', '退出', '不填了', ...NO]);
const BEGIN: ReadonlySet<string> = new Set(
  [ANSWERS.fill, ANSWERS.change, '收件地址', '改地址', '填地址'].map(normalise),
);
const FORGET: ReadonlySet<string> = new Set([ANSWERS.forget, '删除我的信息', '删除收件信息'].map(normalise));

const ASK =
  '请回复收件人姓名、手机号和地址，一条写完或分几条都可以，例如：张三 13800000000 上海市徐汇区漕溪北路 1 号 501 室。不想填了请回复「取消」。';
const DONE = `收件信息记好了，我们会尽快寄出。要改请回复「${ANSWERS.change}」，要删除请回复「${ANSWERS.forget}」。`;
const DECLINED = `好的，这份奖品不寄。改主意了请回复「${ANSWERS.fill}」。`;
const CANCELLED = `好的，先不填了，刚才写的已经删除。要填的时候请回复「${ANSWERS.fill}」。`;
const FORGOTTEN = `你的收件信息已经删除。还没寄出的奖品要等你重新填写：回复「${ANSWERS.fill}」。`;
const NOTHING_KEPT = '这里没有你的收件信息。';
const NOTHING_TO_SEND = '你没有等着寄的奖品。';
const TOO_LATE = '这份奖品所在的活动已经撤下，请联系客服。';

/** What is said to the winner, and what is remembered with it. */
export function hear(parcels: Parcels, text: string, hearing: Hearing): Heard {
  if (parcels.parcels.length === 0) return undefined;
  const word = normalise(text);
  const talk = talkIn(parcels, hearing.now);
  if (FORGET.has(word)) return forget(parcels, hearing);
  if (BEGIN.has(word)) return begin(parcels, hearing);
  if (!talk) return undefined;
  if (talk.step === 'consent') {
    if (YES.has(word) && !isOpenFor(parcels, talk.campaign)) return said(NOTHING_TO_SEND, { parcels: parcels.parcels });
    if (YES.has(word))
      return said(ASK, { ...parcels, talk: { ...talk, step: 'details', since: hearing.now, agreedAt: hearing.now } });
    return NO.has(word) ? decline(parcels, talk.campaign, hearing) : undefined;
  }
  if (YES.has(word)) return said(ASK, parcels);
  if (CANCEL.has(word)) return said(CANCELLED, { parcels: parcels.parcels });
  return hearing.isExpected ? undefined : take(parcels, text, hearing);
}

/** Whether anything of this campaign's may still be sent: the payment of all may have been refunded meanwhile. */
function isOpenFor({ parcels }: Parcels, campaign: string): boolean {
  return parcels.some(parcel => parcel.campaign === campaign && parcel.state !== 'declined' && isWanted(parcel));
}

/** Longer than any of the words with what people put around them. */
const WORD_LENGTH_MAX = 20;

/** A word that means something to whoever has won goods, also where nothing was asked. */
export function isAboutGoods(text: string): boolean {
  if (text.length > WORD_LENGTH_MAX) return false;
  const word = normalise(text);
  return BEGIN.has(word) || FORGET.has(word);
}

/** Whether what is typed now may be a name, a number or an address: then it stands in no journal. */
export function isAskedForDetails(parcels: Parcels, now: Instant): boolean {
  return talkIn(parcels, now)?.step === 'details';
}

/** Said where nobody else had an answer to what is no name, no number and no address. */
export const ASK_AGAIN: Reply = { kind: 'text', text: ASK };

function said(text: string, parcels: Parcels): Heard {
  return { parcels, reply: { kind: 'text', text } };
}

function take(parcels: Parcels, text: string, { now, seals, campaign: find }: Hearing): Heard {
  const talk = parcels.talk!;
  const before: Draft = (talk.draft === undefined ? undefined : seals.open(talk.draft)) ?? {};
  const draft = readDetails(text, before);
  if (draft === before) return undefined;
  if (!isOpenFor(parcels, talk.campaign)) return said(NOTHING_TO_SEND, { parcels: parcels.parcels });
  if (!isWhole(draft)) {
    const missing = `还差${missingIn(draft).join('、')}，请接着回复。`;
    return said(missing, { ...parcels, talk: { ...talk, since: now, draft: seals.seal(draft) } });
  }
  const campaign = find(talk.campaign);
  if (!campaign?.shipping) return said(TOO_LATE, { parcels: parcels.parcels });
  const { keep } = campaign.shipping;
  const isForNew = parcels.parcels.some(each => each.campaign === talk.campaign && each.state === 'open');
  const given = (parcel: Parcel): Parcel => {
    if (parcel.campaign !== talk.campaign || parcel.state === 'declined' || !isWanted(parcel)) return parcel;
    if (isForNew && isHandedOn(parcel)) return parcel;
    const { exportedAt, erasedAt: _, ...rest } = parcel;
    return {
      ...rest,
      ...{ state: 'given', sealed: seals.seal(draft), givenAt: now, deleteAt: deletedAt(campaign, keep, now) },
      ...(talk.agreedAt !== undefined && { agreedAt: talk.agreedAt }),
      ...((exportedAt !== undefined || parcel.isChanged) && { isChanged: true as const }),
    };
  };
  return next(DONE, { parcels: parcels.parcels.map(given) }, { now, find });
}

/** It is on its way: who gives an address for something else does not speak of it. */
function isHandedOn({ state, exportedAt, sealed }: Parcel): boolean {
  return state === 'given' && (exportedAt !== undefined || sealed === undefined);
}

function decline(parcels: Parcels, campaign: string, { now, campaign: find }: Hearing): Heard {
  const declined = (parcel: Parcel): Parcel =>
    parcel.campaign === campaign && parcel.state === 'open' ? { ...parcel, state: 'declined' } : parcel;
  return next(DECLINED, { parcels: parcels.parcels.map(declined) }, { now, find });
}

/** Another campaign's goods wait for an address as well: it has a text of its own to agree to. */
function next(text: string, parcels: Parcels, { now, find }: { now: Instant; find: Hearing['campaign'] }): Heard {
  const open = parcels.parcels.find(({ state, campaign }) => state === 'open' && find(campaign)?.shipping);
  const shipping = open && find(open.campaign)?.shipping;
  if (!open || !shipping) return said(text, parcels);
  return said(`${text}\n\n${consentText(shipping)}`, {
    ...parcels,
    talk: { campaign: open.campaign, step: 'consent', since: now },
  });
}

/** Begins, or begins anew: those that were declined are open again. What is kept stays until another address is whole. */
function begin({ parcels }: Parcels, { now, campaign: find }: Hearing): Heard {
  const last = parcels.filter(isWanted).reverse();
  const wanted = last.find(({ state }) => state === 'open') ?? last.find(({ campaign }) => find(campaign)?.shipping);
  if (!wanted) return said(NOTHING_TO_SEND, { parcels });
  const shipping = find(wanted.campaign)?.shipping;
  if (!shipping) return said(TOO_LATE, { parcels });
  const again = (parcel: Parcel): Parcel =>
    parcel.campaign === wanted.campaign && parcel.state === 'declined' && isWanted(parcel)
      ? { ...parcel, state: 'open' }
      : parcel;
  return said(consentText(shipping), {
    parcels: parcels.map(again),
    talk: { campaign: wanted.campaign, step: 'consent', since: now },
  });
}

function forget(parcels: Parcels, { now }: Hearing): Heard {
  return isPersonal(parcels) ? said(FORGOTTEN, erased(parcels, now)) : said(NOTHING_KEPT, parcels);
}
