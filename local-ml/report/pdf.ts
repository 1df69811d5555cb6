import { buffer } from 'node:stream/consumers';
import PDFDocument from 'pdfkit';
import { version } from '../../core/version.ts';
import { look } from '../look.ts';
import type { Report } from './model.ts';
import { groupsOf } from './pdf-blocks.ts';
import { type Doc, ink, page, regular, textHeight, textWidth, write } from './pdf-page.ts';
import { place } from './strips.ts';

/**
 * The report as a PDF of A4 pages, with the notice on each of them. The same report gives the same bytes: no time is in it
 * (the date of creation, which the format wants, is the first moment of 1970), and its identifier comes of its digest.
 */
export async function pdfOf(report: Report): Promise<Uint8Array> {
  const doc: Doc = new PDFDocument({
    ...{ size: 'A4', margin: 0, autoFirstPage: false, bufferPages: true },
    ...{ pdfVersion: '1.7', lang: 'en', displayTitle: true, font: regular },
    info: {
      Title: report.title,
      Subject: `Findings with SHA-256 ${report.findingsSha256}`,
      Creator: `Vestibule ${version()}`,
      CreationDate: new Date(0),
    },
  });
  const whole = buffer(doc);
  const placed = place(groupsOf(doc, report), page.frame, page.sectionGap);
  const pages = (placed.at(-1)?.page ?? 0) + 1;
  for (let at = 0; at < pages; at++) {
    doc.addPage();
    underline(doc, report, `Page ${at + 1} of ${pages}`);
    if (at > 0) write(doc, report.title, { ...aside, x: page.left, top: 22 });
    for (const { strip, top } of placed.filter((one) => one.page === at)) {
      look();
      strip.draw(top);
    }
  }
  doc.end();
  return whole;
}

const aside = { size: 6.8, color: ink.soft } as const;

/** What stands on every page below its text. */
function underline(doc: Doc, { notice, findingsSha256 }: Report, number: string): void {
  const top = page.frame.bottom + 10;
  const [width, gap] = [textWidth - 120, 6];
  doc.moveTo(page.left, top - gap).lineTo(page.left + textWidth, top - gap);
  doc.lineWidth(0.5).stroke(ink.rule);
  write(doc, notice, { ...aside, x: page.left, top, width });
  const right = { ...aside, x: page.left + width, width: textWidth - width, align: 'right' } as const;
  write(doc, number, { ...right, top, isBold: true, color: ink.text });
  write(doc, `findings ${findingsSha256.slice(0, 12)}`, { ...right, top: top + textHeight(doc, number, right) });
}
