import type { Findings } from '../../protocol/findings.ts';

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export const section = (title: string, content: string) => `<section><h2>${escaped(title)}</h2>${content}</section>`;

export function table(head: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cells = (tag: string, values: readonly (string | number | undefined)[]) =>
    values.map((value) => `<${tag}>${escaped(String(value ?? '–'))}</${tag}>`).join('');
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table>`;
}

/** Everything of the findings that is a number. */
export function tablesOf(findings: Findings): string {
  return [
    discontinuities(findings),
    voltage(findings),
    lesions(findings),
    chamber(findings),
    limits(findings),
    provenance(findings),
  ].join('');
}

const words = (code: string) => code.toLowerCase().replaceAll('_', ' ').replaceAll('-', ' ');

function discontinuities({ discontinuities: found, lines, settings }: Findings): string {
  if (!lines) return '';
  const { interLesionMm } = settings.lesions;
  const rows = (found ?? []).map((one, at) => [
    at + 1,
    words(one.line),
    words(one.site),
    one.effectiveWidthMm,
    one.betweenMm,
    one.neighbours.map((order) => order + 1).join(' and '),
    `${Math.round(100 * one.confidence)} %${one.unweighted ? ', unweighted' : ''}`,
  ]);
  const lineRows = lines.map((line) => [
    words(line.line),
    line.lesions,
    line.isContinuous ? 'no room found' : 'leaves room',
    line.widestMm,
    line.continuousAfter === undefined ? undefined : `lesion ${line.continuousAfter}`,
  ]);
  return section(
    'Possible discontinuities in the tag set',
    (rows.length > 0
      ? table(['no.', 'line', 'segment', 'effective width, mm', 'between tags, mm', 'lesions', 'confidence'], rows)
      : '<p>None was found in the tags as exported.</p>') +
      table(['line', 'lesions', 'tag set', 'widest room, mm', 'continuous after'], lineRows) +
      `<p>Two lesions on target bridge ${interLesionMm} mm. Effective width counts each lesion by its index. This tells of tags, not of conduction.</p>`,
  );
}

function voltage({ voltage: found }: Findings): string {
  if (!found) return '';
  const head = [
    '',
    'area, cm²',
    'mapped, cm²',
    ...found.wholeShell.below.flatMap(({ mv }) => [`< ${mv} mV, cm²`, '%']),
  ];
  const row = (name: string, part: NonNullable<Findings['voltage']>['wholeShell']) => [
    name,
    part.areaCm2,
    part.mappedCm2,
    ...part.below.flatMap(({ areaCm2, percent }) => [areaCm2, percent]),
  ];
  const rows = [
    ...(found.walls ?? []).map(({ wall, ...part }) => row(wall, part)),
    ...(found.body ? [row('body without veins, appendage, valve', found.body)] : []),
    row('whole shell, everything in it', found.wholeShell),
  ];
  const fill = found.fillKnown ? '' : '<p>Mapped points are not known: interpolated voltages count as mapped.</p>';
  return section('Low voltage by region', table(head, rows) + fill);
}

type Numbers = NonNullable<Findings['lesions']>['all'];

function lesions({ lesions: found, sites }: Findings): string {
  if (!found) return '';
  const spread = (of: Numbers['index']) => (of ? `${of.p50} (${of.min}–${of.max})` : undefined);
  const row = (name: string, one: Numbers) => [
    name,
    one.lesions,
    spread(one.index),
    one.belowIndexTarget,
    spread(one.forceG),
    spread(one.ftiGs),
    spread(one.durationS),
    one.interLesionMm ? `${one.interLesionMm.p50} / ${one.interLesionMm.p95} / ${one.interLesionMm.max}` : undefined,
  ];
  const head = [
    'segment',
    'lesions',
    'index',
    'below target',
    'force, g',
    'FTI, g·s',
    'duration, s',
    'to neighbours p50/p95/max, mm',
  ];
  const rows = [...found.segments.map((one) => row(words(one.site), one)), row('all', found.all)];
  const disagreeing = sites?.filter(({ rules }) => rules !== undefined).length;
  const by = sites?.some(({ by: who }) => who === 'model') ? 'Segments by the model' : 'Segments by rules';
  const told = sites
    ? `<p>${by}; the rules say another segment for ${disagreeing} of ${sites.length}. Off the surface: ${found.offSurface}.</p>`
    : '';
  return section('Lesions by segment: median (least–most)', table(head, rows) + told);
}

function chamber({ chamber: found, regions }: Findings): string {
  if (!found) return '';
  const rows: [string, string | number][] = [
    ['area, cm²', found.areaCm2],
    ['volume with holes closed, ml', found.volumeMl],
    ['holes', found.holes],
    ...Object.entries(regions?.areasCm2 ?? {}).map(([label, cm2]): [string, number] => [`area of ${label}, cm²`, cm2]),
    ...(regions
      ? ([
          ['mean confidence of regions', regions.meanConfidence],
          ['turned against the frame, degrees', regions.turnDegrees],
          [
            'distance from familiar shapes',
            regions.familiarity ? `${regions.familiarity.distance} (${regions.familiarity.verdict})` : '–',
          ],
        ] as [string, string | number][])
      : []),
  ];
  return section('Chamber', table(['', ''], rows));
}

function limits({ settings }: Findings): string {
  const { lesions: l, voltage: v } = settings;
  return section(
    'Limits',
    `<ul><li>Regions and segments come from models made of simulated shells alone; no clinician has labelled what they learnt from.</li>
<li>Places of tags scatter by about a millimetre: an opening little wider than ${l.interLesionMm} mm may be none, and the reverse.</li>
<li>Index targets ${l.indexTarget.anterior} and ${l.indexTarget.posterior}, distance ${l.interLesionMm} mm: as configured on this appliance.</li>
<li>Voltage counts where a mapped point is within ${v.fillThresholdMm} mm; rhythm is not known.</li></ul>`,
  );
}

function provenance({ input, models, software }: Findings): string {
  const rows: (readonly [string, string | number])[] = [
    ['input, SHA-256', input.sha256],
    ['map', input.map ?? '–'],
    ['vertices, triangles', `${input.vertices}, ${input.triangles}`],
    ['lesions, mapped points', `${input.lesions}, ${input.mappedPoints}`],
    ...models.map(({ id, version, sha256 }) => [`model ${id} ${version}`, sha256] as const),
    ['software', software.version],
    ['runtime', `${software.runtime}; ${software.instructionSet}`],
  ];
  return section('Provenance', table(['', ''], rows));
}
