import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { collect, memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport, tinyNames } from '../testing/tiny-export.ts';
import { pseudonymise } from './pseudonymise.ts';
import { grammars } from './rule.ts';

/** Identifiers that are numbers and that nobody typed elsewhere: the scan cannot know them, their size gives them away. */
const record = '4711081512';
const birth = '19530417';
/** The moment of the procedure: Unix time in ms, the file time of Windows. */
const [unixMs, fileTime] = ['1637852493123', '132823260931230000'];

type Edit = readonly [path: string, from: string, to: string];

async function written(edits: readonly Edit[]): Promise<{ readonly text: string; readonly odd: number }> {
  const files = tinyExport();
  for (const [path, from, to] of edits) {
    const text = files[path]!.toString('latin1');
    assert.ok(text.includes(from), `${path} holds ${from}`);
    files[path] = Buffer.from(text.replace(from, to), 'latin1');
  }
  const study = await pseudonymise(memorySource(files), passAlways, testSite);
  const output = await collect(study.files);
  const odd = study.warnings.filter(({ code }) => code === 'odd-value').reduce((sum, { count }) => sum + count, 0);
  return { text: Object.entries(output).flat().join('\n'), odd };
}

const studyXml = `${tinyNames.study}.xml`;
const pointXml = '1-LA_P1_Point_Export.xml';

// biome-ignore format: the columns are the documentation
const measured: readonly Edit[] = [
  [studyXml,                           'Scale="0.5"',             `Scale="${birth}"`],
  [studyXml,                           'Volume="0.5"',            `Volume="${record}"`],
  [studyXml,                           '<LINE_LOOP>0',            `<LINE_LOOP>${birth}`],
  [studyXml,                           '>1 0 0 0 0 1 0 0',        `>1 0 0 0 0 ${birth} 0 0`],
  [pointXml,                           'From="-100"',             `From="${birth}"`],
  [pointXml,                           'Unipolar="2.5"',          `Unipolar="${birth}"`],
  [pointXml,                           'Value="101.5"',           `Value="${birth}"`],
  ['1-LA_Points_Export.xml',           'ID="1"',                  `ID="${birth}"`],
  ['1-LA_car.txt',                     '\t101.5\t',               `\t${birth}\t`],
  ['1-LA.mesh',                        'TopologyStatus         = 0', `TopologyStatus         = ${birth}`],
  ['1-LA.mesh',                        '0  12  ',                 `0  ${birth}  `],
  ['1-LA.mesh',                        ' -0.57735        0',      ` -0.57735 ${record}`],
  ['1-LA.mesh',                        '        0.25000',         ` ${birth}`],
  ['1-LA.mesh',                        '       1 =      1     0', `       1 =      ${birth}     0`],
  ['1-LA_P1_ECG_Export.txt',           '12345',                   birth],
  ['1-LA_P1_ECG_Export.txt',           '0.003000',                birth],
  ['1-LA_P1_ContactForce.txt',         'Rate=50',                 `Rate=${birth}`],
  ['1-LA_P1_ContactForce.txt',         '602100\t5.5',             `602100\t${birth}`],
  ['1-LA_P1_ContactForce.txt',         '\t5.25\t',                `\t${birth}\t`],
  ['RF_1-LA_1.txt',                    '\t       114\t',          `\t${birth}\t`],
  ['RF_1-LA_1.txt',                    '\t     100\t',            `\t${birth}\t`],
  ['VisiTagExport/Sites.txt',          '120.125',                 birth],
  ['VisiTagExport/AblationData.txt',   '121.250',                 birth],
  ['VisiTagExport/Grids.txt',          '111.5',                   birth],
  ['VisiTagExport/VisiTagPresets.txt', '350.000',                 birth],
  ['VisiTagExport/fpti-formulas.xml',  '975.00',                  birth],
];

for (const edit of measured) {
  test(`a record number or date in the place of ${edit[1].trim()} is no measurement: ${edit[0]}`, async () => {
    const { text, odd } = await written([edit]);
    assert.ok(!text.includes(birth) && !text.includes(record));
    assert.ok(odd > 0, 'and it is told');
  });
}

