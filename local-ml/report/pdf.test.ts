import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { simulateStudy } from '../../carto/index.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256 } from '../../core/digest.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { type Findings, notForDiagnosis } from '../../protocol/findings.ts';
import { analyserOf } from '../testing/test-analyser.ts';
import type { ReportForm } from './forms.ts';
import { regionColors } from './looks.ts';
import type { Report } from './model.ts';
import { pdfOf } from './pdf.ts';
import { inkOf, pixelsLike, readPdf } from './testing/poppler.ts';

async function analysed(t: TestContext, forms: readonly ReportForm[]) {
  const names = { study: 'Miller 1950', maps: ['Map of Miller', 'Another'] };
  const { folder } = await simulateStudy({
    seed: 11,
    ablationGapMm: 12,
    points: 40,
    names,
    folder: temporaryFolder(t),
  });
  const { analyse } = analyserOf(t);
  const reports: Uint8Array[] = [];
  let findings: Findings | undefined;
  for (const reportForm of forms) {
    const result = await analyse(folder, reportForm);
    findings = result.findings;
    reports.push(result.report!);
  }
  return { findings: findings!, reports };
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');
const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+(\.\d+)?/gu) ?? [];
const numbersOf = (line: string) => (line.match(/\d+(\.\d+)?/g) ?? []).map(Number);
const siteName = (site: string) =>
  site.replace(/^L_/, 'left ').replace(/^R_/, 'right ').replaceAll('_', ' ').toLowerCase();

/** The words that a reader of the page sees. */
function wordsOfHtml(html: string): readonly string[] {
  const seen = html.replace(/<style>.*?<\/style>/s, '').replace(/<title>.*?<\/title>/gs, '');
  return wordsOf(seen.replace(/<[^>]+>/g, ' ').replaceAll('&lt;', '<'));
}

test('REPORT-05: the PDF of a case: twice the same bytes, valid for others, fonts within, notice and number on each page, all that the page of HTML says, no name', async (t) => {
  const { findings, reports } = await analysed(t, ['pdf', 'pdf', 'html']);
  const [one, two, html] = reports;
  assert.deepEqual(one, two);
  const pdf = readPdf(t, one!);
  assert.match(pdf.check(), /No syntax or stream encoding errors found/);
  assert.match(pdf.info, /^CreationDate:\s+Thu Jan {2}1 00:00:00 1970/m);
  assert.match(pdf.info, /^Title:\s+Analysis of a left-atrial map$/m);
  assert.equal(pdf.fonts.length, 2);
  for (const font of pdf.fonts) assert.match(font, /IBMPlexSans.* yes yes yes /);
  assert.ok(pdf.pages >= 3);
  for (const [at, text] of pdf.texts.entries()) {
    assert.ok(oneLine(text).includes(notForDiagnosis), `page ${at + 1}`);
    assert.ok(text.includes(`Page ${at + 1} of ${pdf.pages}`));
  }
  const left = wordsOf(pdf.texts.join('\n'));
  for (const word of wordsOfHtml(Buffer.from(html!).toString())) {
    const at: number = left.indexOf(word);
    assert.notEqual(at, -1, `${word} is not in the PDF as often as on the page`);
    left.splice(at, 1);
  }
  for (const text of [...pdf.texts, pdf.info, Buffer.from(one!).toString('latin1')])
    assert.doesNotMatch(text, /Miller|Another|1950/);
  assert.ok(pdf.texts.join().includes(sha256(canonicalJson(findings))), 'the digest of what --json prints');
  checkNumbers(findings, pdf.lines.flat());
});

/** Every row of numbers stands in one line, with the numbers of the findings and no other. */
function checkNumbers({ lesions, voltage, discontinuities, chamber, input }: Findings, lines: readonly string[]): void {
  const rowsOf = (name: string) => lines.filter((line) => line.trim().startsWith(name)).map((line) => line.trim());
  const has = (name: string, numbers: readonly (number | undefined)[]) => {
    const found = rowsOf(name).map((line) => numbersOf(line.slice(name.length)));
    assert.ok(
      found.some((row) => JSON.stringify(row) === JSON.stringify(numbers.filter((one) => one !== undefined))),
      `${name}: ${JSON.stringify(numbers)} is not among ${JSON.stringify(found)}`,
    );
  };
  const spread = (of?: { readonly p50: number; readonly min: number; readonly max: number }) => [
    of?.p50,
    of?.min,
    of?.max,
  ];
  const { segments, all } = lesions!;
  assert.ok(segments.length > 10);
  for (const one of [...segments, { ...all, site: 'all' }]) {
    const { index, belowIndexTarget, forceG, ftiGs, durationS, interLesionMm: away } = one;
    const numbers = [one.lesions, ...spread(index), belowIndexTarget, ...[forceG, ftiGs, durationS].flatMap(spread)];
    has(siteName(one.site), [...numbers, away?.p50, away?.p95, away?.max]);
  }
  const { walls, body, wholeShell } = voltage!;
  assert.equal(walls!.length, 7);
  const areas = [
    ...walls!.map((one) => [one.wall, one] as const),
    ['body without veins, appendage, valve', body!] as const,
    ['whole shell, everything in it', wholeShell] as const,
  ];
  for (const [name, { areaCm2, mappedCm2, below }] of areas)
    has(name, [areaCm2, mappedCm2, ...below.flatMap((one) => [one.areaCm2, one.percent])]);
  assert.equal(discontinuities!.length, 1);
  const { effectiveWidthMm, betweenMm, neighbours, confidence } = discontinuities![0]!;
  const [before, after] = neighbours;
  has('1', [effectiveWidthMm, betweenMm, before + 1, after + 1, Math.round(100 * confidence)]);
  has('area, cm²', [chamber!.areaCm2]);
  has('vertices, triangles', [input.vertices, input.triangles]);
}

