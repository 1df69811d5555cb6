/** Generations of the export format. Which product versions wrote which is not published. */
export const generationNames = ['v4', 'v6', 'v7'] as const;
export type GenerationName = (typeof generationNames)[number];

/** What differs between the generations: headers, columns, names of files. */
export interface Generation {
  readonly name: GenerationName;
  /** First word of `_car.txt`, and its number of columns. */
  readonly car: { readonly version: string; readonly columns: 21 | 27 | 47 };
  readonly ecg: {
    readonly version: string;
    /** Cells this wide, left- or right-aligned. */
    readonly cellWidth: number;
    readonly align: 'left' | 'right';
    /** True: a header line names the mapping channels. False: each point's XML does. */
    readonly mappingLine: boolean;
  };
  /** True: recordings are named by their start time, and the points of one recording share its files. */
  readonly sharedRecordings: boolean;
  /** Colourings with an id up to this one. */
  readonly lastColoring: 10 | 12;
  /** Columns of a mesh's vertex attributes. */
  readonly attributes: readonly ('Scar' | 'EML' | 'ExtEML')[];
  /** Whether the lesion tables know an index, and whether they have sibling tables for high power. */
  readonly visiTag: { readonly index: boolean; readonly highPower: boolean };
}

// biome-ignore format: the columns are the documentation
export const generations: Readonly<Record<GenerationName, Generation>> = {
  v4: {
    name: 'v4',
    car: { version: 'VERSION_4_0', columns: 21 },
    ecg: { version: 'ECG_Export_3.0', cellWidth: 10, align: 'right', mappingLine: true },
    sharedRecordings: false,
    lastColoring: 10,
    attributes: ['EML'],
    visiTag: { index: false, highPower: false },
  },
  v6: {
    name: 'v6',
    car: { version: 'VERSION_5_0', columns: 27 },
    ecg: { version: 'ECG_Export_4.0', cellWidth: 30, align: 'left', mappingLine: true },
    sharedRecordings: false,
    lastColoring: 12,
    attributes: ['Scar', 'EML'],
    visiTag: { index: true, highPower: false },
  },
  v7: {
    name: 'v7',
    car: { version: 'VERSION_6_0', columns: 47 },
    ecg: { version: 'ECG_Export_4.1', cellWidth: 10, align: 'right', mappingLine: false },
    sharedRecordings: true,
    lastColoring: 12,
    attributes: ['Scar', 'EML', 'ExtEML'],
    visiTag: { index: true, highPower: true },
  },
};
