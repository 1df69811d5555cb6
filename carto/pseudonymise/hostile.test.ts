import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { collect, memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport, tinyNames } from '../testing/tiny-export.ts';
import { pseudonymise } from './pseudonymise.ts';

/** Files made to hang the reader or to fill its memory. Each line below took minutes to hours once, or could. */

const files = tinyExport();
const studyXml = `${tinyNames.study}.xml`;
const pointXml = '1-LA_P1_Point_Export.xml';
const manyBlanks = ' '.repeat(500_000);
const tooLongMs = 10_000;

function edited(path: string, from: string, to: string): Record<string, string | Buffer> {
  const text = files[path]!.toString('latin1');
  assert.ok(text.includes(from), `${path} holds ${from}`);
  return { ...files, [path]: Buffer.from(text.replace(from, to), 'latin1') };
}

/** Undefined when the export was written; else the code of what it was refused with. */
async function refusal(input: Record<string, string | Buffer>): Promise<string | undefined> {
  try {
    await collect((await pseudonymise(memorySource(input), passAlways, testSite)).files);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CartoError, `${(error as Error).stack}`);
    return error.code;
  }
}

// biome-ignore format: the columns are the documentation
const blanks: readonly [path: string, from: string, to: string][] = [
  ['VisiTagExport/VisiTagSettings.txt', 'PresetId',           `a${manyBlanks}b\r\nPresetId`],
  ['VisiTagExport/VisiTagSettings.txt', 'nobody',             `x${manyBlanks}y`],
  ['VisiTagExport/VisiTagSessions.txt', 'NA',                 `a${manyBlanks}b`],
  ['VisiTagExport/VisiTagSessions.txt', 'Comment',            `${manyBlanks}Comment`],
  ['VisiTagExport/Sites.txt',           'TagIndexStatus',     `TagIndexStatus${manyBlanks}`],
  ['VisiTagExport/Sites.txt',           'ChannelID',          `${manyBlanks}ChannelID`],
  ['1-LA.mesh',                         'MeshName               = ', `MeshName               = ${manyBlanks}x`],
  ['1-LA.mesh',                         '; Color Value',      `; ${manyBlanks}x\r\n; Color Value`],
  ['1-LA_P1_ContactForce.txt',          'Mode=0',             `a${manyBlanks}b`],
  ['1-LA_P1_ECG_Export.txt',            'Reference Channel=I', `Reference Channel=a${manyBlanks.slice(0, 60_000)}b`],
  ['RF_1-LA_1.txt',                     'Power Mode',         `Power${manyBlanks}Mode`],
];

for (const [path, from, to] of blanks) {
  test(`a line of blanks costs no more than its length: ${path}, at ${from.trim()}`, async () => {
    const begun = performance.now();
    assert.equal(await refusal(edited(path, from, to)), undefined);
    assert.ok(performance.now() - begun < tooLongMs);
  });
}

test('an attribute, a text or a comment that does not end is refused before it fills the memory', async () => {
  const endless = 'x'.repeat(9 << 20);
  for (const input of [
    edited(studyXml, 'Scale="0.5"', `Scale="${endless}"`),
    edited(pointXml, '<Positions>', `<Positions>${endless}`),
    edited(pointXml, '<Positions>', `<!--${endless}--><Positions>`),
  ]) {
    assert.equal(await refusal(input), 'UNREADABLE');
  }
});

test('lists as long as a file may be are no reason to fall over', async () => {
  assert.equal(await refusal(edited(studyXml, '>9 300<', `>${'9 '.repeat(300_000)}<`)), undefined);
  const attributes = Array.from({ length: 20_000 }, (_, at) => `a${at}="${at}"`).join(' ');
  assert.equal(await refusal(edited(pointXml, '<Positions', `<Positions ${attributes}`)), undefined);
});

test('more maps or columns than a study has are refused', async () => {
  const maps = Array.from({ length: 1100 }, (_, at) => `<Map Name="m${at}" Index="${at + 9000}" />`).join('');
  assert.equal(await refusal(edited(studyXml, '</Maps>', `${maps}</Maps>`)), 'TOO_LARGE');
  const columns = edited('VisiTagExport/VisiTagSessions.txt', 'Comment', `Comment ${'c '.repeat(1000)}`);
  assert.equal(await refusal(columns), 'UNREADABLE');
});

test('a wide header does not make every row as wide', async () => {
  const path = 'VisiTagExport/VisiTagSessions.txt';
  const [header = '', row = ''] = files[path]!.toString().split('\r\n');
  const rows = Array.from({ length: 200 }, () => `${row}\r\n`).join('');
  const wide = { ...files, [path]: `${header.replace('Comment', `${' '.repeat(100_000)}Comment`)}\r\n${rows}` };
  const { files: written } = await pseudonymise(memorySource(wide), passAlways, testSite);
  const sessions = await collect(written.filter(({ name }) => name === path));
  assert.ok(sessions[path]!.length < 200 * 400);
});

test('entities, document types and deep nesting are refused', async () => {
  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>';
  assert.equal(await refusal(edited(pointXml, '<Point ', `${bomb}<Point `)), 'UNREADABLE');
  assert.equal(await refusal(edited(pointXml, 'From="-100"', 'From="&b;"')), 'UNREADABLE');
  assert.equal(await refusal(edited(pointXml, '<Positions>', '<a>'.repeat(100_000))), 'UNREADABLE');
});

test('no number of a file gets into a message', async () => {
  for (const [from, to] of [
    ['NumVertex              = 4', 'NumVertex              = 4711238'],
    ['NumTriangle            = 4', 'NumTriangle            = 4711238'],
    ['        1        2        3', '        1        2  4711238'],
  ] as const) {
    await assert.rejects(
      collect((await pseudonymise(memorySource(edited('1-LA.mesh', from, to)), passAlways, testSite)).files),
      (error) => error instanceof CartoError && !/4711238/.test(`${error.message} ${error.hint}`),
    );
  }
});
