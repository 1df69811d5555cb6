import assert from 'node:assert/strict';
import { join } from 'node:path';
import { seededRandom } from '../harness/random.ts';
import { Site } from '../harness/site.ts';
import { until } from '../harness/until.ts';

/** The three processes of the product. */
export const victims = ['appliance', 'hub', 'receiver'] as const;
export type Victim = (typeof victims)[number];

export interface KillReport {
  readonly seed: number;
  readonly kills: number;
  readonly sourceBytes: number;
  readonly undisturbedMs: number;
  /** How often each victim was killed while the case was at each stage. */
  readonly histogram: Readonly<Record<Victim, Readonly<Record<string, number>>>>;
}

/** Bytes that pass per second between appliance and cloud. */
const bytesPerSecond = 20_000_000;
/** Points of the simulated study: more than 50 MB. */
const points = 30;

/**
 * kill -9 of each process, `kills` times each, at moments uniform in the time that an undisturbed case takes from drop
 * to receipt. Each kill has a fresh case. At the end: one catalogue entry per case, every archive byte-exact, and no
 * step by a person but the restart of the process, which an init system does.
 */
export async function killCampaign(seed: number, kills: number, say: (line: string) => void): Promise<KillReport> {
  const random = seededRandom(seed);
  const site = await Site.create({ analysis: true, bytesPerSecond, quietSeconds: 0.5 });
  try {
    await site.start();
    const source = await site.simulate(seed % 1000, points, join(site.data, 'source'));
    const undisturbedMs = await undisturbed(site, source);
    const [first] = await site.cases();
    assert.ok(first && first.sourceBytes >= 50_000_000, `the case has ${first?.sourceBytes} bytes`);
    say(`seed ${seed}: ${first.sourceBytes} bytes, ${Math.round(undisturbedMs)} ms from drop to receipt`);
    const histogram = { appliance: {}, hub: {}, receiver: {} } as Record<Victim, Record<string, number>>;
    for (let round = 0; round < kills; round++) {
      for (const victim of victims) {
        const stage = await killOnce(site, source, `${victim}-${round}`, victim, random() * undisturbedMs);
        histogram[victim][stage] = (histogram[victim][stage] ?? 0) + 1;
      }
    }
    await assertNothingLost(site, 1 + kills * victims.length);
    return { seed, kills, sourceBytes: first.sourceBytes, undisturbedMs, histogram };
  } finally {
    await site.close();
  }
}

async function undisturbed(site: Site, source: string): Promise<number> {
  const startedMs = performance.now();
  site.drop(source, 'undisturbed');
  await until(() => deliveredCount(site) === 1, 'the undisturbed case', 120_000, 20);
  return performance.now() - startedMs;
}

/** Drops a case, kills the victim after `afterMs`, starts it again, and waits for the delivery. Returns the stage hit. */
async function killOnce(site: Site, source: string, name: string, victim: Victim, afterMs: number): Promise<string> {
  const before = deliveredCount(site);
  site.drop(source, name);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const stage = newestStage(site, before + 1);
  await site[victim].kill9();
  site[victim].start();
  await until(
    () => deliveredCount(site) === before + 1,
    `case ${name}, its ${victim} killed while ${stage}`,
    180_000,
    100,
  );
  return stage;
}

async function assertNothingLost(site: Site, expected: number): Promise<void> {
  const [here, there] = [await site.cases(), await site.cloudCases()];
  assert.equal(here.length, expected, 'one case per drop at the appliance');
  assert.ok(here.every((one) => one.stage === 'delivered'));
  assert.equal(there.length, expected, 'one catalogue entry per case');
  const digests = (
    cases: readonly { caseId: string; archives: readonly { tier: string; sha256: string; bytes: number }[] }[],
  ) =>
    cases
      .flatMap(({ caseId, archives }) =>
        archives.map(({ tier, sha256, bytes }) => `${caseId} ${tier} ${sha256} ${bytes}`),
      )
      .sort();
  assert.deepEqual(digests(there), digests(here), 'every archive byte-exact');
  const verified = await site.cloud('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
}

const deliveredCount = (site: Site) => site.ledger((read) => read.stageCounts().delivered ?? 0);

/** Where the newest case is; `dropped` while the appliance has not seen it. */
function newestStage(site: Site, nth: number): string {
  return site.ledger((read) => read.cases()[nth - 1]?.stage ?? 'dropped');
}

/** The report as a table for people. */
export function showKillReport(report: KillReport): string {
  const rows = victims.map((victim) => {
    const hits = Object.entries(report.histogram[victim]).map(([stage, count]) => `${stage} ${count}`);
    return `  ${victim.padEnd(10)} ${hits.join(', ')}`;
  });
  return [`kill -9, ${report.kills} times each (seed ${report.seed}); stages hit:`, ...rows].join('\n');
}
