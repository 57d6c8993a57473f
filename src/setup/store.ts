// The store that bot.yaml names, opened; one that cannot be is complained of at its line.
import type { Config } from '../config/config.ts';
import { BadInput } from '../core/base/error.ts';
import type { Store } from '../ports.ts';
import { openStore, type StoreOptions } from '../storage/open.ts';

export async function openStoreOf(config: Config, warn?: StoreOptions['warn']): Promise<Store> {
  try {
    return await openStore(config.store, { ...config, ...(warn && { warn }) });
  } catch (error) {
    const at = config.places?.store;
    if (!(error instanceof BadInput) || !at) throw error;
    throw new BadInput(`${config.file}:${at.line}:${at.column}: ${error.message}`);
  }
}
