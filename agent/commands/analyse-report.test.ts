import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simulateStudy } from '../../carto/index.ts';
import { UsageError } from '../../core/cli.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { findingsSchema } from '../../protocol/findings.ts';
import { reportFormOf } from './analyse.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

function vestibule(t: TestContext, ...words: readonly string[]) {
  const data = temporaryFolder(t);
  return new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [main, ...words, '--data', data], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test('ANALYSE-07: the ending of the report says as what it is written; any other is misuse, with a remedy', () => {
  assert.equal(reportFormOf('/tmp/one.html'), 'html');
  assert.equal(reportFormOf('a.b.pdf'), 'pdf');
  assert.equal(reportFormOf('ONE.PDF'), 'pdf');
  for (const name of ['one', 'one.htm', 'one.pdf.gz', 'pdf', '.pdf', 'one.txt']) {
    assert.throws(
      () => reportFormOf(name),
      (error) => error instanceof UsageError && /FILE\.html.*FILE\.pdf/.test(error.hint ?? ''),
      name,
    );
  }
});

test('ANALYSE-08: the command writes a whole PDF that only its owner can read, in place of what was there, and nothing beside it', async (t) => {
  const { folder } = await simulateStudy({ seed: 3, points: 0, folder: temporaryFolder(t) });
  const out = temporaryFolder(t);
  const [report, other] = [join(out, 'report.pdf'), join(out, 'other')];
  writeFileSync(other, 'of somebody else', { mode: 0o644 });
  symlinkSync(other, report);
  const { code, stdout, stderr } = await vestibule(t, 'analyse', folder, '--json', '--report', report);
  assert.equal(code, 0, stderr);
  findingsSchema.parse(JSON.parse(stdout));
  assert.match(readFileSync(report, 'latin1'), /^%PDF-1\.7.*%%EOF\s*$/s);
  assert.equal(statSync(report).mode & 0o777, 0o600);
  assert.equal(readFileSync(other, 'utf8'), 'of somebody else');
  assert.deepEqual(readdirSync(out).sort(), ['other', 'report.pdf']);
});

test('ANALYSE-09: a report of another ending is refused before anything is read', async (t) => {
  const report = join(temporaryFolder(t), 'report.docx');
  const { code, stderr } = await vestibule(t, 'analyse', '/nowhere', '--report', report);
  assert.equal(code, 2);
  assert.match(stderr, /expects a file that ends with \.html or \.pdf, found \.docx.*FILE\.pdf/s);
  assert.ok(!existsSync(report));
});
