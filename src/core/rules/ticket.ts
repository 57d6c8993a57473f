// The ticket (抽奖号) of a claim that takes part in a draw at the end: a print of its key, which tells nobody's openid.
import { createHash } from 'node:crypto';

const TICKET_LENGTH = 16;

export function ticketOf(claimKey: string): string {
  return createHash('sha256').update(claimKey).digest('hex').slice(0, TICKET_LENGTH).toUpperCase();
}
