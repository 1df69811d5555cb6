import { type Figure, figureOf } from './figure.ts';
import { type Condition, conditions, Lab } from './invisible-lab.ts';
import type { Felt } from './stand-in.ts';

const windowMs = 8_000;

const probes = {
  fsyncUs: 'append and fsync',
  lateUs: 'late after 1 ms',
} as const satisfies Record<keyof Felt, string>;
const shares = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 } as const;
type Share = keyof typeof shares;

/**
 * What a clinical program on the same two cores and the same disk feels of the appliance: a stand-in for it runs while
 * the appliance is absent, idle, paused over a backlog with a case half done, and working; and beside restic and gzip
 * over the same exports, which stop for nobody. In turn, each round in another order; *absent* stands in each round
 * twice, so that it is seen how far two windows without any appliance lie apart.
 */
export async function invisible(repeats: number): Promise<Figure[]> {
  const lab = await Lab.make();
  const felt = new Map<Condition, Felt[]>(conditions.map((condition) => [condition, []]));
  try {
    for (let round = 0; round < repeats; round++) {
      for (const condition of inTurn(round)) {
        const { felt: one, note } = await lab.during(condition, windowMs);
        felt.get(condition)?.push(one);
        console.error(`round ${round + 1}, ${condition}: ${summary(one)}${note}`);
      }
    }
  } finally {
    await lab.close();
  }
  return figuresOf(felt);
}

/** Begins elsewhere in each round, so that no condition always follows the same one as the first. */
function inTurn(round: number): readonly Condition[] {
  const first = (round * 3) % conditions.length;
  return [...conditions.slice(first), ...conditions.slice(0, first)];
}

function figuresOf(felt: ReadonlyMap<Condition, readonly Felt[]>): Figure[] {
  const runs = (condition: Condition, probe: keyof Felt, share: Share) =>
    (felt.get(condition) ?? []).map((one) => at(one[probe], shares[share]));
  const pooled = (condition: Condition, probe: keyof Felt, share: Share) =>
    at(
      (felt.get(condition) ?? []).flatMap((one) => one[probe]),
      shares[share],
    );
  return (Object.keys(probes) as (keyof Felt)[]).flatMap((probe) =>
    (Object.keys(shares) as Share[]).flatMap((share) =>
      conditions
        .filter((condition) => condition !== 'absent')
        .map((condition) => {
          const [ours, absent] = [runs(condition, probe, share), runs('absent', probe, share)];
          const ratios = ours.map((value, round) => (value / (absent[round] ?? Number.NaN)).toFixed(3)).join(' ');
          const all = `all rounds as one: ${pooled(condition, probe, share)} beside ${pooled('absent', probe, share)}`;
          const notes = `ratios ${ratios}; ${all}`;
          const rival = { name: 'absent', runs: absent };
          return figureOf(`${probes[probe]}, ${share}, ${condition}`, 'µs', ours, { rival, notes });
        }),
    ),
  );
}

function at(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function summary(felt: Felt): string {
  return (Object.keys(probes) as (keyof Felt)[])
    .map((probe) => {
      const values = Object.values(shares).map((share) => at(felt[probe], share));
      return `${probes[probe]} ${values.join('/')} µs of ${felt[probe].length}`;
    })
    .join(', ');
}
