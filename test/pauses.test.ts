import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../agent/control/client.ts';
import { foldersOf } from '../agent/folders.ts';
import type { ProcedureStatus } from '../protocol/control.ts';
import { pausesCampaign, showPausesReport } from './campaigns/pauses.ts';
import { type Mutation, mutantAppliance } from './harness/mutant.ts';
import { freshSeed } from './harness/random.ts';
import { Site } from './harness/site.ts';

const quietly = () => {};

test('PAUSE-11: paused at random moments of one case, everything is done once and each pause is still (sample)', async (t) => {
  const seed = freshSeed();
  t.diagnostic(showPausesReport(await pausesCampaign(seed, 30, 6, quietly)));
});

test('PAUSE-13: however often the state changes while the gate is closed, the hub gets less than 2 KB a minute', async (t) => {
  const site = await Site.create({ bytesPerSecond: 1_000_000, coolDownSeconds: 600 });
  t.after(() => site.close());
  await site.start();
  const { socket } = foldersOf(site.data);
  const bytes = () => site.cables.reduce((sum, { clientBytes }) => sum + clientBytes, 0);
  const flap = async (untilMs: number) => {
    const states = new Set<string>();
    while (performance.now() < untilMs) {
      await ask(socket, { verb: 'procedure-start', reason: 'case', holder: 'flapping' }, 30_000);
      const { state } = (await ask(socket, { verb: 'procedure-stop', holder: 'flapping' }, 30_000)) as ProcedureStatus;
      states.add(state);
    }
    return states;
  };
  // The first report of a connection tells everything.
  await flap(performance.now() + 10_000);
  const [before, fromMs] = [bytes(), performance.now()];
  assert.deepEqual([...(await flap(fromMs + 20_000))], ['settling'], 'the gate never opened');
  const perMinute = ((bytes() - before) * 60_000) / (performance.now() - fromMs);
  t.diagnostic(`${Math.round(perMinute)} bytes a minute`);
  assert.ok(perMinute < 2048, `${perMinute} bytes a minute`);
});

/** Work that nobody registered, begun beside the services: on the main thread, and in a thread of its own. */
const begins = '    await this.#services.start();\n';
const unregistered: Readonly<Record<string, Mutation>> = {
  'a thread that computes': {
    file: 'agent/daemon.ts',
    from: begins,
    to: `${begins}    new (await import('node:worker_threads')).Worker('for (;;) ;', { eval: true });\n`,
  },
  'a timer that reads': {
    file: 'agent/daemon.ts',
    from: begins,
    to: `${begins}    const { readFileSync } = await import('node:fs');\n    setInterval(() => readFileSync('/proc/self/maps'), 20);\n`,
  },
};

for (const [name, mutation] of Object.entries(unregistered)) {
  test(`PAUSE-12: a step that works without registering is found by the counters of the kernel (${name})`, async (t) => {
    const mutant = mutantAppliance([mutation]);
    t.after(mutant.remove);
    // Long enough that even a thread which gets little of a busy machine is seen.
    const found = pausesCampaign(3, 2, 1, quietly, { applianceMain: mutant.main, closedMs: 3_000 });
    await assert.rejects(found, { message: /not still, though it said so/ });
  });
}
