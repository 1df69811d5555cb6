import type { Analysis } from '../analysis/analyse.ts';
import type { ReportForm } from './forms.ts';
import { reportOf } from './report.ts';

/** The bytes of the report of an analysis. What sets a form is loaded only where that form is asked for. */
export async function reportFile(analysis: Analysis, form: ReportForm): Promise<Uint8Array> {
  const report = reportOf(analysis);
  if (form === 'pdf') return (await import('./pdf.ts')).pdfOf(report);
  return Buffer.from((await import('./html.ts')).htmlOf(report));
}
