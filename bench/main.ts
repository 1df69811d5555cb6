import '../core/node-guard.ts';
import type { Figure } from './figure.ts';

/** Benches by name; each returns its figures over so many repeats. Loaded when they run. */
const benches: Readonly<Record<string, (repeats: number) => Promise<Figure[]>>> = {
  'first-case': async (repeats) => (await import('./first-case.ts')).firstCase(repeats),
  read: async (repeats) => (await import('./read.ts')).read(repeats),
  simulate: async (repeats) => (await import('./simulate.ts')).simulate(repeats),
  're-export': async () => (await import('./re-export.ts')).reExport(),
  pseudonymise: async (repeats) => (await import('./pseudonymise.ts')).pseudonymiseBench(repeats),
  seal: async (repeats) => (await import('./seal.ts')).seal(repeats),
  'seal-memory': async () => (await import('./seal-memory.ts')).sealMemory(),
  analysis: async (repeats) => (await import('./analysis.ts')).analysis(repeats),
  'event-loop': async (repeats) => (await import('./event-loop.ts')).eventLoop(repeats),
  deliver: async (repeats) => (await import('./deliver.ts')).deliver(repeats),
  'link-return': async (repeats) => (await import('./link-return.ts')).linkReturn(repeats),
  writes: async (repeats) => (await import('./writes.ts')).writes(repeats),
  enqueue: async (repeats) => (await import('./enqueue.ts')).enqueue(repeats),
  'start-up': async (repeats) => (await import('./start-up.ts')).startUp(repeats),
  'cost-per-case': async (repeats) => (await import('./cost-per-case.ts')).costPerCase(repeats),
  invisible: async (repeats) => (await import('./invisible.ts')).invisible(repeats),
  quiet: async () => (await import('./quiet.ts')).quiet(),
  idle: async (repeats) => (await import('./idle.ts')).idle(repeats),
};

const repeats = Number(process.env.VESTIBULE_BENCH_REPEATS ?? 5);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. Benches: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const figure of await bench(repeats)) console.log(JSON.stringify(figure));
  }
}
