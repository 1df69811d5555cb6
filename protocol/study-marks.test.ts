import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type StudyMark, sameStudy } from './study-marks.ts';

const times = fc.integer({ min: 1, max: 10_000_000 });
/** A study of a workstation whose counters stand at `at`: maps, then points and sessions with their start times. */
const plans = fc.record({
  at: fc.integer({ min: 1, max: 50 }),
  maps: fc.integer({ min: 1, max: 4 }),
  starts: fc.uniqueArray(times, { minLength: 2, maxLength: 60 }),
  sessions: fc.uniqueArray(times, { maxLength: 20 }),
});
const studies = plans.map(marksOf);

interface Plan {
  readonly at: number;
  readonly maps: number;
  readonly starts: readonly number[];
  readonly sessions: readonly number[];
}

function marksOf({ at, maps, starts, sessions }: Plan): StudyMark[] {
  return [
    ...Array.from({ length: maps }, (_, n) => `map:${at + n}` as const),
    ...starts.map((start, n) => `point:${at + (n % maps)} ${n + 1} ${start}` as const),
    ...sessions.map((start, n) => `session:${at + n} ${start}` as const),
  ];
}

const eventsOf = (marks: readonly StudyMark[]) => marks.filter((mark) => !mark.startsWith('map:'));

test('a study is the same as itself, however much it grows, and the order tells nothing', () => {
  fc.assert(
    fc.property(studies, fc.array(times, { maxLength: 300 }), (marks, more) => {
      const grown = [...marks, ...more.map((start, n) => `point:7 ${9000 + n} ${start}` as const), 'map:999' as const];
      assert.ok(sameStudy(marks, marks.toReversed()));
      assert.ok(sameStudy(marks, grown));
      assert.ok(sameStudy(grown, marks));
    }),
  );
});

test('a study that lost less than half of its points and sessions, and kept two, is still the same', () => {
  fc.assert(
    fc.property(studies, fc.nat(100), (marks, part) => {
      const events = eventsOf(marks);
      const kept = events.slice(0, Math.max(2, Math.floor((events.length * part) / 100)));
      const reduced = [...marks.filter((mark) => mark.startsWith('map:')), ...kept];
      assert.ok(sameStudy(marks, reduced));
    }),
  );
});

test('another study is another one: the next of the workstation, or one of a workstation whose counters overlap', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      // The same counters all over, every clock a little off.
      const off = (clock: readonly number[]) => clock.map((time) => time + 10_000_001);
      const elsewhere = marksOf({ ...plan, starts: off(plan.starts), sessions: off(plan.sessions) });
      assert.ok(!sameStudy(marksOf(plan), elsewhere));
      // The same clock, other counters: the next study of the same workstation begins where this one ended.
      assert.ok(!sameStudy(marksOf(plan), marksOf({ ...plan, at: plan.at + 100 })));
      // Two moments met by chance in two large studies are not half of them.
      const [first, second] = eventsOf(marksOf(plan)) as [StudyMark, StudyMark];
      assert.equal(sameStudy(marksOf(plan), [...elsewhere, first, second]), eventsOf(marksOf(plan)).length <= 4);
    }),
  );
});

test('maps alone, one point, or points without a map in common say nothing', () => {
  assert.ok(!sameStudy(['map:1', 'map:2'], ['map:1', 'map:2']));
  assert.ok(!sameStudy(['map:1', 'point:1 1 5'], ['map:1', 'point:1 1 5']));
  assert.ok(!sameStudy(['map:1', 'session:1 5', 'session:2 6'], ['map:2', 'session:1 5', 'session:2 6']));
  assert.ok(sameStudy(['map:1', 'session:1 5', 'point:1 1 6'], ['map:1', 'session:1 5', 'point:1 1 6']));
  assert.ok(!sameStudy([], []));
});
