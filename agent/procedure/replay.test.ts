import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Says, SourceName } from '../../protocol/control.ts';
import { replay } from './replay.ts';

const minute = 60_000;

type Said = readonly [SourceName, Says];

const line = (
  atMinute: number,
  gate: 'open' | 'closed',
  said: readonly Said[],
  more: Partial<Decision> = {},
): Decision => ({
  ...{ at: new Date(atMinute * minute).toISOString(), bootId: 'boot-1', monotonicMs: atMinute * minute, gate },
  ...{ from: 'unknown', state: gate === 'open' ? 'idle' : 'active' },
  evidence: said.map(([source, says]) => ({ source, says, key: 'k', what: 'x', ageMs: 0 })),
  ...more,
});

/** An hour free, a procedure of two hours that the timetable did not know, an hour free. */
const day = [
  line(
    0,
    'closed',
    [
      ['leases', 'free'],
      ['timetable', 'free'],
    ],
    { started: true },
  ),
  line(2, 'open', [
    ['leases', 'free'],
    ['timetable', 'free'],
  ]),
  line(60, 'closed', [
    ['leases', 'busy'],
    ['timetable', 'free'],
  ]),
  line(180, 'closed', [
    ['leases', 'free'],
    ['timetable', 'free'],
  ]),
  line(182, 'open', [
    ['leases', 'free'],
    ['timetable', 'free'],
  ]),
  line(240, 'closed', [
    ['leases', 'busy'],
    ['timetable', 'free'],
  ]),
];
const policy = {
  rules: { authorities: ['leases'], coolDownMs: 2 * minute },
  sources: ['leases', 'timetable'],
  truth: ['leases'],
} as const;

test('the policy of the recording gives what was recorded', () => {
  const { policy: mine, asRecorded, recordedMinutes, procedureMinutes } = replay(day, policy);
  assert.deepEqual([recordedMinutes, procedureMinutes], [240, 120]);
  assert.deepEqual(mine, { openMinutes: 116, missMinutes: 0, needlessMinutes: 4 });
  assert.deepEqual(asRecorded, mine);
});

test('a longer cool-down holds longer, one longer than the free time never opens', () => {
  const hold = (coolDown: number) =>
    replay(day, { ...policy, rules: { ...policy.rules, coolDownMs: coolDown * minute } }).policy;
  assert.deepEqual(hold(30), { openMinutes: 60, missMinutes: 0, needlessMinutes: 60 });
  assert.deepEqual(hold(90), { openMinutes: 0, missMinutes: 0, needlessMinutes: 120 });
});

test('a policy that does not hear the leases misses the procedure, in minutes', () => {
  const deaf = replay(day, {
    ...policy,
    rules: { authorities: ['timetable'], coolDownMs: 2 * minute },
    sources: ['timetable'],
  });
  assert.deepEqual(deaf.policy, { openMinutes: 238, missMinutes: 120, needlessMinutes: 2 });
});

test('an authority that nobody hears never opens', () => {
  const none = replay(day, { ...policy, rules: { authorities: ['mpps'], coolDownMs: 0 } });
  assert.deepEqual(none.policy, { openMinutes: 0, missMinutes: 0, needlessMinutes: 120 });
});

test('what lies between boots and daemons is left out, and nothing is remembered over it', () => {
  const cut = [
    line(0, 'closed', [['leases', 'free']], { started: true }),
    line(10, 'open', [['leases', 'free']]),
    line(100, 'closed', [['leases', 'free']], { started: true }),
    line(101, 'closed', [['leases', 'busy']]),
    line(5, 'closed', [['leases', 'free']], { bootId: 'boot-2' }),
  ];
  const { recordedMinutes, policy: mine } = replay(cut, policy);
  assert.deepEqual([recordedMinutes, mine.openMinutes], [11, 8]);
});
