import { drawRecording } from './ecg.ts';
import { crlf, toCp1252 } from './format.ts';
import type { MeasuredPoint } from './points.ts';
import { randomOf } from './random.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';
import { writeEcg } from './write-ecg.ts';
import { writePointForce } from './write-force.ts';
import { writeMesh } from './write-mesh.ts';
import { pointFileNames, writeCar, writePoint, writePointsIndex } from './write-points.ts';
import { writePositions } from './write-positions.ts';
import { writeForceInRf, writeGenerator, writeNoMultiElectrode } from './write-rf.ts';
import { stampedName, writeStudyXml } from './write-study-xml.ts';
import { writeVisiTag } from './write-visitag.ts';

/** A file of an export: its path inside the export's folder (with `/`) and its bytes. */
export type ExportFile = readonly [path: string, bytes: Buffer];

/** The folder's name: `Export_<study, spaces as dashes>-<stamp>`. */
export function exportName(study: SimulatedStudy): string {
  return `Export_${stampedName(study).replaceAll(' ', '-')}`;
}

/** All files of an export in the order in which they are written, each made when it is asked for. */
export function* exportFiles(study: SimulatedStudy): Generator<ExportFile> {
  const { names, seed, applications } = study;
  yield [`${stampedName(study)}.xml`, writeStudyXml(study)];
  for (const [n, map] of study.maps.entries()) {
    yield [`${map.name}.mesh`, writeMesh(map.mesh, names.meshName, map.fields, n === 0 ? study.meshEdits : 0)];
    yield [`${map.name}_car.txt`, writeCar(map, study.catheterId)];
    yield [`${map.name}_Points_Export.xml`, writePointsIndex(study, map)];
    for (const point of map.points) yield* pointFiles(study, map, point);
  }
  const ablated = study.maps[0]!.name;
  for (const [n, application] of applications.entries()) {
    yield [`RF_${ablated}_${n + 1}.txt`, writeGenerator(application)];
    yield [`ContactForceInRF_${ablated}_${n + 1}.txt`, writeForceInRf(seed, application)];
  }
  yield ['RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt', writeNoMultiElectrode()];
  for (const [name, bytes] of writeVisiTag(study)) yield [`VisiTagExport/${name}`, bytes];
  if (names.shell !== undefined) yield [`${names.shell}.mesh`, writeMesh(study.maps.at(-1)!.mesh, names.meshName)];
  if (names.unknownFile !== undefined) yield [names.unknownFile, toCp1252(crlf([names.unknownFile]))];
}

function* pointFiles(study: SimulatedStudy, map: SimulatedMap, point: MeasuredPoint): Generator<ExportFile> {
  const names = pointFileNames(map, point);
  const recording = drawRecording(point.electrogram, point.beats, randomOf(study.seed, `ecg/${point.id}`));
  yield [names.point, writePoint(study, map, point)];
  yield [names.ecg, writeEcg(recording)];
  yield [names.force, writePointForce(study, map, point)];
  yield* writePositions(study, map, point);
}
