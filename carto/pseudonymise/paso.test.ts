import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import type { Profile } from '../../protocol/profile.ts';
import { CartoError } from '../error.ts';
import { readStudy } from '../read/read-study.ts';
import { simulateStudy } from '../simulate/index.ts';
import { collect, type MemoryFiles, memorySource } from '../testing/memory-source.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { parseDay, shiftDay } from './calendar.ts';
import type { Linkage } from './linkage.ts';
import { pseudonymise } from './pseudonymise.ts';

const home = mkdtempSync(join(tmpdir(), 'carto-paso-'));
after(() => rmSync(home, { recursive: true }));

/** Pace mapping as it is exported, beside a small made-up export. */
const { folder } = await simulateStudy({
  ...{ folder: home, seed: 11, points: 1, paso: true, chamber: 'right-atrium' },
  names: { template: 'PVC of Kowalczyk' },
});
const paso = Object.fromEntries(
  readdirSync(join(folder, 'PaSoExport')).map((name) => [
    `PaSoExport/${name}`,
    readFileSync(join(folder, 'PaSoExport', name), 'latin1'),
  ]),
);
const input = { ...tinyExport(), ...paso };
const siteKey = Buffer.alloc(32, 5);

async function written(files: MemoryFiles, profile: Profile = 'pseudonymised', linkage?: Linkage) {
  const study = await pseudonymise(memorySource(files), passAlways, { profile, siteKey, linkage });
  const output = await collect(study.files.filter(({ kind }) => kind.startsWith('paso-')));
  const texts = Object.fromEntries(Object.entries(output).map(([name, bytes]) => [name, bytes.toString('latin1')]));
  return { study, texts, linkage: study.linkage() };
}

const stampLine = /Year: (\d+) Month: (\d+) Day: (\d+)(?: (\S+))?\r?\n/;
const stampOf = (text = '') => stampLine.exec(text)?.slice(1) ?? [];
const dayOf = (text: string) => parseDay(stampOf(text).slice(0, 3).join('-'))!;
const isSuspected = (error: unknown) => error instanceof CartoError && error.code === 'PHI_SUSPECTED';

test('numbers of pace mapping arrive byte for byte; names are coded, and the date is another', async () => {
  const { texts, study } = await written(input);
  assert.deepEqual(Object.keys(texts).toSorted(), Object.keys(paso).toSorted());
  const others = (text: string) => text.replace(stampLine, '').replace(/^Name: .*$/m, '');
  for (const [path, text] of Object.entries(paso)) assert.equal(others(texts[path]!), others(text), path);
  assert.match(texts['PaSoExport/IS1.txt']!, /^Name: Template-[a-z]{8}\r$/m);
  assert.match(texts['PaSoExport/PM2.txt']!, /^Name: PM2\r$/m);
  assert.ok(!study.leftOut.some(({ kind }) => kind.startsWith('paso-')));
  assert.ok(!study.warnings.some(({ kind }) => kind.startsWith('paso-')));
});

test('what leaves is read as what was read', async () => {
  const { study } = await written(input);
  const [before, after] = await Promise.all(
    [input, await collect(study.files)].map((files) => readStudy(memorySource(files), passAlways)),
  );
  assert.deepEqual(after?.paceMapping?.correlations, before?.paceMapping?.correlations);
  assert.deepEqual(after?.paceMapping?.configuration, before?.paceMapping?.configuration);
  const numbers = (study: typeof before) =>
    study?.paceMapping?.templates.map(({ id, channels, startStudyMs, cycleLengthMs }) => [
      ...[id, startStudyMs, cycleLengthMs],
      channels,
    ]);
  assert.deepEqual(numbers(after), numbers(before));
});

test('every date of a study is moved by its one constant, which is never nothing, and no time of day stays', async () => {
  for (const profile of ['pseudonymised', 'site-only'] as const) {
    const { texts, linkage } = await written(input, profile);
    assert.ok(linkage.shiftDays <= -30);
    const templates = Object.entries(paso).filter(([, text]) => stampLine.test(text));
    assert.equal(templates.length, 5);
    for (const [path, text] of templates) {
      assert.deepEqual(dayOf(texts[path]!), shiftDay(dayOf(text), linkage.shiftDays), path);
      assert.notDeepEqual(dayOf(texts[path]!), dayOf(text));
      assert.equal(stampOf(texts[path])[3], '00:00:00');
    }
  }
});

test('the next export of the study has the same dates and names, also of templates that are new in it', async () => {
  for (const profile of ['pseudonymised', 'safe-harbor', 'site-only'] as const) {
    const first = await written({ ...input, 'PaSoExport/PM2.txt': '' }, profile);
    const again = await written({ ...tinyExport({ study: 'Renamed' }), ...paso }, profile, first.linkage);
    const { 'PaSoExport/PM2.txt': late, ...same } = again.texts;
    assert.deepEqual(same, first.texts, profile);
    assert.ok(late);
    assert.equal(again.linkage.shiftDays, first.linkage.shiftDays);
  }
});

test('a linkage without a shift is not believed: no date goes on as it is', async () => {
  const { linkage } = await written(input);
  const again = await written(input, 'pseudonymised', { ...linkage, shiftDays: 0 });
  assert.equal(again.linkage.shiftDays, linkage.shiftDays);
});

