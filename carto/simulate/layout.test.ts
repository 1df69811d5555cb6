import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { readBack } from './read-back.ts';

const { files, lines, study } = readBack({ seed: 41, points: 3 });
const [map, bare] = [study.maps[0]!.name, study.maps[1]!.name];

test('every file ends each line with CRLF and nothing else, and none but the formulas has an XML declaration', () => {
  for (const [path, bytes] of files) {
    const text = bytes.toString('latin1');
    assert.ok(text.endsWith('\r\n'), path);
    assert.doesNotMatch(text.replaceAll('\r\n', ''), /[\r\n]/, path);
    assert.equal(text.startsWith('<?xml'), path.endsWith('fpti-formulas.xml'), path);
  }
});

test('every kind of file begins with its documented header', () => {
  const heads: Record<string, string | RegExp> = {
    [`${study.names.study} ${study.stamp.inNames}.xml`]: `<Study name="${study.names.study} ${study.stamp.inNames}">`,
    [`${map}.mesh`]: '#TriangulatedMeshVersion2.0',
    [`${bare}.mesh`]: '#TriangulatedMeshVersion2.0',
    [`${map}_car.txt`]: `VERSION_5_0 ${map}`,
    [`${bare}_car.txt`]: `VERSION_5_0 ${bare}`,
    [`${map}_Points_Export.xml`]: /^<Points Map_Name="[^"]+" Map_Index="\d+" Date="\d\d\/\d\d\/\d\d" Time="[\d:]{8}">$/,
    [`${bare}_Points_Export.xml`]: /^<Points [^>]+ \/>$/,
    [`${map}_P1_Point_Export.xml`]: /^<Point ID="1" Date="[^"]+" Time="[^"]+">$/,
    [`${map}_P1_ECG_Export.txt`]: 'ECG_Export_4.0',
    [`${map}_P1_ContactForce.txt`]: `${map}_P1_ContactForce.txt_2.0`,
    [`${map}_P1_NAVISTAR_CONNECTOR_Eleclectrode_Positions.txt`]: 'Eleclectrode_Positions_2.0',
    [`${map}_P1_NAVISTAR_CONNECTOR_Sensor_Positions.txt`]: 'Sensor_Positions_2.0',
    [`RF_${map}_1.txt`]: /^PiuTimeStamp\tIrrigation\tPower Mode\tAblTime1\t/,
    [`ContactForceInRF_${map}_1.txt`]: /^TimeStamp\tForceValue\tAxialAngle\t/,
    'RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt': 'Map Name\tSession Idx.\tnMARQ Session Idx.',
    'VisiTagExport/fpti-formulas.xml': '<?xml version="1.0" ?>',
  };
  for (const [path, head] of Object.entries(heads)) {
    if (typeof head === 'string') assert.equal(lines(path)[0], head);
    else assert.match(lines(path)[0]!, head);
  }
});

test('the study file is UTF-8 and the mesh code page 1252', () => {
  const micro = (path: string, bytes: number[]) =>
    assert.ok(files.get(path)!.includes(Buffer.from([...bytes, 0x42, 0x69])));
  micro(`${study.names.study} ${study.stamp.inNames}.xml`, [0xc2, 0xb5]);
  micro(`${map}.mesh`, [0x20, 0xb5]);
});

test('the car file has 27 columns per point, and tables of the study file count right', () => {
  const rows = lines(`${map}_car.txt`).slice(1);
  assert.equal(rows.length, 3);
  assert.ok(rows.every((row) => row.split('\t').length === 27));
  const xml = lines(`${study.names.study} ${study.stamp.inNames}.xml`);
  for (const [table, child] of [
    ['ColoringTable', 'Coloring'],
    ['TagsTable', 'Tag'],
    ['Maps', 'Map'],
  ]) {
    const count = Number(xml.map((line) => new RegExp(`<${table} Count="(\\d+)"`).exec(line)?.[1]).find(Boolean));
    assert.equal(xml.filter((line) => line.trim().startsWith(`<${child} `)).length, count, table);
  }
});

// The same files of a real export, digits and names masked: every line of ours must have a line of its shape there.
const samples = process.env.VESTIBULE_SAMPLES ?? resolve(import.meta.dirname, '../../../shared/data');
const porcine = join(samples, 'carto', 'openep-testingdata-pig-2021');

test('each line has the shape of a line in a real export', (context) => {
  if (!existsSync(porcine)) return context.skip('skipped: no samples');
  const folder = join(porcine, readdirSync(porcine).find((name) => name.startsWith('Export_'))!);
  const pairs: [ours: string, theirs: string][] = [
    [`${map}.mesh`, '2-Map.mesh'],
    [`${bare}.mesh`, '3-Map.mesh'],
    [`${map}_car.txt`, '2-Map_car.txt'],
    [`${map}_P2_ContactForce.txt`, '2-Map_P2_ContactForce.txt'],
    [`RF_${map}_1.txt`, 'RF_2-Map_1.txt'],
    [`ContactForceInRF_${map}_1.txt`, 'ContactForceInRF_2-Map_1.txt'],
    ['RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt', 'RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt'],
    ...['Eleclectrode', 'Sensor'].flatMap((kind) =>
      ['', '_OnAnnotation'].map((end): [string, string] => [
        `${map}_P2_NAVISTAR_CONNECTOR_${kind}_Positions${end}.txt`,
        `2-Map_P2_NAVISTAR_CONNECTOR_${kind}_Positions${end}.txt`,
      ]),
    ),
    ...['Sites', 'AblationSites', 'AblationData', 'ContactForceData', 'Grids', 'AdjustedPositions', 'EndExpiriums'].map(
      (name): [string, string] => [`VisiTagExport/${name}.txt`, `VisiTagExport/${name}.txt`],
    ),
    ['VisiTagExport/VisiTagDisplay.txt', 'VisiTagExport/VisiTagDisplay.txt'],
  ];
  for (const [ours, theirs] of pairs) {
    const real = new Set(
      readFileSync(join(folder, theirs), 'latin1')
        .split('\r\n')
        .map((line) => shapeOf(line)),
    );
    const decoded = files.get(ours)!.toString('latin1').split('\r\n');
    for (const line of decoded) assert.ok(real.has(shapeOf(line)), `${ours}: no such line as ${shapeOf(line)}`);
  }
});

/** A line with its numbers replaced, each together with the blanks before it when these pad it to a fixed width. */
function shapeOf(line: string): string {
  const unnamed = line
    .replaceAll(map, 'MAP')
    .replaceAll(bare, 'MAP')
    .replaceAll(/\d-Map/g, 'MAP');
  return unnamed.replace(/( *)-?\d+(?:\.(\d+))?/g, (found, blanks: string, decimals?: string) => {
    return blanks.length > 1 ? `<${found.length}.${decimals?.length ?? 0}>` : `${blanks}<n>`;
  });
}
