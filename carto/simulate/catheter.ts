/** Mapping catheters, by the name that people use. */
export const catheterNames = ['navistar', 'lasso', 'pentaray', 'octaray'] as const;
export type CatheterName = (typeof catheterNames)[number];

/** A catheter with several electrodes: where they sit and how an export names and numbers them. */
export interface Catheter {
  readonly name: CatheterName;
  /** What it is plugged into: part of the names of its position files. */
  readonly connector: string;
  /** Electrodes on the shaft: they come first in the position files. */
  readonly shaft: number;
  /** Splines, each numbered from 1 again, and electrodes of each. */
  readonly splines: number;
  readonly perSpline: number;
  /** How far apart the electrodes of a spline are, and how far the first is from the tip, mm. */
  readonly spacingMm: number;
  readonly firstMm: number;
  /** True: the one spline is a ring of this radius. */
  readonly ringMm?: number;
  unipolar(electrode: number): Channel;
  /** The pair of an electrode, counted over all splines from 1, and the one after it. */
  bipolar(first: number): Channel;
}

/** Name and number of a channel, as in the header of an ECG file. */
export type Channel = readonly [name: string, number: number];

const twentyPole = {
  connector: 'MAGNETIC_20_POLE_A_CONNECTOR',
  unipolar: (electrode: number): Channel => [`20A_${electrode}`, 32 + electrode],
  bipolar: (first: number): Channel => [`20A_${first}-${first + 1}`, 112 + first],
};

// biome-ignore format: the columns are the documentation
export const multiElectrode: Readonly<Record<Exclude<CatheterName, 'navistar'>, Catheter>> = {
  lasso:    { name: 'lasso',    ...twentyPole, shaft: 2, splines: 1, perSpline: 20, spacingMm: 3.1, firstMm: 0, ringMm: 10 },
  pentaray: { name: 'pentaray', ...twentyPole, shaft: 2, splines: 5, perSpline: 4,  spacingMm: 4,   firstMm: 3 },
  octaray:  { name: 'octaray', connector: 'MCC_DX_CONNECTOR', shaft: 3, splines: 8, perSpline: 6, spacingMm: 2.5, firstMm: 3,
    unipolar: (electrode) => [`MCC_Dx_UniPolar_${electrode}`, 300 + electrode],
    bipolar: (first) => [`MCC_Dx_BiPolar_${first}`, 400 + first] },
};

/** The decapolar catheter in the coronary sinus: it lies still, and its first pair is the timing reference. */
export const coronarySinus = {
  connector: 'CS_CONNECTOR',
  electrodes: 10,
  unipolar: (electrode: number): Channel => [`CS${electrode}`, 10 + electrode],
  bipolar: (first: number): Channel => [`CS${first}-CS${first + 1}`, 100 + first],
} as const;
