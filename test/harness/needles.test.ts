import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NeedleSearch } from './needles.ts';
import { Dice } from './random.ts';

test('finds what a search one by one finds, at the same places', () => {
  const dice = new Dice(5);
  const text = (length: number) =>
    Buffer.from(Array.from({ length }, () => dice.pick([...'abAB01\u00ff'])).join(''), 'latin1');
  for (let round = 0; round < 200; round++) {
    const haystack = text(dice.below(300));
    const needles = Array.from({ length: 1 + dice.below(12) }, () => text(2 + dice.below(5)));
    const search = new NeedleSearch<number>();
    for (const [at, needle] of needles.entries()) search.add(needle, at);
    const lower = (bytes: Buffer) => bytes.toString('latin1').replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    const expected = needles.flatMap((needle, what) => {
      const places: string[] = [];
      for (
        let at = lower(haystack).indexOf(lower(needle));
        at >= 0;
        at = lower(haystack).indexOf(lower(needle), at + 1)
      )
        places.push(`${what} ${at}`);
      return places;
    });
    assert.deepEqual(
      search
        .find(haystack)
        .map(({ what, at }) => `${what} ${at}`)
        .sort(),
      expected.sort(),
    );
  }
});
