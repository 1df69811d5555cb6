import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { simulateStudy } from '../carto/index.ts';
import { silentLog } from '../core/log.ts';
import { Ledger } from '../uploader/index.ts';
import { type Figure, figureOf } from './figure.ts';
import { benchFolder, SealBench } from './seal-bench.ts';

const points = Number(process.env.VESTIBULE_BENCH_POINTS ?? 300);
const inFlight = 512;
const item = 'x'.repeat(1024);
/** The histogram's own timer: what it adds to every delay. */
const resolutionMs = 1;

/** Delay of the main thread's event loop while a study is sealed and items are enqueued, beside the same loop at rest. */
export async function eventLoop(repeats: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(benchFolder() ?? tmpdir(), 'vestibule-bench-loop-'));
  const bench = new SealBench(folder);
  const ledger = await Ledger.open({ path: join(folder, 'ledger.db'), log: silentLog });
  try {
    const made = await simulateStudy({ folder, seed: 3, size: 'clinical', points });
    const busy: number[] = [];
    const atRest: number[] = [];
    let items = 0;
    for (let at = 0; at < repeats; at++) {
      atRest.push(await delayMs(() => sleepFor(2000)));
      busy.push(
        await delayMs(async () => {
          const stop = new AbortController();
          const enqueueing = enqueueUntil(ledger, stop.signal);
          await bench.seal(made.folder);
          stop.abort();
          items += await enqueueing;
        }),
      );
    }
    const notes = `p99 beyond the timer’s own ${resolutionMs} ms; ${Math.round(made.bytes / 1e6)} MB sealed each time, ${inFlight} items of 1 KiB in flight, ${items} enqueued in all`;
    const rival = { name: 'the same loop at rest', runs: atRest };
    return [figureOf('event loop delay p99 while sealing and enqueueing', 'ms', busy, { rival, notes })];
  } finally {
    await ledger.close();
    await bench.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Keeps so many items in flight; resolves to how many were acknowledged. */
async function enqueueUntil(ledger: Ledger, signal: AbortSignal): Promise<number> {
  let count = 0;
  while (!signal.aborted) {
    await Promise.all(Array.from({ length: inFlight }, () => ledger.enqueue({ kind: 'telemetry', body: item })));
    count += inFlight;
  }
  return count;
}

async function delayMs(work: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  await work();
  histogram.disable();
  return Math.max(0, histogram.percentile(99) / 1e6 - resolutionMs);
}
