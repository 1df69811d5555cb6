/** A reproducible source of numbers: the same seed and stream give the same sequence on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Whole number, both ends included. */
  integer(low: number, high: number): number;
  /** Normal distribution, mean 0, standard deviation 1. */
  normal(): number;
}

/**
 * The numbers of one stream of one seed. Each part of a study draws from a stream of its own name, so asking for more
 * points does not change the anatomy or the lesions.
 */
export function randomOf(seed: number, stream: string): Random {
  const next = generator(hash(`${seed}/${stream}`));
  const between = (low: number, high: number) => low + (high - low) * next();
  return {
    next,
    between,
    integer: (low, high) => low + Math.floor((high - low + 1) * next()),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

/** sfc32 (small fast counting generator, 32 bit), warmed up so that near seeds part ways. */
function generator(start: number): () => number {
  let a = start;
  let b = start ^ 0x9e3779b9;
  let c = Math.imul(start, 0x85ebca6b);
  let counter = 1;
  const next = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    return (result >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 16; round += 1) next();
  return next;
}

/** FNV-1a with a final mix. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  return value ^ (value >>> 15);
}