test('under safe-harbor the year alone is left: month and day are 0', async () => {
  const { texts, linkage } = await written(input, 'safe-harbor');
  for (const [path, text] of Object.entries(paso)) {
    if (stampLine.test(text)) assert.deepEqual(stampOf(texts[path]), [stampOf(text)[0], '0', '0', '00:00:00'], path);
  }
  assert.equal(linkage.shiftDays, 0);
});

test('a file is named by its code, behind what its template is of; names of two words and no time, too', async () => {
  const template = paso['PaSoExport/IS2.txt']!.replace(/ \d\d:\d\d:\d\d\r/, '\r');
  const { texts } = await written({
    ...tinyExport(),
    'PaSoExport/IS Jane Doe.txt': template,
    'PaSoExport/x.txt': template,
  });
  const names = Object.keys(texts).toSorted();
  assert.equal(names.length, 2);
  assert.match(names[0]!, /^PaSoExport\/IS-Template-[a-z]{8}\.txt$/);
  assert.match(names[1]!, /^PaSoExport\/Template-[a-z]{8}\.txt$/);
  assert.equal(stampOf(texts[names[0]!])[3], undefined);
});

test('the form of the date without words is read too; what is no date is left out', async () => {
  const with_ = (line: string) => ({
    ...tinyExport(),
    'PaSoExport/IS2.txt': paso['PaSoExport/IS2.txt']!.replace(stampLine, `${line}\r\n`),
  });
  const { texts, linkage } = await written(with_('2021:11:5: 10:11:12'));
  const expected = shiftDay({ year: 2021, month: 11, day: 5 }, linkage.shiftDays);
  assert.deepEqual(dayOf(texts['PaSoExport/IS2.txt']!), expected);
  for (const line of ['Year: 2021 Month: 2 Day: 30 10:11:12', 'Year: 0021 Month: 2 Day: 3', 'Date: 11/05/2021 10:11']) {
    const { texts, study } = await written(with_(line));
    assert.doesNotMatch(texts['PaSoExport/IS2.txt']!, /2021|Year|Date/, line);
    assert.ok(study.warnings.some(({ kind }) => kind === 'paso-template'));
  }
});

test('what is not understood stays behind and is counted: other files, other lines, rows that are no numbers', async () => {
  const template = paso['PaSoExport/IS2.txt']!;
  const { texts, study } = await written({
    ...input,
    'PaSoExport/note.txt': 'Patient Jane Doe',
    'PaSoExport/ISISCorrelations.txt': 'as of yesterday',
    'PaSoExport/IS3.txt': template.replace(/(ECG:\r\n.*\r\n)/, '$1 seen by Jane\r\n'),
    'PaSoExport/IS4.txt': `Operator: Jane\r\nseen on 3.4.2021\r\n${template}`,
    'PaSoExport/IS.bmp': 'x',
  });
  assert.deepEqual(
    study.leftOut.filter(({ kind }) => kind.startsWith('paso-')).toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    [
      { kind: 'paso-correlations', count: 1 },
      { kind: 'paso-other', count: 1 },
      { kind: 'paso-template', count: 2 },
    ],
  );
  assert.ok(
    study.warnings.some(({ code, kind, count }) => code === 'unrecognised' && kind === 'paso-template' && count === 2),
  );
  assert.equal(texts['PaSoExport/IS4.txt'], texts['PaSoExport/IS2.txt']);
  assert.ok(study.warnings.some(({ code, kind }) => code === 'dropped-line' && kind === 'paso-template'));
});

test('a name or number of a template that stands elsewhere holds the case, and so does a date', async () => {
  const named = (name: string, digits: string) => {
    const template = paso['PaSoExport/IS1.txt']!.replace('PVC of Kowalczyk', name);
    const force = Object.keys(input).find((path) => /^ContactForceInRF/.test(path))!;
    return {
      ...input,
      'PaSoExport/IS1.txt': template,
      [force]: tinyExport()[force]!.toString().replace('700100', digits),
    };
  };
  await written(named('Kowalczyk', '700100'));
  for (const name of ['MRN 4711234', 'born 4.7.1961']) {
    const digits = name.startsWith('MRN') ? '4711234' : '19610704';
    const { study } = await written(named(name, digits));
    await assert.rejects(collect(study.files), isSuspected, name);
  }
});

test('a line that is too long for pace mapping is taken apart by nobody: the file stays behind, the others go on', async () => {
  const endless = paso['PaSoExport/IS2.txt']!.replace(/^ECG:\r\n.*$/m, (names) => names + '\t'.repeat(5_000));
  assert.notEqual(endless, paso['PaSoExport/IS2.txt']);
  const { study, texts } = await written({ ...input, 'PaSoExport/IS2.txt': endless });
  assert.deepEqual(
    study.leftOut.filter(({ kind }) => kind === 'paso-template'),
    [{ kind: 'paso-template', count: 1 }],
  );
  assert.ok('PaSoExport/IS1.txt' in texts);
  const read = await readStudy(memorySource({ ...input, 'PaSoExport/IS2.txt': endless }), passAlways);
  assert.ok(read.damaged.some(({ kind, code }) => kind === 'paso-template' && code === 'UNREADABLE'));
});
