import type { TestContext } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { Analyser, type AnalyserOptions } from '../analysis/analyser.ts';
import type { ReportForm } from '../report/forms.ts';

/** An analyser behind an open gate, asked for exports under one piece of work; it ends with the test. */
export function analyserOf(t: TestContext, more: Partial<AnalyserOptions> = {}) {
  const gate = new Gate();
  gate.open();
  const analyser = new Analyser({ gate, ...more });
  t.after(() => analyser.stop());
  const work = gate.work('test');
  const { signal } = new AbortController();
  const analyse = (path: string, reportForm?: ReportForm) =>
    analyser.analyse({ kind: 'export', path }, { work, signal, reportForm });
  return { gate, work, analyser, analyse };
}
