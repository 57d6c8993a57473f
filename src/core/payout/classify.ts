// What WeChat Pay's answer, or its silence, means for a payout: its class, by the codes and words of the payout's channel.

import type { Known, Meaning, Phase, ResponseClass } from './channels/channel.ts';
import { rowOf } from './channels/channel.ts';
import { ALL_CHANNELS, channelOf, type PayRequest } from './channels/index.ts';
import type { Observation } from './payout.ts';

type Of = Pick<PayRequest, 'channel'>;

/** `asked`: it answers a query; otherwise the call that pays. */
export function classify(seen: Observation, asked: boolean, request: Of): ResponseClass {
  return meaningOf(seen, asked, request).response;
}

/** `known`: the payout it is said of, where there is one. */
export function meaningOf(seen: Observation, asked: boolean, request: Of, known?: Known): Meaning {
  const channel = channelOf(request);
  const open: Meaning = { response: asked ? 'noAnswer' : 'ask' };
  switch (seen.kind) {
    case 'accepted':
    case 'notFound':
      return { response: seen.kind };
    case 'unreached':
    case 'silence':
      return { response: asked ? 'noAnswer' : 'again' };
    case 'refused':
      return rowOf(asked ? channel.codes.query : channel.codes.send, seen.code, seen.text) ?? open;
    case 'proven':
      return { response: seen.state === 'REFUND' ? 'isRefunded' : 'isFailed' };
    case 'order': // another channel's word says nothing
      return Object.hasOwn(channel.phases, seen.state) ? channel.meaningOf(seen, asked, known) : open;
    default:
      return seen satisfies never;
  }
}

/** Where its order stands; `undefined`: nothing was said of that. */
export function phaseOf(seen: Observation, request: Of): Phase | undefined {
  return seen.kind === 'order' ? channelOf(request).phases[seen.state] : undefined;
}

/** Whether a refusal proves that its call left no order. */
export function leavesNoOrder(request: Of, code: string, text: string): boolean {
  const { codes, existing } = channelOf(request);
  return rowOf(codes.send, code, text)?.noOrder === true && !(existing !== undefined && text.includes(existing));
}

/** Whether any channel's table knows this code: an unknown one is worth an alarm. */
export function isKnown(code: string): boolean {
  return ALL_CHANNELS.some(({ codes }) => [...codes.send, ...codes.query].some(row => row.code === code));
}