test('REPORT-06: the pictures are drawn: regions, voltage and openings in their colours; nothing runs into the margins', async (t) => {
  const { reports } = await analysed(t, ['pdf']);
  const { images } = readPdf(t, reports[0]!);
  for (const image of images) {
    const { left, right, top, bottom } = inkOf(image);
    assert.ok(left >= 39 && right <= 556 && top >= 20 && bottom <= 830, JSON.stringify({ left, right, top, bottom }));
  }
  const count = (color: readonly [number, number, number]) =>
    images.reduce((sum, image) => sum + pixelsLike(image, color), 0);
  for (const [, color] of Object.values(regionColors)) assert.ok(count(color) > 100, String(color));
  assert.ok(count([192, 20, 140]) > 30, 'openings');
  assert.ok(count([130, 90, 180]) > 1000, 'healthy voltage');
});

const cell = (row: number, column: number) => row * 100 + column;
const longReport: Report = {
  ...{
    title: 'Prüfung',
    notice: 'Größe, Ärzte, Übung – ’nicht’ für Diagnosen · m² µV €',
    findingsSha256: 'ab'.repeat(32),
  },
  review: 'Äußerste Vorsicht',
  sections: [
    { title: 'Short', blocks: [{ kind: 'list', items: ['ä', 'ö', 'ü'] }] },
    {
      title: 'Long and wide',
      blocks: [
        {
          ...{ kind: 'table', words: [0] },
          head: ['segment', ...Array.from({ length: 18 }, (_, n) => (n % 2 ? '%' : `< ${n / 10} mV, cm²`))],
          rows: Array.from({ length: 150 }, (_, row) => [
            `row${row} of the body without veins`,
            ...Array.from({ length: 18 }, (_, column) => (column === 17 ? undefined : cell(row, column))),
          ]),
        },
      ],
    },
    { title: 'After', blocks: [{ kind: 'paragraph', text: 'þ'.repeat(900) }] },
  ],
};

test('REPORT-07: a table of many rows and columns goes over pages with its head on each; no cell is lost or outside; umlauts and signs come out', async (t) => {
  const pdf = readPdf(t, await pdfOf(longReport));
  assert.match(pdf.check(), /No syntax or stream encoding errors found/);
  assert.ok(pdf.pages >= 4);
  for (const [at, text] of pdf.texts.entries()) {
    assert.ok(oneLine(text).includes(longReport.notice), `page ${at + 1}: ${text}`);
    if (/row\d/.test(text)) assert.ok(text.includes('segment'), `page ${at + 1} has rows and no head`);
  }
  const text = pdf.texts.join('\n');
  assert.ok(text.includes('Prüfung') && text.includes('Äußerste Vorsicht'));
  const numbers = new Set(numbersOf(text));
  for (let row = 0; row < 150; row++)
    for (let column = 0; column < 17; column++) assert.ok(numbers.has(cell(row, column)), `${row} ${column}`);
  for (const image of pdf.images) {
    const { left, right, bottom } = inkOf(image);
    assert.ok(left >= 39 && right <= 556 && bottom <= 830);
  }
  assert.equal(text.match(/þ/g)!.length, 900);
});

test('REPORT-08: another case has another identifier of the file', async () => {
  const identifier = async (findingsSha256: string) =>
    /\/ID \[<([0-9a-f]+)>/.exec(Buffer.from(await pdfOf({ ...longReport, findingsSha256 })).toString('latin1'))![1];
  const [one, two] = [await identifier('ab'.repeat(32)), await identifier('cd'.repeat(32))];
  assert.match(one!, /^[0-9a-f]{32}$/);
  assert.notEqual(one, two);
});
