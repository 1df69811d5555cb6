import type { Findings } from '../../protocol/findings.ts';
import { type Cell, paragraph, type Section } from './model.ts';

/** Everything of the findings that is a number, by what it tells of; absent where it was not found. */
export function tablesOf(findings: Findings, findingsSha256: string) {
  return {
    discontinuities: discontinuities(findings),
    voltage: voltage(findings),
    lesions: lesions(findings),
    chamber: chamber(findings),
    limits: limits(findings),
    provenance: provenance(findings, findingsSha256),
  };
}

const words = (code: string) =>
  code.replace(/^L_/, 'left ').replace(/^R_/, 'right ').toLowerCase().replaceAll('_', ' ').replaceAll('-', ' ');

function discontinuities({ discontinuities: found, lines, settings }: Findings): Section | undefined {
  if (!lines) return undefined;
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
  const head = ['no.', 'line', 'segment', 'effective width, mm', 'between tags, mm', 'lesions', 'confidence'];
  const lineHead = ['line', 'lesions', 'tag set', 'widest room, mm', 'continuous after'];
  return {
    title: 'Possible discontinuities in the tag set',
    blocks: [
      rows.length > 0
        ? { kind: 'table', head, rows, words: [1, 2, 5] }
        : paragraph('None was found in the tags as exported.'),
      { kind: 'table', head: lineHead, rows: lineRows, words: [0, 2, 4] },
      paragraph(
        `Two lesions on target bridge ${interLesionMm} mm. Effective width counts each lesion by its index. This tells of tags, not of conduction.`,
      ),
    ],
  };
}

function voltage({ voltage: found }: Findings): Section | undefined {
  if (!found) return undefined;
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
  const unknown = 'Mapped points are not known: interpolated voltages count as mapped.';
  return {
    title: 'Low voltage by region',
    blocks: [{ kind: 'table', head, rows, words: [0] }, ...(found.fillKnown ? [] : [paragraph(unknown)])],
  };
}

type Numbers = NonNullable<Findings['lesions']>['all'];

function lesions({ lesions: found, sites }: Findings): Section | undefined {
  if (!found) return undefined;
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
    ? [
        paragraph(
          `${by}; the rules say another segment for ${disagreeing} of ${sites.length}. Off the surface: ${found.offSurface}.`,
        ),
      ]
    : [];
  return {
    title: 'Lesions by segment: median (least–most)',
    blocks: [{ kind: 'table', head, rows, words: [0] }, ...told],
  };
}

function chamber({ chamber: found, regions }: Findings): Section | undefined {
  if (!found) return undefined;
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
  return { title: 'Chamber', blocks: [{ kind: 'facts', rows }] };
}

function limits({ settings }: Findings): Section {
  const { lesions: l, voltage: v } = settings;
  const items = [
    'Regions and segments come from models made of simulated shells alone; no clinician has labelled what they learnt from.',
    `Places of tags scatter by about a millimetre: an opening little wider than ${l.interLesionMm} mm may be none, and the reverse.`,
    `Index targets ${l.indexTarget.anterior} and ${l.indexTarget.posterior}, distance ${l.interLesionMm} mm: as configured on this appliance.`,
    `Voltage counts where a mapped point is within ${v.fillThresholdMm} mm; rhythm is not known.`,
  ];
  return { title: 'Limits', blocks: [{ kind: 'list', items }] };
}

function provenance({ input, models, software }: Findings, findingsSha256: string): Section {
  const rows: (readonly [string, Cell])[] = [
    ['input, SHA-256', input.sha256],
    ['findings, SHA-256', findingsSha256],
    ['map', input.map],
    ['vertices, triangles', `${input.vertices}, ${input.triangles}`],
    ['lesions, mapped points', `${input.lesions}, ${input.mappedPoints}`],
    ...models.map(({ id, version, sha256 }) => [`model ${id} ${version}`, sha256] as const),
    ['software', software.version],
    ['runtime', `${software.runtime}; ${software.instructionSet}`],
  ];
  return { title: 'Provenance', blocks: [{ kind: 'facts', rows }] };
}
