import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from './random.ts';

test('the same seed and stream give the same numbers, another seed or stream gives others', () => {
  const draw = (seed: number, stream: string) => {
    const random = randomOf(seed, stream);
    return Array.from({ length: 8 }, () => random.next());
  };
  assert.deepEqual(draw(1, 'a'), draw(1, 'a'));
  assert.notDeepEqual(draw(1, 'a'), draw(2, 'a'));
  assert.notDeepEqual(draw(1, 'a'), draw(1, 'b'));
});

test('numbers are spread as they should be', () => {
  const random = randomOf(5, 'spread');
  const uniform = Array.from({ length: 20_000 }, () => random.next());
  const normal = Array.from({ length: 20_000 }, () => random.normal());
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(uniform.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(mean(uniform) - 0.5) < 0.01);
  assert.ok(Math.abs(mean(normal)) < 0.03);
  assert.ok(Math.abs(mean(normal.map((value) => value * value)) - 1) < 0.05);
  const whole = Array.from({ length: 2_000 }, () => random.integer(3, 6));
  assert.deepEqual([...new Set(whole)].sort(), [3, 4, 5, 6]);
});
