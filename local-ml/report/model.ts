import type { LookName } from './looks.ts';

/**
 * A report before it is a page: what is said and drawn, in order, with every word and every place. `html.ts` and `pdf.ts`
 * set it; neither adds content, so the two cannot tell different things.
 */
export interface Report {
  readonly title: string;
  readonly notice: string;
  /** Says that a person must look first; absent where none need. */
  readonly review?: string;
  readonly sections: readonly Section[];
  /** Of the findings that are told: lower-case hexadecimal SHA-256 of their canonical JSON. */
  readonly findingsSha256: string;
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Cell = string | number | undefined;

export interface Table {
  readonly kind: 'table';
  readonly head: readonly string[];
  /** An undefined cell is a dash. */
  readonly rows: readonly (readonly Cell[])[];
  /** Which columns hold words; the others hold numbers. */
  readonly words: readonly number[];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | Table
  /** Names with their values, no head. */
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [name: string, value: Cell])[] }
  | { readonly kind: 'keys'; readonly keys: readonly Key[] }
  | { readonly kind: 'pictures'; readonly columns: 2 | 3; readonly pictures: readonly Picture[] };

/** What a look in the pictures means. */
export interface Key {
  readonly shape: 'square' | 'dot';
  readonly look: LookName;
  readonly text: string;
}

export interface Picture {
  /** For who does not see it. */
  readonly label: string;
  readonly caption: string;
  /** What is shown of the drawing's plane, in its units; right and down. */
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  /** What is later covers what is earlier. */
  readonly shapes: readonly Shape[];
}

/** Numbers are in the units of the picture's box. */
export type Shape = { readonly look: LookName; readonly faint?: boolean } & (
  | { readonly kind: 'polygon'; readonly corners: readonly (readonly [x: number, y: number])[] }
  | {
      readonly kind: 'line';
      readonly from: readonly [x: number, y: number];
      readonly to: readonly [x: number, y: number];
    }
  | { readonly kind: 'circle'; readonly x: number; readonly y: number; readonly radius: number; readonly note?: string }
  /** Standing on y; x is its beginning, its middle or its end. */
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly anchor: 'start' | 'middle' | 'end';
    }
);

export const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
/** A cell as it is shown. */
export const cellText = (cell: Cell): string => String(cell ?? '–');
