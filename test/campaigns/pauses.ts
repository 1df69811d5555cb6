import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../agent/control/client.ts';
import { foldersOf } from '../../agent/folders.ts';
import type { ProcedureStarted } from '../../protocol/control.ts';
import { countersOf } from '../harness/counters.ts';
import { seededRandom } from '../harness/random.ts';
import { Site } from '../harness/site.ts';
import { until } from '../harness/until.ts';

export interface PausesReport {
  readonly seed: number;
  readonly pauses: number;
  /** How many found the appliance at work: a case of that stage not yet delivered. */
  readonly at: Readonly<Record<string, number>>;
  /** Pauses after which all was quiet when `procedure start` answered, and what the others named. */
  readonly quiet: number;
  readonly named: Readonly<Record<string, number>>;
  /** From the request to the answer, in milliseconds. */
  readonly answerMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Most that one quiet pause did, by the counters of the kernel over all processes and threads. */
  readonly worst: { readonly ticks: number; readonly rchar: number; readonly wchar: number };
  readonly archiveBytes: number;
  /** Bytes that went from the appliance to the blob endpoint. */
  readonly sentBytes: number;
}

export interface PausesOptions {
  /** Another checkout whose appliance is to be run. */
  readonly applianceMain?: string;
  /** How long each pause lasts and is watched. */
  readonly closedMs?: number;
}

/** Milliseconds of work between two pauses, and of a pause where nothing else is asked for. */
const openMs = [2, 60] as const;
const shortMs = 25;
const bytesPerSecond = 1_000_000;
/** What a quiet pause may do: the control socket's own work, a log line, a keep-alive. */
const still = { ticks: 5, rchar: 64 * 1024, wchar: 64 * 1024 };
/** A block lasts two seconds at the most, and is sent anew after each cut. */
const largestBlockBytes = 2 * bytesPerSecond;

/**
 * One case on its way from the inbox to its receipt, paused at random moments. Each pause is looked at by the counters of
 * the kernel; at the end everything was done once. More pauses than the way takes: it is gone again with another case.
 */
export async function pausesCampaign(
  seed: number,
  pauses: number,
  points: number,
  say: (line: string) => void,
  { closedMs = shortMs, ...other }: PausesOptions = {},
): Promise<PausesReport> {
  const random = seededRandom(seed);
  const site = await Site.create({ analysis: true, bytesPerSecond, coolDownSeconds: 0, ...other });
  try {
    await site.start();
    const seen = new Seen();
    let cases = 0;
    while (seen.pauses < pauses) {
      await site.simulate(((seed + cases) % 900) + 1, points);
      cases++;
      const arrived = async () => (await site.cases()).filter(({ stage }) => stage === 'delivered').length === cases;
      while (seen.pauses < pauses && !(await arrived())) {
        await sleep(openMs[0] + random() * (openMs[1] - openMs[0]));
        await pauseOnce(site, seen, closedMs);
        if (seen.pauses % 100 === 0) say(`${seen.pauses} pauses, ${cases} case(s)`);
      }
    }
    await site.reached('delivered', cases, 300_000);
    return { seed, ...seen.report, ...(await assertDoneOnce(site, cases, seen.pauses)) };
  } finally {
    await site.close();
  }
}

class Seen {
  readonly #at: Record<string, number> = {};
  readonly #named: Record<string, number> = {};
  readonly #answers: number[] = [];
  #quiet = 0;
  #worst = { ticks: 0, rchar: 0, wchar: 0 };

  get pauses(): number {
    return this.#answers.length;
  }

  add(stage: string, { quiet, waiting }: ProcedureStarted, ms: number): void {
    this.#at[stage] = (this.#at[stage] ?? 0) + 1;
    this.#answers.push(ms);
    if (quiet) this.#quiet++;
    for (const name of waiting) this.#named[name] = (this.#named[name] ?? 0) + 1;
  }

