import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { infoZip, writeTree } from '../../carto/container/testing/tools.ts';
import { tinyExport } from '../../carto/testing/tiny-export.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { inspectionSchema } from '../../protocol/inspection.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** What staff typed in the export. Each as it is nowhere else. */
const names = {
  study: 'Zylinski study',
  first: 'Quastow LA',
  second: 'Quastow LA2',
  shell: 'Wrobelct.mesh',
  shortTag: 'XQ',
  fullTag: 'Vexwall',
  preset: 'Drumhold',
  comment: 'Ypsilanti',
};
const typed = /Zylinski|Quastow|Wrobel|XQ|Vexwall|Drumhold|Ypsilanti/;

function run(input: string, ...words: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, 'inspect', ...words], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

test('an export is told in numbers, for people and as the documented document, without a name and without a folder', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'Export_Zylinski'), { ...tinyExport(names), 'PaSoExport/IS1.txt': 'ID: 1\r\n' });
  const [people, scripts] = await Promise.all([
    run('', join(folder, 'Export_Zylinski'), '--data', join(folder, 'none')),
    run('', join(folder, 'Export_Zylinski'), '--json'),
  ]);
  assert.doesNotMatch(people.stdout + people.stderr, typed);
  assert.match(people.stdout, /^folder, \d+ files/);
  assert.match(people.stdout, /tags in use +Ablation 1, tag 300 1\n/);
  assert.doesNotMatch(scripts.stdout + scripts.stderr, typed);
  const found = inspectionSchema.parse(JSON.parse(scripts.stdout));
  assert.deepEqual(
    found.maps.map(({ map, points, recordings, surface }) => [map, points, recordings, surface?.vertices]),
    [
      [1, 1, 1, 4],
      [2, 1, 1, 4],
    ],
  );
  assert.equal(found.paceMapping?.templates, 1);
  assert.ok(found.warnings.some(({ code, kind }) => code === 'missing-file' && kind === 'sensor-positions'));
  assert.ok(found.checks.results.some(({ check, outcome }) => check === 'lat' && outcome === 'ok'));
  // The made-up volumes of this export are not those of its surfaces.
  assert.equal(found.checks.summary.find(({ check }) => check === 'volume')?.differs, 2);
  assert.deepEqual([people.code, scripts.code], [5, 5]);
});

test('--names shows what staff typed to the person at the machine, and never in JSON', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(folder, tinyExport(names));
  const { stdout } = await run('', folder, '--names', '--no-signals');
  for (const name of [names.study, names.first, names.second, names.fullTag]) assert.ok(stdout.includes(name), name);
  const refused = await run('', folder, '--names', '--json');
  assert.deepEqual([refused.code, refused.stdout], [2, '']);
});

test('a damaged file is told with its kind and line, and the rest is read: exit 5', async (t) => {
  const folder = temporaryFolder(t);
  const files = tinyExport(names);
  const mesh = `${names.first}.mesh`;
  writeTree(folder, { ...files, [mesh]: files[mesh]!.toString('latin1').replace('1.250', 'Jane') });
  const { code, stdout, stderr } = await run('', folder, '--json');
  const found = inspectionSchema.parse(JSON.parse(stdout));
  assert.deepEqual(
    found.damaged.map(({ code, kind, line }) => [code, kind, line]),
    [['UNREADABLE', 'mesh', 21]],
  );
  assert.equal(found.maps[1]?.surface?.vertices, 4);
  assert.equal(code, 5);
  assert.doesNotMatch(stdout + stderr, /Jane/);
});

test('an encrypted archive asks for its password, takes it from standard input and never says it', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), tinyExport(names));
  infoZip(join(folder, 'in'), '-r', '-P', 'Sesame 7', join(folder, 'Zylinski.zip'), '.');
  const zip = join(folder, 'Zylinski.zip');
  const [without, wrong, right] = await Promise.all([
    run('', zip),
    run('Sesame 8\n', zip, '--password-stdin'),
    run('Sesame 7\n', zip, '--password-stdin', '--json'),
  ]);
  assert.equal(without.code, 1);
  assert.match(without.stderr, /PASSWORD_NEEDED/);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /WRONG_PASSWORD/);
  assert.match(inspectionSchema.parse(JSON.parse(right.stdout)).container, /^zip/);
  for (const { stdout, stderr } of [without, wrong, right]) assert.doesNotMatch(stdout + stderr, /Sesame|Zylinski/);
});

test('what is no export fails with a reason: exit 1', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(folder, { 'letter.txt': 'x' });
  const [empty, missing] = await Promise.all([run('', folder), run('', join(folder, 'nothing'))]);
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /NO_STUDY/);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /UNREADABLE/);
});
