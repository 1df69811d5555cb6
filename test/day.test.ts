import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Decision, ProcedureStarted, ProcedureStatus } from '../protocol/control.ts';
import { type Counters, countersOf } from './harness/counters.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

/** How long each procedure of the short day lasts. */
const procedureMs = 1_500;
const procedures = 6;

/** What may go on in a procedure: keep-alive, looking for a lost link, a report of the gate, log lines. One case is far more. */
function assertStill(before: Counters, now: Counters, when: string): void {
  const grown = {
    rchar: now.rchar - before.rchar,
    wchar: now.wchar - before.wchar,
    writeBytes: now.writeBytes - before.writeBytes,
    ticks: now.ticks - before.ticks,
  };
  const context = `${when}: ${JSON.stringify(grown)}`;
  assert.ok(grown.rchar < 32_768, context);
  assert.ok(grown.wchar < 16_384, context);
  assert.ok(grown.writeBytes < 65_536, context);
  assert.ok(grown.ticks <= 20, context);
}

describe('a day in short: six procedures, an outage, a restart', () => {
  let site: Site;
  before(async () => {
    // Cables without a ceiling that anybody would notice: for their plugs.
    site = await (await Site.create({ bytesPerSecond: 100_000_000, rescanSeconds: 1 })).start();
  });
  after(() => site.close());

  /** What a busy machine could not stop within the answer's time is named in it; then it is asked again. */
  async function begin(number: number): Promise<ProcedureStarted> {
    const said = await expectDone(site.vestibule('procedure', 'start', '--reason', `procedure ${number}`, '--json'));
    const started = JSON.parse(said.stdout) as ProcedureStarted;
    assert.deepEqual([started.daemon, started.quiet], [true, started.waiting.length === 0], `procedure ${number}`);
    return started;
  }

  /** One procedure: nothing works until it is over. The export before it may still be at any step then. */
  async function procedure(number: number): Promise<void> {
    await until(async () => (await begin(number)).quiet, `quiet in procedure ${number}`, 10_000);
    // In the fourth somebody exports what was forgotten in the morning.
    if (number === 4) await site.simulate(90, 2);
    const before = countersOf(site.appliance.pid);
    await new Promise((resolve) => setTimeout(resolve, procedureMs));
    assertStill(before, countersOf(site.appliance.pid), `procedure ${number}`);
    await expectDone(site.vestibule('procedure', 'stop'));
  }

  /** The export after a procedure; the next one begins when work on it has begun. */
  async function exported(number: number): Promise<void> {
    const from = site.appliance.lines.length;
    await site.simulate(70 + number, 2);
    await site.appliance.said('gate-open', 30_000, from);
    await site.appliance.said('case-detected', 30_000, from);
  }

  test('DAY-01: no work in any procedure, every case is delivered, and the strip shows the day', async () => {
    for (let number = 1; number <= procedures; number++) {
      if (number === 3) for (const cable of site.cables) cable.pull();
      await procedure(number);
      await exported(number);
      if (number === 4) for (const cable of site.cables) cable.plug();
      if (number === 5) {
        await site.appliance.kill9();
        await site.startAppliance();
      }
    }
    const exports = procedures + 1;
    await site.reached('delivered', exports);
    assert.equal((await site.cloud('verify')).code, 0);
    const cases = await site.cases();
    assert.deepEqual([cases.length, (await site.cloudCases()).length], [exports, exports]);

    const told = await expectDone(site.vestibule('procedure', 'why', '--since', '24h', '--json'));
    const { decisions } = JSON.parse(told.stdout) as { status: ProcedureStatus; decisions: Decision[] };
    // Why somebody held a lease is nobody's business: the history says by whom, and when.
    const begun = decisions.filter(({ from, state }) => from === 'idle' && state === 'active');
    assert.equal(begun.length, procedures, told.stdout);
    const strip = (await expectDone(site.vestibule('procedure', 'why', '--since', '24h'))).stdout;
    assert.ok((strip.match(/closed +active .*leases busy: held by cli/g)?.length ?? 0) >= procedures, strip);
    assert.ok((strip.match(/\(started\)/g)?.length ?? 0) >= 2, strip);
    await until(async () => (await site.cases()).every(({ stage }) => stage === 'delivered'), 'nothing left over');
  });
});
