import { fileURLToPath } from 'node:url';

/** An A4 page in points, and how words are written on it. */
export type Doc = PDFKit.PDFDocument;

export const page = {
  left: 40,
  frame: { top: 40, bottom: 795 },
  sectionGap: 14,
} as const;
const pageWidth = 595.28;
export const textWidth = pageWidth - 2 * page.left;

export const ink = { text: '#1d1f24', soft: '#555566', rule: '#c4c4d0', faint: '#e4e4ec' } as const;

const fontFile = (weight: number) =>
  fileURLToPath(import.meta.resolve(`@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-${weight}-normal.woff`));

/**
 * Files of the fonts. They are embedded, so that every viewer shows the same and an archive needs nothing else. The document
 * knows them by these paths alone: a second name for one would have it read the file again for each word.
 */
export const regular = fontFile(400);
export const bold = fontFile(600);

export interface TextStyle {
  readonly size: number;
  readonly isBold?: boolean;
  readonly color?: string;
  readonly align?: 'left' | 'right' | 'center';
  /** Where lines end; absent: one line. */
  readonly width?: number;
}

/** Widths are rounded by who sets type: without a little room a text that fits exactly is broken. */
const slack = 0.5;

function styled(doc: Doc, { size, isBold = false }: TextStyle): Doc {
  return doc.font(isBold ? bold : regular).fontSize(size);
}

const layout = ({ width, align = 'left' }: TextStyle) =>
  width === undefined ? { lineBreak: false } : { width: width + slack, align };

/** Of the longest line, when no line is broken. */
export function textWidthOf(doc: Doc, text: string, style: TextStyle): number {
  return styled(doc, style).widthOfString(text);
}

export function textHeight(doc: Doc, text: string, style: TextStyle): number {
  return styled(doc, style).heightOfString(text, layout(style));
}

export function write(doc: Doc, text: string, style: TextStyle & { readonly x: number; readonly top: number }): void {
  styled(doc, style)
    .fillColor(style.color ?? ink.text, 1)
    .text(text, style.x, style.top, layout(style));
}
