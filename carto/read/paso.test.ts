import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { memorySource } from '../testing/memory-source.ts';
import { tetrahedron, tinyExport } from '../testing/tiny-export.ts';
import { readStudy } from './read-study.ts';

const configuration = `IS-IS Correlation Threshold: 0.8
PM-IS Correlation Threshold: 0.9
IS-IS Minimum Correlated Channels: 10
IS Default Prefix Name: IS
`;
const template = (rows: string) => `ID: 3
Name: IS front wall
Year: 2020 Month: 1 Day: 2 10:11:12
Cycle Length: 412
Timestamp: 650123
Current WOI: -40 90
Reference IS
ECG:
    I   II  III
${rows}`;
const correlations = `1 Correlated to 2
 User Defined Average: 0.912
 User Defined Channels: 0.91 0.93 -10000
 User Defined WOI: 10 120
 System Average: 0.887
 System Channels: 0.88 0.89 0.9
 System WOI: 5 125
1 Correlated to 3
 System Average: 0.5
`;
const read = (files: Record<string, string>) => readStudy(memorySource({ ...tinyExport(), ...files }), passAlways);

test('configuration, templates and correlations, in CRLF and LF', async () => {
  for (const end of ['\n', '\r\n']) {
    const files = {
      'PaSoExport/ConfigurationData.txt': configuration,
      'PaSoExport/IS front wall.txt': template('   12  -34    5\n12345-2345   -1\n\n'),
      'PaSoExport/ISISCorrelations.txt': correlations,
    };
    const inEnds = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('\n', end)]));
    const { paceMapping, leftOut, damaged } = await read(inEnds);
    assert.equal(paceMapping?.configuration.get('IS-IS Correlation Threshold'), '0.8');
    const [found] = paceMapping.templates;
    assert.deepEqual(
      [found?.id, found?.name, found?.recordedAt, found?.isReference, found?.cycleLengthMs, found?.startStudyMs],
      [3, 'IS front wall', 'Year: 2020 Month: 1 Day: 2 10:11:12', true, 412, 650_123],
    );
    assert.deepEqual(
      found?.channels.map(({ name, counts }) => [name, ...counts]),
      [
        ['I', 12, 12_345],
        ['II', -34, -2345],
        ['III', 5, -1],
      ],
    );
    assert.deepEqual(paceMapping.correlations, [
      {
        of: 'ISIS',
        id: 1,
        correlatedTo: 2,
        user: { average: 0.912, channels: [0.91, 0.93, Number.NaN], window: { fromMs: 10, toMs: 120 } },
        system: { average: 0.887, channels: [0.88, 0.89, 0.9], window: { fromMs: 5, toMs: 125 } },
      },
      { of: 'ISIS', id: 1, correlatedTo: 3, system: { average: 0.5, channels: [] } },
    ]);
    assert.deepEqual([leftOut, damaged], [[], []]);
  }
});

test('a template of another form is left, a damaged one told of; both stop nothing', async () => {
  const { paceMapping, warnings, damaged } = await read({
    'PaSoExport/IS1.txt': 'hello\n',
    'PaSoExport/IS2.txt': template('   12  -34\n'),
  });
  assert.deepEqual(paceMapping?.templates, []);
  assert.deepEqual(
    damaged.map(({ kind, line }) => [kind, line]),
    [['paso-template', 10]],
  );
  assert.ok(warnings.some(({ code, kind }) => code === 'unrecognised' && kind === 'paso-template'));
});

test('where pace mapping was used, a LAT of -100 to 0 alone is marked: it may be a score', async () => {
  const latMesh = (values: readonly number[]) => {
    let text = tetrahedron({ coloured: true }).replaceAll('Unipolar', 'LAT     ');
    for (const [at, old] of ['0.25000', '1.50000', '2.50000'].entries())
      text = text.replace(old, `${values[at]}.00000`);
    return text;
  };
  const marks = async (values: readonly number[], files: Record<string, string>) => {
    const { maps } = await read({ '1-LA.mesh': latMesh(values), ...files });
    return maps[0]?.mesh?.colors.map(({ name, mayBeScore }) => [name, mayBeScore ?? false]);
  };
  const used = { 'PaSoExport/ConfigurationData.txt': configuration };
  assert.deepEqual((await marks([-97, -12, 0], used))?.[0], ['LAT', true]);
  assert.deepEqual((await marks([-97, -12, 40], used))?.[0], ['LAT', false]);
  assert.deepEqual((await marks([-97, -12, 0], {}))?.[0], ['LAT', false]);
});
