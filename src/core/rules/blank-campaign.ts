// A campaign that says nothing: for what is counted or paid where no rule file is at hand. Pure.

import { instant } from '../base/time.ts';
import type { Campaign } from './campaign.ts';

export function blankCampaign(id: string): Campaign {
  return {
    id,
    name: id,
    period: { from: instant(0), to: instant(Number.MAX_SAFE_INTEGER), hours: [], weekdays: [], dayStartsAt: 0 },
    perUser: {},
    perScene: {},
    mode: 'live',
    testers: new Set(),
    segments: new Map(),
    wallets: new Map(),
    rounds: [],
    unclaimed: 'return',
    prizes: new Map(),
    rules: [],
    tests: [],
    file: '',
    hash: '',
  };
}