  still(grown: { readonly ticks: number; readonly rchar: number; readonly wchar: number }, context: string): void {
    for (const name of ['ticks', 'rchar', 'wchar'] as const) {
      assert.ok(grown[name] <= still[name], `not still, though it said so: ${context} ${JSON.stringify(grown)}`);
      this.#worst = { ...this.#worst, [name]: Math.max(this.#worst[name], grown[name]) };
    }
  }

  get report(): Omit<PausesReport, 'seed' | 'archiveBytes' | 'sentBytes'> {
    const sorted = this.#answers.toSorted((a, b) => a - b);
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
    return {
      ...{ pauses: this.pauses, at: this.#at, quiet: this.#quiet, named: this.#named, worst: this.#worst },
      answerMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    };
  }
}

async function pauseOnce(site: Site, seen: Seen, closedMs: number): Promise<void> {
  const socket = foldersOf(site.data).socket;
  const stage = (await site.cases()).find((one) => one.stage !== 'delivered')?.stage ?? 'none';
  const askedMs = performance.now();
  const started = (await ask(socket, { verb: 'procedure-start', reason: 'pause', holder: 'pauses' }, 30_000)) as
    | ProcedureStarted
    | undefined;
  assert.ok(started, 'the appliance answers');
  seen.add(stage, started, performance.now() - askedMs);
  const before = countersOf(site.appliance.pid);
  await sleep(closedMs);
  const now = countersOf(site.appliance.pid);
  const grown = {
    ticks: now.ticks - before.ticks,
    rchar: now.rchar - before.rchar,
    wchar: now.wchar - before.wchar,
  };
  if (started.quiet) seen.still(grown, `${stage}, pause ${seen.pauses}`);
  await ask(socket, { verb: 'procedure-stop', holder: 'pauses' }, 30_000);
}

/** Every case was settled, sealed and delivered once; the cloud has it once, and each byte was sent once, but for cuts. */
async function assertDoneOnce(site: Site, cases: number, pauses: number) {
  for (const event of ['case-settled', 'case-sealed', 'case-delivered']) {
    const said = site.appliance.lines.filter((line) => line.event === event).map(({ caseId }) => caseId);
    assert.equal(said.length, cases, `${event}, once per case`);
    assert.equal(new Set(said).size, cases, `${event}, of each case`);
  }
  const [here, there] = [await site.cases(), await site.cloudCases()];
  assert.equal(there.length, cases);
  const ours = here.flatMap(({ archives }) => archives);
  const theirs = there.flatMap(({ archives }) => archives);
  const names = (archives: readonly { readonly archiveId: string; readonly sha256: string }[]) =>
    archives.map(({ archiveId, sha256 }) => `${archiveId} ${sha256}`).toSorted();
  assert.deepEqual(names(theirs), names(ours), 'the same archives on both sides');
  const verified = await site.cloud('verify');
  assert.equal(verified.code, 0, verified.stderr);
  await until(async () => (await site.cases()).every(({ stage }) => stage === 'delivered'), 'all delivered');
  const archiveBytes = ours.reduce((sum, { bytes }) => sum + bytes, 0);
  const sentBytes = site.cables[1]?.clientBytes ?? 0;
  const most = 1.1 * archiveBytes + pauses * largestBlockBytes;
  assert.ok(sentBytes >= archiveBytes && sentBytes <= most, `${sentBytes} bytes sent for ${archiveBytes}`);
  return { archiveBytes, sentBytes };
}

/** The report for people. */
export function showPausesReport(report: PausesReport): string {
  const { seed, pauses, at, quiet, named, answerMs, worst, archiveBytes, sentBytes } = report;
  const words = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none';
  return [
    `pauses (seed ${seed}): ${pauses}, at these stages: ${words(at)}`,
    `quiet at the answer: ${quiet}; named by the others: ${words(named)}`,
    `answer after ${answerMs.p50} ms (p50), ${answerMs.p99} ms (p99), ${answerMs.max} ms (max)`,
    `most that a quiet pause did: ${worst.ticks * 10} ms of processor, ${worst.rchar} bytes read, ${worst.wchar} written`,
    `${archiveBytes} bytes of archives, ${sentBytes} bytes sent; everything done once`,
  ].join('\n');
}
