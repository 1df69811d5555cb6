import type { Application } from './ablation.ts';
import { crlf, milli, tableRow, toCp1252 } from './format.ts';
import { framesPerS, type Site, voxelCode } from './site.ts';
import type { SimulatedStudy } from './study.ts';
import type { Vector } from './vector.ts';

export const positionColumns = ['TimeStamp', 'Session', 'ChannelID', 'X', 'Y', 'Z', 'Valid'];

/** Of the ablation catheter, in every lesion table. */
export const channel = '0';
const pieceRows = 2000;
/** A frame counts for every voxel within this far of it, in each direction: what makes the widest table wide. */
const reachVoxels = 3;

type PositionTable = readonly [name: string, content: Iterable<Buffer>];

/** The tables of tip positions: left out of a small study; the widest one only in a huge study. */
export function positionTables({ applications, options }: SimulatedStudy): PositionTable[] {
  if (options.size === 'small') return [];
  const tables: PositionTable[] = [
    ['RawPositions', inPieces(positionColumns, rawRows(applications))],
    ['PositionsData', inPieces(dataColumns, dataRows(applications))],
  ];
  return options.size === 'huge'
    ? [...tables, ['AllPositionInGrids', inPieces(gridColumns, voxelRows(applications))]]
    : tables;
}

interface Frame {
  readonly session: string;
  readonly site: Site;
  readonly atMs: number;
  readonly place: Vector;
}

function* framesOf(applications: readonly Application[]): Generator<Frame> {
  for (const { session, sites } of applications) {
    for (const site of sites) {
      for (let n = 0; 3 * n < site.track.length; n += 1) {
        const [x, y, z] = site.track.subarray(3 * n, 3 * n + 3);
        const atMs = site.firstMs + Math.floor((n * 1000) / framesPerS);
        yield { session: String(session), site, atMs, place: [x!, y!, z!] };
      }
    }
  }
}

function* rawRows(applications: readonly Application[]): Generator<string[]> {
  for (const { session, atMs, place } of framesOf(applications)) {
    yield [String(atMs), session, channel, ...place.map(milli), '1'];
  }
}

const gridColumns = ['PosTimeStamp', 'Session', 'ChannelID', 'SiteIndex', 'UniqID'];
const dataColumns = [
  ...['TimeStamp', 'Session', 'ChannelID', 'Valid', 'ForceTimeStamp', 'X', 'Y', 'Z', 'Impedance', 'ImpedanceDrop'],
  ...['Temperature', 'Power', 'Force', 'RFIndex', 'Passed'],
];

/** Each frame with the samples that were the latest then. */
function* dataRows(applications: readonly Application[]): Generator<string[]> {
  for (const application of applications) {
    let [force, ablation] = [0, 0];
    for (const { session, site, atMs, place } of framesOf([application])) {
      while ((application.force[force + 1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) force += 1;
      while ((application.ablation[ablation + 1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) ablation += 1;
      const [touch, energy] = [application.force[force]!, application.ablation[ablation]!];
      yield [
        ...[String(atMs), session, channel, '1', String(touch.atMs), ...place.map(milli)],
        ...[energy.impedanceOhm, Math.max(0, site.baseImpedanceOhm - energy.impedanceOhm)].map(milli),
        ...[energy.temperatureC, energy.powerW, touch.forceG].map(milli),
        ...[milli(application.highPower ? -1 : site.tagIndex), atMs >= site.firstMs + 3000 ? '1' : '0'],
      ];
    }
  }
}

/** One row per frame and voxel near it: by far the largest file of an export. */
function* voxelRows(applications: readonly Application[]): Generator<string[]> {
  const steps = Array.from({ length: 2 * reachVoxels + 1 }, (_, n) => n - reachVoxels);
  for (const { session, site, atMs, place } of framesOf(applications)) {
    for (const dz of steps) {
      for (const dy of steps) {
        if (dy * dy + dz * dz > reachVoxels * reachVoxels) continue;
        const code = voxelCode([place[0], place[1] + dy, place[2] + dz]);
        yield [String(atMs), session, channel, String(site.index), String(code)];
      }
    }
  }
}

/** A table that is never whole in memory. */
function* inPieces(columns: readonly string[], rows: Iterable<readonly string[]>): Generator<Buffer> {
  let lines = [tableRow(columns)];
  for (const row of rows) {
    lines.push(tableRow(row));
    if (lines.length < pieceRows) continue;
    yield toCp1252(crlf(lines));
    lines = [];
  }
  yield toCp1252(crlf(lines));
}
