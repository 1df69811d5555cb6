import { after, type TestContext } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { Sealer } from '../seal/index.ts';
import { Workplace, type WorkplaceOptions } from './workplace.ts';

/**
 * Opens workplaces that share one open gate and one seal thread, for a whole file of tests: what happens at a closed gate
 * is shown elsewhere. To be called once, outside of any test.
 */
export function sharedWorkplaces(): (test: TestContext, options?: WorkplaceOptions) => Promise<Workplace> {
  const gate = new Gate();
  gate.open();
  const sealer = new Sealer(gate);
  after(() => sealer.stop());
  return (test, options = {}) => Workplace.open(test, { ...options, shared: { gate, sealer } });
}
