import { coronarySinus } from './catheter.ts';
import { valveRim } from './chamber.ts';
import { crlf, short, tag } from './format.ts';
import { centreOf } from './mesh.ts';
import type { MeasuredPoint } from './points.ts';
import { registration } from './shell.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';
import { type Coloring, coloringsOf, siteTagId, standardTags } from './tables.ts';
import { distanceBetween, type Vector } from './vector.ts';

/** The study's name with its export stamp: the `name` of the root element and, with `.xml`, the file's name. */
export function stampedName(study: SimulatedStudy): string {
  return `${study.names.study} ${study.stamp.inNames}`;
}

/** The catalogue of a study: UTF-8, no XML declaration. */
export function writeStudyXml(study: SimulatedStudy): Buffer {
  const lines = [
    tag('Study', { name: stampedName(study) }, '>'),
    ...indent(1, [
      tag('Units', { Distance: 'mm', Angle: 'radian' }),
      ...environment(study),
      tag('Maps', { Count: study.maps.length }, '>'),
      ...indent(1, [...commonTables(study), ...study.maps.flatMap((map, n) => mapLines(study, map, n === 0))]),
      '</Maps>',
      ...shellLines(study),
    ]),
    '</Study>',
  ];
  return Buffer.from(crlf(lines));
}

function environment(study: SimulatedStudy): string[] {
  const centre = centreOf(study.maps[0]!.mesh);
  const model = [-0.8, 0, 0.2, 0, 0, 0.8, 0, 0, -0.2, 0, -0.8, 0, ...centre, 0.8];
  const projection = [0.02, 0, 0, 0, 0, 0.016, 0, 0, 0, 0, -0.004, 0, 0, 0, 0, 1];
  return [
    '<Enviroment>',
    ...indent(1, [
      tag('Camera', { Center: triple(centre), Scale: '0.8', AspectRatio: '0.8' }, '>'),
      `    <ModelViewMatrix>${model.map((value) => `${short(value)} `).join('')}</ModelViewMatrix>`,
      `    <ProjectionMatrix>${projection.map((value) => `${short(value)} `).join('')}</ProjectionMatrix>`,
      '</Camera>',
    ]),
    '</Enviroment>',
    tag('ExternalObjs', {
      HeartIcon: 'HeartIcon.obj',
      Grid: 'Grid.obj',
      PairedLandmark: 'PairedLandmark.obj',
      UnpairedLandmark: 'UnpairedLandmark.obj',
      ZoomWheel: 'ZoomWheel.obj',
      PatientIcon: 'PatientIcon.obj',
      TextureBar: 'ColorBar.bmp',
    }),
  ];
}

function commonTables(study: SimulatedStudy): string[] {
  const colorings = coloringsOf(study.generation);
  const { siteTag } = study.names;
  const tags = [...standardTags, [siteTagId, siteTag, siteTag, '0.2 0.8 0.3 1', 2] as const];
  return [
    tag('ColoringTable', { Count: colorings.length }, '>'),
    ...indent(
      1,
      colorings.map(({ id, name, unit }) =>
        tag('Coloring', {
          Id: id,
          Name: name,
          TextureInvert: name === 'ICL' || name === 'Paso' ? 1 : 0,
          Propagation: name === 'LAT' ? 1 : 0,
          Units: unit,
        }),
      ),
    ),
    '</ColoringTable>',
    tag('SurfaceErrorTable', {
      BadErrorColor: '1 0 0 1',
      MedErrorColor: '1 1 0 1',
      GoodErrorColor: '0 1 0 1',
      BadErrorThreshold: 10,
      MedErrorThreshold: 5,
      GoodErrorThreshold: 0,
    }),
    tag('PasoTable', { ShowPMMatchingAnyIS: 'true', ISName: study.options.paso ? study.names.template : 'ISNameInit' }),
    tag('CFAEColoringTable', {
      IgnoreBelowColor: '0.4 0.4 0.4 1.0',
      IclMediumColor: '0 0.8 0.8 1.0',
      IclHighColor: '0.8 0.2 0 1.0',
      IgnoreBelowThreshold: 2147483647,
      IclMediumThreshold: 2147483647,
      IclHighThreshold: 2147483647,
    }),
    tag('TagsTable', { Count: tags.length }, '>'),
    ...indent(
      1,
      tags.map(([ID, Short_Name, Full_Name, Color, Radius]) =>
        tag('Tag', { ID, Short_Name, Full_Name, Color, Radius }),
      ),
    ),
    '</TagsTable>',
  ];
}