// biome-ignore format: the columns are the documentation
const clocks: readonly Edit[] = [
  [pointXml,                             'Annotations StartTime="600100"', `Annotations StartTime="${unixMs}"`],
  [pointXml,                             'Number="2" StartTime="600100"',  `Number="2" StartTime="${fileTime}"`],
  ['1-LA_P1_ContactForce.txt',           '\t592640\t',                     `\t${unixMs}\t`],
  ['1-LA_P1_ContactForce.txt',           '602100',                         unixMs],
  ['RF_1-LA_1.txt',                      '700200',                         unixMs],
  ['ContactForceInRF_1-LA_1.txt',        '700100',                         fileTime],
  ['VisiTagExport/AblationData.txt',     '700100',                         unixMs],
  ['VisiTagExport/AblationSites.txt',    '703000',                         unixMs],
  ['VisiTagExport/AblationSites.txt',    '703000',                         '1637852493.123'],
  ['VisiTagExport/AblationSites.txt',    '703000',                         '44525.626'],
  ['VisiTagExport/VisiTagSessions.txt',  '699990',                         unixMs],
];

for (const edit of clocks) {
  test(`a time of the calendar is no study clock: ${edit[2]} in ${edit[0]}`, async () => {
    const { text, odd } = await written([edit]);
    for (const time of [unixMs, fileTime, '1637852493', '44525.626']) assert.ok(!text.includes(time), time);
    assert.ok(odd > 0, 'and it is told');
  });
}

test('a cell that is left out is as wide as it was, and its row stays a row', async () => {
  const { text } = await written([['VisiTagExport/Sites.txt', '             120.125', ' '.repeat(12) + birth]]);
  assert.match(text, / {4}35\.250 {14}-10000 {15}9\.500/);
});

test('sentinels of the format are within bounds', () => {
  for (const value of ['-10000', '99999', '-99999', '-10000.00000', '-nan(ind)'])
    assert.ok(grammars.measure.allows(value));
  assert.ok(grammars.threshold.allows('2147483647') && !grammars.measure.allows('2147483647'));
  assert.ok(grammars.group.allows('-1000000') && !grammars.group.allows('1000000'));
});

test('in lists no number may be out of bounds, and a field of one counter holds one', async () => {
  assert.ok(grammars.measures.allows('1 0 -99999.5') && !grammars.measures.allows(`1 0 ${birth}`));
  const { text } = await written([['1-LA_Points_Export.xml', 'Map_Index="8101"', 'Map_Index="0176 5550 199"']]);
  assert.doesNotMatch(text, /Map_Index="\d+ /);
});

test('a number that comes in pieces is one number', async () => {
  const pieces = `<![CDATA[${birth.slice(0, 4)}]]><!-- x -->${birth.slice(4)}`;
  const { text } = await written([['VisiTagExport/fpti-formulas.xml', '975.00', pieces]]);
  assert.ok(!text.includes(birth));
});

test('letters of other alphabets whose low byte is a digit are no digits', async () => {
  const { text } = await written(
    [[pointXml, 'ID="1"', 'ID="\u4e31\u4e32"']].map(([path, from, to]) => [path!, from!, utf8(to!)]),
  );
  assert.doesNotMatch(text, /ID="12"|[\u4e31]/);
});

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

test('lines of numbers before the table of forces are means only where means belong', async () => {
  const path = '1-LA_P1_ContactForce.txt';
  for (const [from, to] of [
    ['Mode=0', `Mode=0\r\n${record}`],
    ['Mode=0', `Mode=0\r\n47110 815`],
    ['Mode=0', `Mode=0\r\nTime:${record}`],
    ['Mode=0', `Mode=0\r\nmeans:47110 815`],
    ['Mode=0', `Mode=0\r\nIndex=47110`],
  ] as const) {
    const { text } = await written([[path, from, to]]);
    assert.doesNotMatch(text, /47110/, to);
  }
});

test('a group out of bounds becomes the nearest plain one: visible stays visible, hidden hidden', async () => {
  const { text } = await written([
    ['1-LA.mesh', '0.00000   0.00000  -1.00000        0', `0.00000   0.00000  -1.00000 -${record}`],
  ]);
  assert.match(text, /0\.00000 {3}0\.00000 {2}-1\.00000 {10}-1\r\n/);
});
