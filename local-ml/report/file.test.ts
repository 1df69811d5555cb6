import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { analyse } from '../analysis/analyse.ts';
import { defaultAnalysisConfig } from '../analysis/config.ts';
import { inputOfShell, readTestShells } from '../testing/test-shells.ts';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

test('REPORT-04: what sets a PDF is loaded where one is asked for, and only there', async () => {
  const [shell] = readTestShells();
  const runtime = { name: 'none', instructionSet: 'none' };
  const deps = { config: defaultAnalysisConfig, models: {}, runtime, checkpoint: passAlways };
  const analysis = await analyse(inputOfShell(shell!), deps);
  const { reportFile } = await import('./file.ts');
  const ofPdf = () => loaded.filter((url) => /pdf|fontkit/.test(url.replace(/.*node_modules|.*report\//, '')));
  assert.match(Buffer.from(await reportFile(analysis, 'html')).toString(), /^<!doctype html>/);
  assert.ok(
    loaded.some((url) => url.endsWith('/report/html.ts')),
    'the hook sees what is loaded',
  );
  assert.deepEqual(ofPdf(), []);
  assert.match(Buffer.from(await reportFile(analysis, 'pdf')).toString('latin1'), /^%PDF-1\.7/);
  assert.ok(ofPdf().some((url) => url.includes('node_modules/pdfkit/')));
});
