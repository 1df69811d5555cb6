import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { simulateStudy } from '../../carto/index.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { findingsSchema } from '../../protocol/findings.ts';
import { agentMain, command } from '../../test/harness/process.ts';
import { writeConfig } from '../config.ts';
import { foldersOf } from '../folders.ts';

/** An export, and a data folder in which an appliance may be. */
async function exported(t: TestContext) {
  const folder = temporaryFolder(t);
  const { folder: path } = await simulateStudy({ seed: 7, points: 12, folder: join(folder, 'stick'), atomic: true });
  const data = join(folder, 'data');
  const folders = foldersOf(data);
  mkdirSync(folders.folder, { recursive: true });
  const analysed = () => command(agentMain, 'analyse', path, '--json', '--data', data);
  return { folders, analysed };
}

test("ANALYSE-05: an export is analysed by the site's own settings, and by the defaults where no appliance is", async (t) => {
  const { folders, analysed } = await exported(t);
  const byDefault = findingsSchema.parse(JSON.parse((await analysed()).stdout));
  const indexTarget = { anterior: 480, posterior: 310 };
  writeConfig(folders.config, {
    inboxes: [folders.defaultInbox],
    procedure: { authorities: ['leases'] },
    analysis: { indexTarget, interLesionMm: 4.5, thresholdsMv: [0.7, 0.1], fillThresholdMm: 3, enabled: false },
  });
  const bySite = findingsSchema.parse(JSON.parse((await analysed()).stdout));
  const toldOf = ({ settings: { lesions, voltage } }: typeof bySite) => [
    ...[lesions.indexTarget, lesions.interLesionMm, voltage.thresholdsMv, voltage.fillThresholdMm],
  ];
  assert.deepEqual(toldOf(byDefault), [{ anterior: 550, posterior: 400 }, 6, [0.2, 0.5], 10]);
  assert.deepEqual(toldOf(bySite), [indexTarget, 4.5, [0.1, 0.7], 3]);
  // They are gone by, not only told.
  assert.deepEqual(
    bySite.voltage?.wholeShell.below.map(({ mv }) => mv),
    [0.1, 0.7],
  );
  assert.ok((bySite.lesions?.all.belowIndexTarget ?? 0) < (byDefault.lesions?.all.belowIndexTarget ?? 0));
});

test('ANALYSE-05: a site file that cannot be read is an error: nothing is analysed by another protocol', async (t) => {
  const { folders, analysed } = await exported(t);
  writeFileSync(folders.config, 'analysis: { interLesionMm: six }\n');
  const { code, stdout, stderr } = await analysed();
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /analysis.interLesionMm/);
});
