import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { collect, memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { type PseudonymisedStudy, pseudonymise } from './pseudonymise.ts';

const input = tinyExport();
const textOf = (path: string) => input[path]!.toString('latin1');

test('tiers: the review tier holds what is looked at first, the study tier everything', async () => {
  const { files } = await pseudonymise(memorySource(input), passAlways, testSite);
  assert.ok(files.every((file) => file.tiers.includes('study')));
  const review = new Set(files.filter((file) => file.tiers.includes('review')).map((file) => file.kind));
  assert.deepEqual(
    review,
    new Set([
      'study',
      'mesh',
      'shell',
      'car',
      'points-index',
      'point',
      'sites',
      'ablation-sites',
      'visitag-sessions',
      'visitag-presets',
      'visitag-settings',
      'fpti-formulas',
    ]),
  );
});

test('what is not known stays behind, counted by kind, and is no reason to fail', async () => {
  const study = await pseudonymise(
    memorySource({
      ...input,
      'Thumbs.db': 'x',
      'PaSoExport/IS.txt': 'x',
      'VisiTagExport/Sites_PFA.txt': 'x',
      '1-LA_P9_ECG_Export.txt': 'ECG_Export_9.9\r\n',
      '1-LA_P8_ContactForce.txt': '',
      'VisiTagExport/RawPositions.txt': 'a b c\r\n1 2 3\r\n',
      'VisiTagExport/sites.txt': input['VisiTagExport/Sites.txt']!,
    }),
    passAlways,
    testSite,
  );
  const byKind = new Map(study.leftOut.map(({ kind, count }) => [kind, count]));
  assert.deepEqual(Object.fromEntries(byKind), {
    unknown: 1,
    'paso-template': 1,
    'visitag-pfa': 1,
    ecg: 1,
    'contact-force': 1,
    'raw-positions': 1,
    sites: 1,
  });
  assert.deepEqual(
    study.warnings
      .filter(({ code }) => code === 'unrecognised')
      .map(({ kind }) => kind)
      .toSorted(),
    ['contact-force', 'ecg', 'paso-template', 'raw-positions'],
  );
  assert.deepEqual(
    study.warnings.filter(({ code }) => code === 'ambiguous-name'),
    [{ code: 'ambiguous-name', kind: 'sites', count: 1 }],
  );
  await collect(study.files);
});

test('tables of a QDOT catheter keep their suffix, and their lesions count', async () => {
  const sites = textOf('VisiTagExport/Sites.txt')
    .replace(/RFIndex +TagIndexStatus/, '')
    .replace(/401\.125 +1/, '');
  const study = await pseudonymise(
    memorySource({ ...input, 'VisiTagExport/Sites_QMODE+.txt': sites }),
    passAlways,
    testSite,
  );
  assert.equal(study.counts.lesions, 2);
  const written = await collect(study.files.filter(({ kind }) => kind === 'sites'));
  assert.deepEqual(Object.keys(written), ['VisiTagExport/Sites.txt', 'VisiTagExport/Sites_QMODE+.txt']);
});

test('the order of the files says nothing of the names that they had', async () => {
  const files = Object.fromEntries(Object.entries(input).toReversed());
  const { files: written } = await pseudonymise(memorySource(files), passAlways, testSite);
  const names = written.map(({ name }) => name);
  assert.deepEqual(names, names.toSorted());
});

test('pieces are at most 256 KiB, and a checkpoint comes before each', async () => {
  const rows = '7000\t1\t2\t3\t4\t5\t6\t7\t\r\n'.repeat(40_000);
  const [header = ''] = textOf('RF_1-LA_1.txt').split('\r\n');
  const source = memorySource({ ...input, 'RF_1-LA_1.txt': `${header}\r\n${rows}` }, { pieceBytes: 1 << 20 });
  let passed = 0;
  const study = await pseudonymise(source, async () => void passed++, testSite);
  const file = study.files.find(({ kind }) => kind === 'rf')!;
  let pieces = 0;
  let bytes = 0;
  for await (const piece of file.open()) {
    assert.ok(piece.length <= 256 * 1024);
    assert.ok(passed > pieces);
    pieces++;
    bytes += piece.length;
    passed = pieces;
  }
  assert.equal(bytes, header.length + 2 + rows.length);
  assert.ok(pieces >= 4);
});

test('a checkpoint that refuses stops the writing where it is', async () => {
  let closed = false;
  const checkpoint = async () => {
    if (closed) throw new Error('closed');
  };
  const study = await pseudonymise(memorySource(input), checkpoint, testSite);
  closed = true;
  for (const file of study.files) await assert.rejects(collect([file]), /closed/);
});

test('the type is made here only', () => {
  // @ts-expect-error: anything else lacks the brand
  const forged: PseudonymisedStudy = {
    studyCode: '',
    counts: { maps: 0, points: 0, lesions: 0 },
    files: [],
    leftOut: [],
    warnings: [],
    sourceFiles: 0,
    sourceBytes: 0,
  };
  assert.ok(forged);
});
