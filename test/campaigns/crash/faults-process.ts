import { cpSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { argv, env } from 'node:process';
import { foldersOf } from '../../../agent/folders.ts';
import { Sealer } from '../../../agent/seal/index.ts';
import { tinyExport } from '../../../carto/testing/tiny-export.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { Gate } from '../../../core/gate.ts';
import type { Ledger } from '../../../uploader/index.ts';
import { delivered, drop, runAppliance } from './appliance.ts';
import { Checker } from './check.ts';
import { type Facts, factsOf, missingOf } from './facts.ts';
import type { FaultOrder, FaultOutcome, FaultPlan } from './faults.ts';
import { SmallCloud } from './small-cloud.ts';

/**
 * A process under shim.c that takes one case from its inbox to its receipt again and again, each time with a fault at
 * another call: `faults-process.ts DATA FIXTURE ORDER`. A daemon that ends by itself is started again, as an init
 * system does; nobody else lifts a hand.
 */
const [, , data = '', fixture = '', order = ''] = argv;
const { plans, untilMs = Number.POSITIVE_INFINITY } = JSON.parse(order) as FaultOrder;
const marksFile = env.VCRASH_MARKS ?? '/dev/null';
const marks = openSync(marksFile, 'a');
const cloud = await SmallCloud.start();
const gate = new Gate();
const shared = { gate, sealer: new Sealer(gate) };
/** Waiting costs little here: what is waited for is the next try. */
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal) };
/** A daemon that ends so often in one run is a wedge. */
const maxStarts = 20;
const withinMs = 60_000;

for (const plan of plans) {
  if (Date.now() > untilMs) break;
  process.stdout.write(`${JSON.stringify(await outcomeOf(plan))}\n`);
}
await shared.sealer.stop();
await cloud.close();

async function outcomeOf(plan: FaultPlan): Promise<FaultOutcome> {
  const { folder } = foldersOf(data);
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(data, 'inbox', 'case'), { recursive: true, force: true });
  cloud.forget();
  cpSync(fixture, folder, { recursive: true });
  drop(data, 'case', tinyExport());
  const complaints: string[] = [];
  let facts: Facts | undefined;
  const onAcknowledged = (ledger: Ledger) => {
    const found = { ...factsOf(ledger.read), heads: cloud.heads };
    if (facts) complaints.push(...missingOf(facts, found));
    facts = found;
  };
  const number = plan.kind === 'short' ? 0 : constants.errno[plan.kind];
  writeSync(marks, `!arm ${plan.at} ${plan.count} ${number}`);
  let [starts, isDelivered, last] = [0, false, ''];
  while (!isDelivered && starts < maxStarts) {
    starts += 1;
    try {
      await runAppliance(
        { data, cloud, onAcknowledged, clock, shared, isInline: plan.isInline === true },
        async (ledger) => {
          await ledger.enqueue({ kind: 'log', body: 'an item' }).catch(() => {});
          await delivered(ledger, 2, withinMs);
          isDelivered = true;
        },
      );
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      if (last.includes('in vain')) break;
    }
  }
  writeSync(marks, '!lift');
  const counted = readFileSync(marksFile, 'latin1').slice(-20);
  const [calls, failed] = [Number(counted.slice(0, 10)), Number(counted.slice(10))];
  if (!isDelivered) complaints.push(`not delivered after ${starts} starts: ${last}; ${JSON.stringify(facts?.cases)}`);
  complaints.push(...(await new Checker().complaints(data, facts)));
  return { plan, calls, failed, starts, complaints };
}