function mapLines(study: SimulatedStudy, map: SimulatedMap, visible: boolean): string[] {
  const fileName = `${map.name}.mesh`;
  const heading = { Name: map.name, Index: map.index, Visible: String(visible), Type: '', NumFiles: 1 };
  const colorings = coloringsOf(study.generation);
  return [
    tag('Map', { ...heading, FileNames: fileName, Volume: short(map.mesh.volumeMl) }, '>'),
    ...indent(1, [
      tag('ColoringRangeTable', { Count: colorings.length }, '>'),
      ...indent(1, rangeLines(map.points, colorings)),
      '</ColoringRangeTable>',
      ...pointsLines(map.points, study.catheterId),
      ...(visible || map.open ? annulusLines(study) : []),
      tag('RefAnnotationConfig', referenceOf(study, map)),
    ]),
    '</Map>',
  ];
}

/** The number of the channel that times are measured against. */
function referenceOf({ generation, chamber }: SimulatedStudy, map: SimulatedMap): Record<string, number> {
  if (map.points.length === 0) return { Algorithm: -1 };
  const sinus = generation.sharedRecordings && chamber.tissue.referenceMs === 0;
  return { Algorithm: 0, Channel: sinus ? coronarySinus.bipolar(1)[1] : 110, SingleChannelCriterion: 1 };
}

function rangeLines(points: readonly MeasuredPoint[], colorings: readonly Coloring[]): string[] {
  const measures: Record<number, (point: MeasuredPoint) => number | undefined> = {
    0: (point) => point.unipolarMv,
    1: (point) => point.bipolarMv,
    2: (point) => point.latMs,
    3: (point) => point.tip?.impedanceOhm,
    10: (point) => (point.tip ? Math.round(point.tip.forceG) : undefined),
  };
  return colorings.map(({ id }) => {
    const values = points.map((point) => measures[id]?.(point)).filter((value) => value !== undefined);
    if (values.length === 0) return tag('ColoringRange', { Id: id, Min: 99999, Max: -99999 });
    return tag('ColoringRange', { Id: id, Min: short(Math.min(...values)), Max: short(Math.max(...values)) });
  });
}

function pointsLines(points: readonly MeasuredPoint[], catheterId: number): string[] {
  if (points.length === 0) return [tag('CartoPoints', { Count: 0 })];
  const each = points.flatMap((point) => [
    tag(
      'Point',
      {
        Id: point.id,
        Position3D: triple(point.place),
        CathOrientation: triple(point.recording.orientation),
        Cath_Id: catheterId,
      },
      '>',
    ),
    ...indent(1, [
      tag('VirtualPoint', {
        Position3D: triple(point.surfacePlace),
        ProjectOnJunction: 50,
        ProjectionDistance: short(distanceBetween(point.place, point.surfacePlace)),
      }),
      ...(point.tags.length > 0
        ? [`${tag('Tags', { Count: point.tags.length }, '>')}${point.tags.join(' ')}</Tags>`]
        : []),
    ]),
    '</Point>',
  ]);
  return [tag('CartoPoints', { Count: points.length }, '>'), ...indent(1, each), '</CartoPoints>'];
}

function annulusLines(study: SimulatedStudy): string[] {
  const loop = valveRim(study.chamber).map(triple).join(' ');
  const inner = ['<Perimiter>', `    <LINE_LOOP>${loop}</LINE_LOOP>`, '</Perimiter>'];
  const one = ['<Anatomical_Tag>', ...indent(1, inner), '</Anatomical_Tag>'];
  return ['<Anatomical_Tags>', ...indent(1, one), '</Anatomical_Tags>'];
}

/** The matrix goes down its columns: the shift is in numbers 13 to 15. */
function shellLines({ names, chamber }: SimulatedStudy): string[] {
  if (names.shell === undefined) return [];
  return [
    tag('Meshes', { Count: 1 }, '>'),
    `    <RegistrationMatrix>${registration(chamber).map(short).join(' ')}</RegistrationMatrix>`,
    `    ${tag('Mesh', { FileName: `${names.shell}.mesh`, Visible: 'false' }, '>')}`,
    '        <LandMarks />',
    '    </Mesh>',
    '</Meshes>',
  ];
}

/** Three numbers as the export writes a place. */
export function triple(place: Vector): string {
  return place.map(short).join(' ');
}

function indent(levels: number, lines: readonly string[]): string[] {
  return lines.map((line) => '    '.repeat(levels) + line);
}
