import type { Study } from '../../carto/index.ts';
import { formatBytes, paint, table } from '../../core/cli.ts';
import type { CheckSummary, Inspection } from '../../protocol/inspection.ts';

/** How many differences are told one by one; the rest is in `--json`. */
const maxDifferences = 12;

/** The inspection for people. `names`: the study that it is of, when its original names may be shown. */
export function render(found: Inspection, names?: Study): string {
  const sections = [
    `${found.container}, ${found.files} files, ${formatBytes(found.bytes)}${names ? `: ${names.name}` : ''}`,
    maps(found, names),
    facts(found, names),
    checks(found),
    differences(found),
    'Research use only: not for diagnosis.',
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function maps(found: Inspection, names: Study | undefined): string {
  const rows = found.maps.map((map) => {
    const { surface } = map;
    const value = (check: string, digits: number) => foundIn(found, check, map.map)?.toFixed(digits) ?? '–';
    const edges = foundIn(found, 'boundary-edges', map.map);
    return [
      String(map.map),
      ...(names ? [names.maps[map.map - 1]?.name ?? ''] : []),
      surface ? String(surface.vertices) : '–',
      surface ? String(surface.triangles) : '–',
      map.recordings === map.points ? String(map.points) : `${map.points} (${map.recordings} with a file)`,
      map.statedVolumeMl?.toFixed(2) ?? '–',
      value('volume', 2),
      value('area', 1),
      value('point-density', 2),
      edges === undefined ? 'none' : edges === 0 ? 'closed' : `${edges} boundary edges`,
    ];
  });
  const head = ['map', 'vertices', 'triangles', 'points', 'stated ml', 'found ml', 'cm²', 'points/cm²', 'surface'];
  if (names) head.splice(1, 0, 'name');
  return rows.length === 0 ? 'no map' : table([head, ...rows]);
}

function foundIn({ checks }: Inspection, check: string, map: number): number | undefined {
  return checks.results.find(
    ({ check: name, subject }) => name === check && subject.kind === 'map' && subject.map === map,
  )?.found;
}

function facts(found: Inspection, names: Study | undefined): string {
  const { colorings, visiTag, paceMapping, applications, shells } = found;
  const tag = ({ id, name, points }: Inspection['tags'][number]) =>
    `${name ?? names?.tags.find((one) => one.id === id)?.fullName ?? `tag ${id}`} ${points}`;
  const rows: [string, string][] = [
    ['colourings', `${colorings.length}: ${colorings.map(({ id, name }) => name ?? `colouring ${id}`).join(', ')}`],
    ['tags in use', found.tags.length === 0 ? 'none' : found.tags.map(tag).join(', ')],
    ['applications', applicationText(applications)],
    ['VisiTag', visiTag ? visiTagText(visiTag) : 'not exported'],
  ];
  if (shells.length > 0)
    rows.push(['imported', `${shells.length} surfaces, ${shells.filter((one) => one.surface).length} of them here`]);
  if (paceMapping)
    rows.push(['pace mapping', `${paceMapping.templates} templates, ${paceMapping.correlations} correlations`]);
  const counted = (what: { readonly kind: string; readonly count: number }) => `${what.count} ${what.kind}`;
  rows.push(['left out', found.leftOut.map(counted).join(', ') || 'nothing']);
  for (const { code, kind, count } of found.warnings) rows.push(['warning', `${code}: ${count} ${kind}`]);
  for (const { message } of found.damaged) rows.push([paint('damaged', 'red'), message]);
  return table(rows);
}

function applicationText({ count, withGenerator, withForce, electrodes }: Inspection['applications']): string {
  if (count === 0) return 'none';
  const many = electrodes > 1 ? `, up to ${electrodes} electrodes` : '';
  return `${count}: ${withGenerator} with generator, ${withForce} with force${many}`;
}

function visiTagText({
  lesions,
  sessions,
  withIndex,
  ablationRows,
  forceRows,
}: NonNullable<Inspection['visiTag']>): string {
  return `${lesions} lesions (${withIndex} with index) in ${sessions} sessions; ${ablationRows} generator and ${forceRows} force samples`;
}

function checks({ checks: { summary } }: Inspection): string {
  const rows = summary.map((one) => [one.check, ...numbers(one)]);
  return rows.length === 0 ? '' : table([['check', 'ok', 'differs', 'measured', 'n/a', 'worst'], ...rows]);
}

function numbers({ ok, differs, measured, notApplicable, worst, unit }: CheckSummary): string[] {
  const or = (count: number) => (count === 0 ? '–' : String(count));
  return [or(ok), or(differs), or(measured), or(notApplicable), worst === undefined ? '' : signed(worst, unit)];
}

function differences({ checks: { results } }: Inspection): string {
  const differing = results.filter(({ outcome }) => outcome === 'differs');
  const lines = differing.slice(0, maxDifferences).map(({ check, subject, unit, found, expected }) => {
    const { kind, ...ordinals } = subject;
    const place =
      kind === 'point' ? Object.entries(ordinals).flat().join(' ') : Object.entries(ordinals).flat().join(' ');
    // The index deviates in percent; its values have no unit.
    const of = check === 'ablation-index' ? '' : ` ${unit}`;
    return `${paint('differs', 'yellow')}  ${check} of ${place}: found ${short(found)}${of}, stated ${short(expected)}${of}`;
  });
  if (differing.length > maxDifferences) lines.push(`… and ${differing.length - maxDifferences} more: see --json`);
  return lines.join('\n');
}

function short(value: number | undefined): string {
  return value === undefined ? 'none' : String(Number(value.toPrecision(6)));
}

function signed(value: number, unit: string): string {
  const text = Math.abs(value) < 5e-5 ? '0' : `${value > 0 ? '+' : ''}${Number(value.toPrecision(2))}`;
  return unit === '' ? text : `${text} ${unit}`;
}
