import type { Source, SourceFile } from '../source.ts';

export interface HugeSize {
  /** Five files each. */
  readonly points: number;
  /** About so many bytes of each ECG. */
  readonly ecgBytes: number;
  /** About so many bytes of the table of positions in grids. */
  readonly tableBytes: number;
  /** Characters of a cell of an ECG: 30 as usual; fewer, and more of the bytes are samples. */
  readonly cellWidth?: number;
}

/** Ten gigabytes in twenty thousand files, one of them of 200 MB. */
export const hugest: HugeSize = { points: 4000, ecgBytes: 2_450_000, tableBytes: 200_000_000 };

const channels = 26;

/** An export whose bytes are made while they are read: as large as wanted, without a disk. */
export function hugeSource({ points, ecgBytes, tableBytes, cellWidth = 30 }: HugeSize): Source {
  const head = Buffer.from(ecgHead(cellWidth));
  const rows = Buffer.from(Array.from({ length: 100 }, (_, row) => ecgRow(row, cellWidth)).join(''));
  const ecgRepeats = Math.max(1, Math.round(ecgBytes / rows.length));
  const tableRows = Buffer.from(Array.from({ length: 1000 }, (_, row) => gridRow(row)).join(''));
  const files = [
    fileOf('Huge 01_02_2020 10-11-12.xml', () => Buffer.from(studyXml(points))),
    fileOf('1-LA_Points_Export.xml', () => Buffer.from(pointsIndex(points))),
    fileOf('1-LA_car.txt', () => Buffer.from('VERSION_5_0 1-LA\r\n')),
    fileOf(
      'VisiTagExport/AllPositionInGrids.txt',
      () => Buffer.from(`${['PosTimeStamp', 'SiteIndex', 'UniqID'].map((name) => name.padStart(20)).join('')}\r\n`),
      tableRows,
      Math.max(1, Math.round(tableBytes / tableRows.length)),
    ),
  ];
  for (let id = 1; id <= points; id++) {
    files.push(fileOf(`1-LA_P${id}_Point_Export.xml`, () => Buffer.from(pointXml(id))));
    files.push(fileOf(`1-LA_P${id}_ECG_Export.txt`, () => head, rows, ecgRepeats));
    files.push(fileOf(`1-LA_P${id}_ContactForce.txt`, () => Buffer.from(force()), forceRow, 200));
    files.push(fileOf(`1-LA_P${id}_CS_CONNECTOR_Eleclectrode_Positions.txt`, () => trackHead, trackRow, 150));
    files.push(fileOf(`1-LA_P${id}_CS_CONNECTOR_Sensor_Positions.txt`, () => trackHead, trackRow, 150));
  }
  return { name: 'huge', container: 'made while it is read', files };
}

/** `head`, made anew at each reading, then `body` so many times, in pieces of at most 256 KiB. */
function fileOf(path: string, makeHead: () => Buffer, body: Buffer = Buffer.alloc(0), repeats = 0): SourceFile {
  return {
    path,
    bytes: makeHead().length + repeats * body.length,
    mtimeMs: 0,
    async *open() {
      const head = makeHead();
      for (let at = 0; at < head.length; at += 1 << 18) yield head.subarray(at, at + (1 << 18));
      // Copies, as what is read from a disk would be.
      for (let at = 0; at < repeats; at++) yield Buffer.from(body);
    },
  };
}

function studyXml(points: number): string {
  const point = (id: number) =>
    `<Point Id="${id}" Position3D="${id / 100} 1 2" CathOrientation="0 0 0" Cath_Id="7"><Tags Count="1">9</Tags></Point>\r\n`;
  const all = Array.from({ length: points }, (_, at) => point(at + 1)).join('');
  return `<Study name="Huge">\r\n<Maps Count="1"><Map Name="1-LA" Index="1" Visible="true" NumFiles="0" FileNames=""><CartoPoints Count="${points}">\r\n${all}</CartoPoints></Map></Maps></Study>\r\n`;
}

function pointsIndex(points: number): string {
  const all = Array.from(
    { length: points },
    (_, at) => `<Point ID="${at + 1}" File_Name="1-LA_P${at + 1}_Point_Export.xml" />\r\n`,
  );
  return `<Points Map_Name="1-LA" Map_Index="1">\r\n${all.join('')}</Points>\r\n`;
}

function pointXml(id: number): string {
  const impedances = Array.from(
    { length: 190 },
    (_, at) => `<Impedance NUM="${at}" Time="${at * 50 - 7500}" Value="${100 + (at % 7)}" />\r\n`,
  );
  return `<Point ID="${id}"><Annotations StartTime="${600_000 + id}" Reference_Annotation="2000" Map_Annotation="2010" />
<WOI From="-100" To="100" /><Voltages Unipolar="1" Bipolar="0.5" />
<Positions><Connector CS_CONNECTOR="1-LA_P${id}_CS_CONNECTOR_Eleclectrode_Positions.txt" /><Connector CS_CONNECTOR="1-LA_P${id}_CS_CONNECTOR_Sensor_Positions.txt" /></Positions>
<Impedances Number="190">${impedances.join('')}</Impedances>
<ECG FileName="1-LA_P${id}_ECG_Export.txt" /><ContactForce FileName="1-LA_P${id}_ContactForce.txt" /></Point>\r\n`;
}

function ecgHead(cellWidth: number): string {
  const names = Array.from({ length: channels }, (_, at) => `M${at + 1}(${at + 1})`.padEnd(cellWidth));
  return `ECG_Export_4.0\r\nRaw ECG to MV (gain) = 0.003000\r\nUnipolar Mapping Channel=M1 Bipolar Mapping Channel=M2 Reference Channel=M3\r\n${names.join('')}\r\n`;
}

function ecgRow(row: number, cellWidth: number): string {
  const cell = (at: number) => String(((row * 37 + at * 11) % 4001) - 2000).padEnd(cellWidth);
  return `${Array.from({ length: channels }, (_, at) => cell(at)).join('')}\r\n`;
}

function gridRow(row: number): string {
  return `${[700_000 + row, row % 40, 512_530_489 + row].map((cell) => String(cell).padStart(20)).join('')}\r\n`;
}

function force(): string {
  return '1-LA_P1_ContactForce.txt_2.0\r\nMode=0\r\nIndex\tTime\tTimestamp\tForceValue\t\r\n';
}

// One buffer for all: many small ones would each hold the slab of memory that they were cut from.
const forceRow = Buffer.from('1\t-7460\t592640\t5.25\t\r\n');
const trackHead = Buffer.from('Eleclectrode_Positions_2.0\r\nElectrode#\tTime\tX\tY\tZ\t\r\n');
const trackRow = Buffer.from('1\t4\t0.5\t0.25\t-0.125\t\r\n');
