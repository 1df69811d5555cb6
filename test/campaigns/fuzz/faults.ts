import { CartoError } from '../../../carto/error.ts';
import type { Target } from './targets.ts';
import { FuzzFailure } from './verdict.ts';

/** Misbehaves in the fourth run of a process: so once in seven runs, whether the process lives on or is replaced. */
function fault(name: string, misbehave: () => void): Target {
  let runs = 0;
  return {
    name: `fault ${name}`,
    seeds: [{ path: name, base64: Buffer.alloc(64, name).toString('base64') }],
    isBinary: true,
    async run() {
      runs++;
      if (runs === 4) misbehave();
    },
  };
}

/** How often each of them has to run to misbehave once. */
export const faultRuns = 7;

const kept: unknown[] = [];

export const faults: readonly Target[] = [
  fault('crash', () => {
    throw new TypeError('cannot read properties of undefined');
  }),
  fault('hang', () => {
    for (;;) Math.random();
  }),
  // As the machine ends a process that is out of memory.
  fault('died', () => {
    process.kill(process.pid, 'SIGKILL');
  }),
  fault('memory', () => {
    kept.push(Buffer.alloc(250 * 2 ** 20, 1));
  }),
  fault('leak', () => {
    throw new FuzzFailure('leak', 'a plant is in the output');
  }),
  fault('error-form', () => {
    throw new CartoError('UNREADABLE', 'something is wrong somewhere');
  }),
  fault('quotes-content', () => {
    throw new CartoError('UNREADABLE', 'Kowalczyk is no number', { kind: 'car', line: 1 });
  }),
];
