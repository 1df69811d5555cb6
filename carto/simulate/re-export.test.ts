import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StudyOptions } from './options.ts';
import { readBack } from './read-back.ts';
import { SimulatorError } from './simulator-error.ts';
import { makeStudy } from './study.ts';

const options: StudyOptions = { seed: 27, points: 3, chamber: 'right-atrium' };
const first = readBack(options);
const map = first.study.maps[0]!.name;

/** Paths of files whose bytes differ from the first export, the study file under one name. */
function changed(again: StudyOptions): string[] {
  const { files, study } = readBack(again);
  const before = new Map(
    [...first.files].map(([path, bytes]) => [path.replace(first.study.stamp.inNames, 'STAMP'), bytes]),
  );
  return [...files]
    .map(([path, bytes]) => [path.replace(study.names.study, first.study.names.study), bytes] as const)
    .map(([path, bytes]) => [path.replace(study.stamp.inNames, 'STAMP'), bytes] as const)
    .filter(([path, bytes]) => !before.get(path)?.equals(bytes))
    .map(([path]) => path);
}

const stamped = [
  'Simulated Study 1 STAMP.xml',
  `${map}_Points_Export.xml`,
  ...[1, 2, 3].flatMap((id) => [`${map}_P${id}_Point_Export.xml`, `${map}_P${id}_ContactForce.txt`]),
  'Simulated RA 2_Points_Export.xml',
];

test('a second export under another name and stamp differs in the stamped files only, and there in the stamp only', () => {
  const again = { ...options, exportOrdinal: 1, names: { study: 'Renamed Study' } };
  assert.deepEqual(changed(again), stamped);
  const { lines, study } = readBack(again);
  const unstamped = (path: string, of: typeof study) =>
    (of === study ? lines : first.lines)(path)
      .join('\n')
      .replaceAll(of.stamp.date, 'DATE')
      .replaceAll(of.stamp.time, 'TIME');
  for (const path of stamped.slice(1)) assert.equal(unstamped(path, study), unstamped(path, first.study), path);
});

test('extra points add their own files, and are listed in the three files that list points', () => {
  const again = changed({ ...options, extraPoints: 2 });
  const own = again.filter((path) => /_P[45]_/.test(path));
  assert.equal(own.length, 14);
  assert.deepEqual(
    again.filter((path) => !own.includes(path)),
    ['Simulated Study 1 STAMP.xml', `${map}_car.txt`, `${map}_Points_Export.xml`],
  );
});

test('mesh edits change so many bytes of one mesh, and no length', () => {
  assert.deepEqual(changed({ ...options, meshEdits: 3 }), [`${map}.mesh`]);
  const [before, after] = [first, readBack({ ...options, meshEdits: 3 })].map(({ files }) => files.get(`${map}.mesh`)!);
  assert.equal(before!.length, after!.length);
  assert.equal(
    before!.reduce((sum, byte, at) => sum + (byte === after![at] ? 0 : 1), 0),
    3,
  );
});

test('a stamp can be given; what is no moment is refused', () => {
  const { stamp } = makeStudy({ ...options, stamp: '02_29_2024 23-59-01' });
  assert.deepEqual(
    [stamp.date, stamp.time, stamp.at.getTime()],
    ['02/29/24', '23:59:01', Date.UTC(2024, 1, 29, 23, 59, 1)],
  );
  for (const bad of ['02_30_2024 10-00-00', '2024-02-03', '01_01_2024 25-00-00', '']) {
    assert.throws(
      () => makeStudy({ ...options, stamp: bad }),
      (error) => error instanceof SimulatorError && error.code === 'BAD_OPTION',
    );
  }
});
