import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { checkStudy } from '../check/index.ts';
import { readStudy } from '../read/read-study.ts';
import { memorySource } from '../testing/memory-source.ts';
import type { StudyOptions } from './options.ts';
import { readBack } from './read-back.ts';

const everything: StudyOptions[] = [
  { seed: 3, points: 3, generation: 'v4', chamber: 'right-atrium', ablationGapMm: 8 },
  { seed: 4, points: 3, generation: 'v6', variant: 'common-trunk', paso: true, cutOuts: true },
  { seed: 5, points: 4, generation: 'v7', variant: 'right-middle', catheter: 'pentaray', remap: true, shell: true },
  { seed: 6, points: 4, generation: 'v7', chamber: 'left-ventricle', catheter: 'octaray', extraPoints: 1 },
];

for (const options of everything) {
  const { generation, chamber = 'left-atrium' } = options;
  test(`${generation}, ${chamber}: the reader finds everything, and every stated number follows from the recordings`, async () => {
    const { files, study } = readBack(options);
    const source = memorySource(Object.fromEntries(files));
    const read = await readStudy(source, passAlways);
    assert.deepEqual(
      read.warnings.filter(({ code }) => code !== 'repeated-file'),
      [],
    );
    assert.deepEqual(
      read.maps.map(({ points }) => points.length),
      study.maps.map(({ points }) => points.length),
    );
    const { results } = await checkStudy(read, passAlways);
    assert.deepEqual(
      results.filter(({ outcome }) => outcome === 'differs'),
      [],
    );
    const checked = (check: string) => results.filter((one) => one.check === check && one.outcome === 'ok').length;
    const points = study.maps.reduce((sum, map) => sum + map.points.length, 0);
    assert.deepEqual([checked('unipolar'), checked('bipolar')], [points, points]);
    const sites = study.applications
      .filter(({ highPower }) => !highPower)
      .reduce((sum, { sites: own }) => sum + own.length, 0);
    assert.equal(checked('ablation-index'), generation === 'v4' ? 0 : sites);
  });
}
