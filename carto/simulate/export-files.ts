import { drawRecording } from './ecg.ts';
import { crlf, toCp1252 } from './format.ts';
import type { MeasuredPoint } from './points.ts';
import { makeShell } from './shell.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';
import { writeEcg } from './write-ecg.ts';
import { writePointForce } from './write-force.ts';
import { writeMesh } from './write-mesh.ts';
import { writePaSo } from './write-paso.ts';
import { pointFileNames, referenceChannel, writeCar, writePoint, writePointsIndex } from './write-points.ts';
import { writePositions } from './write-positions.ts';
import { writeForceInRf, writeGenerator, writeNoMultiElectrode } from './write-rf.ts';
import { stampedName, writeStudyXml } from './write-study-xml.ts';
import { writeVisiTag } from './write-visitag.ts';

/** A file of an export: its path inside the export's folder (with `/`) and its bytes, in pieces where they are many. */
export type ExportFile = readonly [path: string, content: Buffer | Iterable<Buffer>];

/** The folder's name: `Export_<study, spaces as dashes>-<stamp>`. */
export function exportName(study: SimulatedStudy): string {
  return `Export_${stampedName(study).replaceAll(' ', '-')}`;
}

/** All files of an export in the order in which they are written, each made when it is asked for. */
export function* exportFiles(study: SimulatedStudy): Generator<ExportFile> {
  const { names, seed, applications, generation, options } = study;
  yield [`${stampedName(study)}.xml`, writeStudyXml(study)];
  for (const [n, map] of study.maps.entries()) {
    const { fields, open } = map;
    const details = { meshName: names.meshName, generation, fields, open, edits: n === 0 ? options.meshEdits : 0 };
    yield [`${map.name}.mesh`, writeMesh(map.mesh, details)];
    yield [`${map.name}_car.txt`, writeCar(study, map)];
    yield [`${map.name}_Points_Export.xml`, writePointsIndex(study, map)];
    yield* recordingFiles(study, map);
  }
  for (const map of study.maps.filter(({ ablated }) => ablated)) {
    for (const [n, application] of applications.entries()) {
      yield [`RF_${map.name}_${n + 1}.txt`, writeGenerator(application)];
      yield [`ContactForceInRF_${map.name}_${n + 1}.txt`, writeForceInRf(seed, application)];
    }
  }
  yield ['RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt', writeNoMultiElectrode()];
  for (const [name, bytes] of writeVisiTag(study)) yield [`VisiTagExport/${name}`, bytes];
  if (options.paso) for (const [name, bytes] of writePaSo(study)) yield [`PaSoExport/${name}`, bytes];
  if (names.shell !== undefined) {
    yield [`${names.shell}.mesh`, writeMesh(makeShell(study.chamber), { meshName: names.meshName, generation })];
  }
  if (names.unknownFile !== undefined) yield [names.unknownFile, toCp1252(crlf([names.unknownFile]))];
}

/** The files of every point; those of a recording that several points share come once, with the first. */
function* recordingFiles(study: SimulatedStudy, map: SimulatedMap): Generator<ExportFile> {
  let before: MeasuredPoint | undefined;
  for (const point of map.points) {
    const names = pointFileNames(study, map, point);
    yield [names.point, writePoint(study, map, point)];
    if (before?.recording !== point.recording) {
      const mapping = { ...point.channels, reference: referenceChannel(study, point) };
      yield [names.ecg, writeEcg(drawRecording(point.recording), study.generation, mapping)];
      if (names.force !== undefined) yield [names.force, writePointForce(study, map, point)];
      yield* writePositions(study, map, point);
    }
    before = point;
  }
}
