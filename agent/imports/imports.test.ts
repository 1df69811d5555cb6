import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tinyExport, tinyNames } from '../../carto/testing/tiny-export.ts';
import { passAlways } from '../../core/gate-flag.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { sharedWorkplaces } from '../testing/shared-workplaces.ts';
import { until } from '../testing/until.ts';
import { type Workplace, writeFiles } from '../testing/workplace.ts';
import { findExports, placeOf } from './find-exports.ts';

const open = sharedWorkplaces();

const limits = { maxNames: 1000, maxExports: 100, maxDepth: 8 };

async function found(folder: string, more = {}): Promise<string[]> {
  const exports = await findExports(folder, { ...limits, ...more }, passAlways);
  return exports.map(({ kind, path }) => `${kind} ${relative(folder, path)}`);
}

/** A stick with a folder for each patient, and what systems and people leave on one. */
function stick(t: TestContext): string {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    'Patient A/first/1-Map.mesh': '',
    'Patient A/first/inside.zip': 'PK\x03\x04',
    'Patient A/second/Study.xml': '\ufeff<?xml version="1.0"?>\n<Study name="x">',
    'Patient B/case.zip': 'PK\x03\x04',
    'Patient B/letter.pdf': '%PDF',
    'no name': 'PK\x03\x04',
    'System Volume Information/IndexerVolumeGuid': '',
    '$RECYCLE.BIN/old.zip': 'PK\x03\x04',
    '.Trash-1000/old.zip': 'PK\x03\x04',
  });
  symlinkSync('/', join(folder, 'Patient B', 'everything'));
  return folder;
}

test('finds the exports and containers of a stick, at any depth, and nothing that lies inside one', async (t) => {
  assert.deepEqual(await found(stick(t)), [
    'folder Patient A/first',
    'folder Patient A/second',
    'container Patient B/case.zip',
    'container no name',
  ]);
});

test('a path may be the export or the container itself', async (t) => {
  const folder = stick(t);
  assert.deepEqual(await found(join(folder, 'Patient A', 'first')), ['folder ']);
  assert.deepEqual(await found(join(folder, 'Patient B', 'case.zip')), ['container ']);
});

test('a path with nothing on it, without end, or that is not there says so, without its name', async (t) => {
  const folder = stick(t);
  const code = (code: string) => (error: Error & { code?: string }) =>
    error.code === code && !error.message.includes(folder);
  await assert.rejects(found(join(folder, 'System Volume Information')), code('IMPORT_NOTHING'));
  await assert.rejects(found(join(folder, 'Patient B', 'letter.pdf')), code('IMPORT_NOTHING'));
  await assert.rejects(found(join(folder, 'nowhere')), code('IMPORT_UNREADABLE'));
  await assert.rejects(found(folder, { maxNames: 5 }), code('IMPORT_TOO_MANY'));
  await assert.rejects(found(folder, { maxExports: 3 }), code('IMPORT_TOO_MANY'));
});

test('the appliance’s own folders are not imported, nor what holds them or lies in them, by whatever link', async (t) => {
  const folder = temporaryFolder(t);
  const inbox = join(folder, 'data', 'inbox');
  mkdirSync(join(inbox, 'case'), { recursive: true });
  mkdirSync(join(folder, 'data', 'inbox-of-others'));
  symlinkSync(inbox, join(folder, 'link'));
  for (const path of [folder, inbox, join(inbox, 'case'), join(folder, 'link')]) {
    await assert.rejects(placeOf(path, [inbox], passAlways), { code: 'IMPORT_OWN_FOLDER' });
  }
  const beside = join(folder, 'data', 'inbox-of-others');
  assert.equal(await placeOf(beside, [inbox], passAlways), beside);
});

/** Asks for a path as the control socket does. */
function ask(place: Workplace, path: string) {
  const begun = place.imports.get(place.imports.begin(path));
  assert.ok(begun);
  place.intake.wake();
  return begun;
}

function snapshot(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.sort().map((name) => {
    const { mode, size, mtimeMs, ctimeMs, ino } = lstatSync(join(folder, name));
    return [name, mode, size, mtimeMs, ctimeMs, ino].join(' ');
  });
}

test('takes all that a path holds, without quiet time and without a trace there, and then knows it no more', async (t) => {
  const place = await open(t, { quietMs: 60_000 });
  const folder = temporaryFolder(t);
  writeFiles(join(folder, 'one'), tinyExport());
  writeFiles(join(folder, 'two'), { ...tinyExport(), [`${tinyNames.study}.xml`]: '<Study name="a"><Maps>' });
  const before = snapshot(folder);
  const begun = ask(place, folder);
  await place.reached('sealed', 'held: unreadable');
  await until(() => begun.state === 'done', 'the end');
  assert.deepEqual([begun.isOpen, begun.keys.length, place.imports.open.length], [false, 2, 0]);
  assert.deepEqual(snapshot(folder), before);
});

test('asked for again, what was sealed is known, and what was held is read again', async (t) => {
  const place = await open(t);
  const folder = temporaryFolder(t);
  writeFiles(join(folder, 'case'), { ...tinyExport(), [`${tinyNames.study}.xml`]: '<Study name="a"><Maps>' });
  ask(place, folder);
  await place.reached('held: unreadable');
  const count = () => place.milestones.filter(({ event }) => event === 'case-held').length;
  ask(place, folder);
  await until(() => count() === 2, 'another look');
  writeFiles(join(folder, 'case'), tinyExport());
  ask(place, folder);
  await place.reached('sealed');
  const again = ask(place, folder);
  await until(() => again.state === 'done', 'the end');
  assert.deepEqual(place.stages, ['sealed']);
});

test('a stick that is pulled out holds its case as gone, and nothing waits for it', async (t) => {
  const place = await open(t, { mode: 'ask' });
  const folder = temporaryFolder(t);
  writeFiles(join(folder, 'stick', 'case'), tinyExport());
  const begun = ask(place, join(folder, 'stick'));
  await place.reached('held: needs-approval');
  await until(() => begun.state === 'done', 'its word');
  assert.equal(begun.isOpen, true, 'it may still be approved');
  renameSync(join(folder, 'stick'), join(folder, 'pulled'));
  await place.ledger.release(place.cases[0]?.caseId ?? '');
  place.intake.wake();
  await place.reached('held: source-gone');
  assert.equal(begun.isOpen, false);
  renameSync(join(folder, 'pulled'), join(folder, 'stick'));
  ask(place, join(folder, 'stick'));
  await place.reached('sealed');
});

test('what cannot be found fails with its code, and the next import goes on', async (t) => {
  const place = await open(t);
  const folder = temporaryFolder(t);
  const empty = ask(place, folder);
  const gone = ask(place, join(folder, 'gone'));
  await until(() => gone.state === 'failed' && empty.state === 'failed', 'both');
  const codes = [empty, gone].map(({ error }) => (error as { code?: string }).code);
  assert.deepEqual(codes, ['IMPORT_NOTHING', 'IMPORT_UNREADABLE']);
  writeFiles(join(folder, 'case'), tinyExport());
  ask(place, folder);
  await place.reached('sealed');
  rmSync(join(folder, 'case'), { recursive: true });
});
