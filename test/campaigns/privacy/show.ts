import { complaintsOf, type PrivacyReport } from './privacy.ts';
import type { WholeProductReport } from './whole-product.ts';
import type { PlantCount } from './worker.ts';

/** The report as tables for people. */
export function showPrivacyReport(report: PrivacyReport): string {
  const { seed, cases, clean, held, refused, leaked, archived, plants, found, numbers, numbersEqual, wallMs } = report;
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(3)} %`;
  const complaints = complaintsOf(report);
  return [
    `privacy: ${cases} cases (seed ${seed}) in ${Math.round(wallMs / 1000)} s; ${archived} of them sealed and opened again`,
    `  clean ${clean}, held ${held} (${share(held, cases)}), refused as unreadable ${refused}, leaking ${leaked}`,
    `  plants ${plants}, found in what went in ${found} (${share(found, plants)})`,
    `  clinical numbers byte-equal ${numbersEqual} of ${numbers} (${share(numbersEqual, numbers)})`,
    ...table('class', report.byClass),
    ...table('encoding', report.byEncoding),
    ...table('field', report.byField),
    'why held or refused:',
    ...Object.entries(report.why).map(
      ([why, one]) => `  ${String(one.count).padStart(6)}  ${why} (first: case ${one.first})`,
    ),
    'rules switched off:',
    ...report.switchedOff.map(
      (one) =>
        `  ${one.rule.padEnd(28)} scan ${one.held ? 'holds' : 'PASSES'}, search ${one.found ? 'finds' : 'MISSES'}`,
    ),
    'not planted, because it cannot be told (documented limits):',
    ...report.limits.map(
      (one) =>
        `  ${one.limit.padEnd(36)} goes on ${one.passed} of ${one.cases}; typed elsewhere too: held ${one.heldWhenTyped} of ${one.cases}`,
    ),
    ...report.leaks.slice(0, 30),
    complaints.length === 0 ? 'zero hits' : complaints.join('\n'),
  ].join('\n');
}

/** The report of the part that runs the whole product. */
export function showWholeProduct(report: WholeProductReport): string {
  const { seed, cases, stages, archives, searched, plants, foundInInbox, leaks, wallMs } = report;
  const reached = Object.entries(stages).map(([stage, count]) => `${stage} ${count}`);
  return [
    `privacy, whole product: ${cases} cases (seed ${seed}) in ${Math.round(wallMs / 1000)} s: ${reached.join(', ')}`,
    `  ${archives} archives opened, ${searched} files and names searched`,
    `  plants ${plants}, found in the inbox ${foundInInbox}`,
    ...leaks.slice(0, 30),
    leaks.length === 0 ? 'zero hits' : `${leaks.length} leaks`,
  ].join('\n');
}

function table(title: string, counts: Readonly<Record<string, PlantCount>>): string[] {
  const head = `  ${title.padEnd(24)}  plants    held refused  leaked`;
  const rows = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    head,
    ...rows.map(
      ([key, one]) =>
        `  ${key.padEnd(24)}${[one.plants, one.held, one.refused, one.leaked].map((n) => String(n).padStart(8)).join('')}`,
    ),
  ];
}
