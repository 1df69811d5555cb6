import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pausesCampaign, showPausesReport } from './campaigns/pauses.ts';
import { type Mutation, mutantAppliance } from './harness/mutant.ts';
import { freshSeed } from './harness/random.ts';

const quietly = () => {};

test('PAUSE-11: paused at random moments of one case, everything is done once and each pause is still (sample)', async (t) => {
  const seed = freshSeed();
  t.diagnostic(showPausesReport(await pausesCampaign(seed, 30, 6, quietly)));
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
