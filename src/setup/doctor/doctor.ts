// Examines a whole set-up (体检): bot.yaml, the store, the platform, the way from WeChat to us, the merchants. It pays nothing,
// moves nothing and changes nothing; it may be run beside a running bot at any time.
import type { AccountConfig } from '../../config/account.ts';
import type { Config } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';
import type { Wording } from '../../core/base/words/words.ts';
import { type Diagnosis, found } from '../../core/ops/diagnosis.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Clock } from '../../ports.ts';
import { lookAtClock, lookAtDomain, lookAtDoor, lookAtPlatform, lookFromOutside } from './account.ts';
import { lookAhead, lookAtFile } from './files.ts';
import { lookAtMerchant } from './merchant.ts';
import { lookAtStore } from './store.ts';

type Examined = {
  /** The rules of this configuration, or the first thing that is wrong with them. */
  readonly rules: (
    config: Config,
  ) => Promise<{ readonly campaigns: readonly Campaign[] } | { readonly wrong: readonly Wording[] }>;
  readonly env: Environment;
  readonly clock: Clock;
};

/** Of the bot.yaml in `file`; what is worst comes first. */
export async function examine(file: string, ports: Examined): Promise<Diagnosis[]> {
  const read = lookAtFile(file, ports.env, ports.clock());
  if ('diagnoses' in read) return read.diagnoses;
  return examineConfig(read.config, ports);
}

async function examineConfig(config: Config, { rules, clock }: Omit<Examined, 'env'>): Promise<Diagnosis[]> {
  const ruled = await rules(config);
  const wrong = 'wrong' in ruled ? ruled.wrong.map(said => found('rules', undefined, { said })) : [];
  const { store, diagnoses } = await lookAtStore(config, clock());
  try {
    const [first] = config.accounts.values();
    const all = [
      ...lookAhead(config, clock()),
      ...wrong,
      ...diagnoses,
      ...(first ? await lookAtClock(first, clock) : []),
    ];
    const campaigns = 'campaigns' in ruled ? ruled.campaigns : undefined;
    const ofAccount = async (account: AccountConfig): Promise<Diagnosis[]> => [
      ...(await lookAtPlatform(account, campaigns)),
      ...(await lookFromOutside(config, account, clock())),
      ...(store ? await lookAtDoor(account, config.publicUrl, store) : []),
      ...(await lookAtDomain(account, config.publicUrl)),
    ];
    // All at once: where the network answers nobody, each waits for its own time to be up, and not for that of the others.
    const [accounts, merchants] = await Promise.all([
      Promise.all([...config.accounts.values()].map(ofAccount)),
      Promise.all([...config.merchants.values()].map(each => lookAtMerchant(config, each, clock, store))),
    ]);
    all.push(...accounts.flat(), ...merchants.flat());
    const rank = (each: Diagnosis): number => (each.grave === 'broken' ? 0 : 1);
    return withoutEchoes(all).sort((a, b) => rank(a) - rank(b));
  } finally {
    await store?.close();
  }
}

/** One cause, one finding: whose clock is wrong is refused at the door for it, and by WeChat Pay. */
function withoutEchoes(all: readonly Diagnosis[]): Diagnosis[] {
  const has = (id: Diagnosis['id']): boolean => all.some(each => each.id === id);
  return all.filter(({ id }) => {
    if (has('clock') && ['push-clock', 'v3-signer', 'url-refused', 'platform-key'].includes(id)) return false;
    // An AppID that there is not is linked with nobody.
    if (id === 'binding') return !has('appid');
    if (id === 'never-heard') return !(has('url-away') || has('url-tls') || has('url-other') || has('url-refused'));
    return true;
  });
}
