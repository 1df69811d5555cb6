import { type FuzzReport, maxRssBytes } from './fuzz.ts';

/** The report as a table for people. */
export function showFuzzReport(report: FuzzReport): string {
  const { seed, runs, corpus, wallMs, peakRssBytes, failures } = report;
  const rows = report.targets.map((target) => {
    const refused = Object.entries(target.refused).map(([code, count]) => `${code} ${count}`);
    const numbers = [target.runs, target.accepted, target.withLine].map((count) => String(count).padStart(8));
    const worst = `${target.worstMs.toFixed(1).padStart(9)} ${String(target.worstBytes).padStart(9)}`;
    return `  ${target.name.padEnd(28)}${numbers.join('')}${worst}  ${refused.join(', ')}`;
  });
  return [
    `fuzz: ${runs} runs (seed ${seed}) in ${Math.round(wallMs / 1000)} s; corpus: ${corpus.join(', ')}`,
    `  ${'target'.padEnd(28)}    runs accepted w. line worst ms  of bytes  refused`,
    ...rows,
    `peak memory of a process: ${Math.round(peakRssBytes / 2 ** 20)} MiB (limit ${maxRssBytes / 2 ** 20})`,
    failures.length === 0 ? 'no failure' : `${report.failed} failures, the first of each sort:`,
    ...failures.map(({ failure, name, index, replay }) => `  ${failure} ${name} ${index} ${replay}`),
  ].join('\n');
}
