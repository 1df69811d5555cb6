/** A block of numbers, row by row. */
export type Tensor =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'int32'; readonly shape: readonly number[]; readonly data: Int32Array };

export type Tensors = Readonly<Record<string, Tensor>>;

/** Runs a model: named tensors in, named tensors out. */
export type RunModel = (inputs: Tensors) => Promise<Tensors>;

export const floats = (data: Float32Array, ...shape: number[]): Tensor => ({ dtype: 'float32', shape, data });
export const ints = (data: Int32Array, ...shape: number[]): Tensor => ({ dtype: 'int32', shape, data });

/** n x k logits as probabilities: of each row, computed in double precision, the greatest subtracted. */
export function softmaxRows(logits: Float32Array, columns: number): Float64Array {
  const out = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += columns) {
    let most = -Infinity;
    for (let k = row; k < row + columns; k++) most = Math.max(most, logits[k]!);
    let total = 0;
    for (let k = row; k < row + columns; k++) total += out[k] = Math.exp(logits[k]! - most);
    for (let k = row; k < row + columns; k++) out[k]! /= total;
  }
  return out;
}
