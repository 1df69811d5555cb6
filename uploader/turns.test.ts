import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Urgency, urgency } from '../protocol/outbox.ts';
import { freshSeed, seededRandom } from '../test/harness/random.ts';
import { afterTurn, byUrgency, nobodyPassedOver, type PassedOver, turnsPerClass } from './turns.ts';

const seeds = [20261126, freshSeed()];

test('nobody was passed over: safety events, receipts, twin, findings, review, logs, audit, study', () => {
  const shuffled = urgency.toReversed();
  assert.deepEqual(byUrgency(shuffled, nobodyPassedOver), urgency);
});

/** Serves classes for so many turns; `arrives` says who has something to do. Returns the longest wait of each. */
function longestWaits(turns: number, arrives: (turn: number) => readonly Urgency[]): ReadonlyMap<Urgency, number> {
  let passedOver: PassedOver = nobodyPassedOver;
  const waits = new Map<Urgency, number>();
  const longest = new Map<Urgency, number>();
  for (let turn = 0; turn < turns; turn++) {
    const waiting = arrives(turn);
    const served = byUrgency(waiting, passedOver)[0];
    if (!served) continue;
    for (const each of waiting) waits.set(each, each === served ? 0 : (waits.get(each) ?? 0) + 1);
    for (const each of waiting) longest.set(each, Math.max(longest.get(each) ?? 0, waits.get(each) ?? 0));
    passedOver = afterTurn(passedOver, served, waiting);
  }
  return longest;
}

const bound = (each: Urgency) => urgency.indexOf(each) * turnsPerClass + urgency.length;

test('nothing starves: however much comes, each class is served within its bound', () => {
  const everything = longestWaits(20_000, () => urgency);
  for (const each of urgency) assert.ok((everything.get(each) ?? 0) <= bound(each), `${each}: ${everything.get(each)}`);
  for (const seed of seeds) {
    const random = seededRandom(seed);
    // What waits goes on waiting until it was served; the rest comes by chance, the urgent more often.
    const chances = new Map(urgency.map((each) => [each, random()]));
    const always = urgency.filter(() => random() < 0.5);
    const longest = longestWaits(5_000, () =>
      urgency.filter((each) => always.includes(each) || random() < (chances.get(each) ?? 0)),
    );
    for (const each of always) {
      assert.ok((longest.get(each) ?? 0) <= bound(each), `seed ${seed}: ${each} waited ${longest.get(each)} turns`);
    }
  }
});

test('the urgent is served first as long as nobody was passed over too often', () => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    for (let n = 0; n < 2_000; n++) {
      const waiting = urgency.filter(() => random() < 0.5);
      const passedOver = new Map(waiting.map((each) => [each, Math.floor(random() * turnsPerClass)]));
      const order = byUrgency(waiting, passedOver);
      assert.deepEqual(order, waiting, `seed ${seed}`);
    }
  }
});

test('a class that was served starts again, and one that has nothing to do is not passed over', () => {
  let passedOver = afterTurn(nobodyPassedOver, 'safety', ['safety', 'study']);
  passedOver = afterTurn(passedOver, 'safety', ['safety', 'study', 'log']);
  assert.deepEqual(
    passedOver,
    new Map([
      ['study', 2],
      ['log', 1],
    ]),
  );
  assert.deepEqual(afterTurn(passedOver, 'study', ['study']), new Map([['log', 1]]));
});
