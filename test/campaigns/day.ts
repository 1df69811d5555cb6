import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileSize } from '../../core/files.ts';
import { countersOf } from '../harness/counters.ts';
import { agentMain, command } from '../harness/process.ts';
import { seededRandom } from '../harness/random.ts';
import { expectDone, Site } from '../harness/site.ts';
import { until } from '../harness/until.ts';

const procedures = 6;
/** Seconds of a procedure in one second. */
const speed = 300;
/** Within it all has come to rest after the gate closed. */
const graceMs = 1_000;
/** One that starts behind a closed gate reads its own state and connects: some 80 KB more in its second second. */
const startMs = 5_000;

/** Most that the appliance did in one second of a procedure. */
export interface Stillest {
  readonly cpuMs: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export interface DayReport {
  readonly seed: number;
  readonly procedures: readonly {
    /** Of the recorder's growth, until the gate was closed. */
    readonly closedAfterMs: number;
    readonly lastedMs: number;
    readonly worstSecond: Stillest;
  }[];
  readonly delivered: number;
  readonly minutes: number;
  /** What `procedure why --since 24h` printed at its end. */
  readonly strip: string;
}

/**
 * A day on an accelerated clock: `vestibule simulate --live` plays six procedures, of which the appliance knows by the
 * growth of the recorder's folder alone, and exports each study after its review. From the third to the fourth the
 * network is away; in the fifth the appliance is killed and started again. Nothing works in any procedure, and every
 * case is delivered the same day.
 */
export async function dayCampaign(seed: number, say: (line: string) => void): Promise<DayReport> {
  const random = seededRandom(seed);
  const site = await Site.create({ analysis: true, bytesPerSecond: 100_000_000, rescanSeconds: 1, coolDownSeconds: 2 });
  const recorder = join(site.data, 'recorder');
  const startedMs = performance.now();
  try {
    mkdirSync(recorder);
    site.configure((config) => {
      config.procedure = { ...config.procedure, activityFolders: { folders: [recorder], quietMinutes: 1 } };
    });
    await site.start();
    await site.appliance.said('gate-open', 120_000);
    const seen: DayReport['procedures'][number][] = [];
    for (let number = 1; number <= procedures; number++) {
      if (number === 3) for (const cable of site.cables) cable.pull();
      seen.push(await procedure(site, { recorder, seed: seed + number, restarts: number === 5 }));
      say(`procedure ${number}: ${JSON.stringify(seen.at(-1))}`);
      if (number === 4) for (const cable of site.cables) cable.plug();
      // The next patient comes while the study before is still at some step.
      await sleep(random() * 6_000);
    }
    await site.reached('delivered', procedures, 300_000);
    assert.equal((await site.cloud('verify')).code, 0);
    assert.equal((await site.cloudCases()).length, procedures);
    const strip = (await expectDone(site.vestibule('procedure', 'why', '--since', '24h'))).stdout;
    assert.ok((strip.match(/closed +active .*activity busy/g)?.length ?? 0) >= procedures, strip);
    const minutes = Math.round((performance.now() - startedMs) / 6_000) / 10;
    return { seed, procedures: seen, delivered: procedures, minutes, strip };
  } finally {
    await site.close();
  }
}

interface Order {
  readonly recorder: string;
  readonly seed: number;
  readonly restarts: boolean;
}

/** One procedure, from its first growth to the opening of the gate after it. */
async function procedure(site: Site, { recorder, seed, restarts }: Order): Promise<DayReport['procedures'][number]> {
  const from = site.appliance.lines.length;
  const recording = join(recorder, 'recording-1.dat');
  const size = fileSize(recording);
  const words = ['--seed', String((seed % 900) + 1), '--points', '12', '--live', recorder, '--speed', String(speed)];
  let isOver = false;
  const played = expectDone(command(agentMain, 'simulate', '--out', site.inbox, ...words)).finally(() => {
    isOver = true;
  });
  await until(async () => fileSize(recording) > size, 'the first growth', 120_000, 5);
  const startedMs = performance.now();
  await site.appliance.said('gate-closed', 30_000, from);
  const closedAfterMs = Math.round(performance.now() - startedMs);
  await sleep(graceMs);
  const still = site.appliance.lines.length;
  if (restarts) {
    await site.appliance.kill9();
    await site.startAppliance();
    await sleep(startMs);
  }
  let worstSecond: Stillest = { cpuMs: 0, readBytes: 0, writtenBytes: 0 };
  while (!isOver) {
    const before = countersOf(site.appliance.pid);
    await sleep(1_000);
    const now = countersOf(site.appliance.pid);
    worstSecond = {
      cpuMs: Math.max(worstSecond.cpuMs, 10 * (now.ticks - before.ticks)),
      readBytes: Math.max(worstSecond.readBytes, now.rchar - before.rchar),
      writtenBytes: Math.max(worstSecond.writtenBytes, now.wchar - before.wchar),
    };
  }
  await played;
  const lastedMs = Math.round(performance.now() - startedMs);
  // Keep-alive, looking for a lost link, reports of the gate, sizes of the recorder's file. Reading a case is far more.
  const said = JSON.stringify(worstSecond);
  assert.ok(worstSecond.cpuMs <= 250 && worstSecond.readBytes < 65_536 && worstSecond.writtenBytes < 65_536, said);
  const steps = site.appliance.lines.slice(still).map(({ event }) => event);
  assert.deepEqual(
    steps.filter((event) => /^case-(detected|settled|sealed)$/.test(event)),
    [],
  );
  await site.appliance.said('gate-open', 240_000, site.appliance.lines.length);
  return { closedAfterMs, lastedMs, worstSecond };
}

/** The report for people. */
export function showDayReport({ seed, procedures: seen, delivered, minutes, strip }: DayReport): string {
  const worst = (name: keyof Stillest) => Math.max(...seen.map(({ worstSecond }) => worstSecond[name]));
  return [
    `day (seed ${seed}): ${seen.length} procedures in ${minutes} minutes, ${delivered} cases delivered and verified`,
    `gate closed after ${seen.map(({ closedAfterMs }) => closedAfterMs).join(', ')} ms`,
    `worst second of a procedure: ${worst('cpuMs')} ms of processor, ${worst('readBytes')} bytes read, ${worst('writtenBytes')} written`,
    strip,
  ].join('\n');
}
