// The process of a flood: begins it, and tells what came back. It runs at a lower priority, since it would sit elsewhere.
import { setPriority } from 'node:os';
import { FLOODS, type FloodName, type FloodPorts } from './floods.ts';
import { newTally, type Tally } from './wire.ts';

export type FloodOrder = Pick<FloodPorts, 'port' | 'keyId' | 'account'> & {
  readonly name: FloodName;
  readonly ms: number;
};
export type FloodReport = Tally;

setPriority(10);
process.once('message', ({ name, ms, ...ports }: FloodOrder) => {
  const tally = newTally();
  FLOODS[name]({ ...ports, until: Date.now() + ms, tally });
  setTimeout(() => {
    // What was counted after the end is the end itself.
    process.send!(tally satisfies FloodReport, () => process.exit());
  }, ms);
});
