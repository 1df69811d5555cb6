/** One measured figure: printed as one JSON line. Ratios are paired with a rival measured in the same run. */
export interface Figure {
  readonly figure: string;
  readonly unit: string;
  /** Median over the runs. */
  readonly median: number;
  readonly runs: readonly number[];
  readonly rival?: {
    readonly name: string;
    readonly median: number;
    readonly runs: readonly number[];
    /** Median of the ratios, ours to the rival's, pair by pair; absent where the rival's is 0. */
    readonly ratio?: number;
  };
  readonly notes?: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const rounded = (value: number) => Number(value.toPrecision(4));

/** Makes a figure from its runs, with those of a rival that ran beside it. */
export function figureOf(
  name: string,
  unit: string,
  runs: readonly number[],
  more: { readonly rival?: { readonly name: string; readonly runs: readonly number[] }; readonly notes?: string } = {},
): Figure {
  const { rival, notes } = more;
  const figure = {
    figure: name,
    unit,
    median: rounded(median(runs)),
    runs: runs.map(rounded),
    ...(notes ? { notes } : {}),
  };
  if (!rival) return figure;
  const ratio = rival.runs.includes(0)
    ? {}
    : { ratio: rounded(median(runs.map((value, at) => value / rival.runs[at]!))) };
  return {
    ...figure,
    rival: { name: rival.name, median: rounded(median(rival.runs)), runs: rival.runs.map(rounded), ...ratio },
  };
}
