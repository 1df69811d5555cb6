import fc from 'fast-check';

/** Ways to damage bytes: one changed, a run cut out, a run doubled, the end cut off, two places exchanged. */
export type Mutation = (bytes: Buffer) => Buffer;

/** `at` and `other` are parts of the length, so that one mutation fits archives of any size. */
export const mutation: fc.Arbitrary<Mutation> = fc
  .record({
    kind: fc.constantFrom('change', 'cut', 'double', 'end', 'exchange'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    other: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.integer({ min: 1, max: 255 }),
  })
  .map(({ kind, at, other, value }) => (bytes: Buffer) => {
    if (bytes.length === 0) return bytes;
    const from = Math.floor(at * (bytes.length - 1));
    const to = Math.min(from + 1 + (value % 40), bytes.length);
    if (kind === 'cut') return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    if (kind === 'double') return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
    if (kind === 'end') return Buffer.from(bytes.subarray(0, from));
    const changed = Buffer.from(bytes);
    const source = Math.floor(other * (bytes.length - 1));
    if (kind === 'change') changed[from]! ^= value;
    else bytes.copy(changed, from, source, source + 4);
    return changed;
  });
