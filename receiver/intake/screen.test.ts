import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screenPage } from './screen.ts';

const event = (sequence: number, body = 'a.b.c', properties: Record<string, string> = { kind: 'batch' }) => ({
  ...{ sequence, deviceId: 'dev-1', messageId: 'm', enqueuedAt: '2026-01-01T00:00:00Z', properties },
  body: Buffer.from(body),
});

test('an empty page moves nothing', () => {
  assert.equal(screenPage({ events: [], unreadable: [], newest: 5 }), undefined);
});

test('batch events are taken over, everything else is passed over with a reason', () => {
  const events = [
    event(1),
    event(2, 'a.b.c', { kind: 'telemetry' }),
    event(3, 'a.b.c', {}),
    event(4, 'not a JWS'),
    event(5, 'a.b.'),
    event(6, 'ä.b.c'),
    event(7, `a.${'b'.repeat(128 * 1024)}.c`),
    event(8),
  ];
  const screened = screenPage({ events, unreadable: [9], newest: undefined });
  assert.equal(screened?.through, 9);
  assert.equal(screened?.events.length, 2);
  assert.deepEqual(
    screened?.rejections.map(({ sequence, code }) => [sequence, code]),
    [
      [2, 'UNKNOWN_KIND'],
      [3, 'UNKNOWN_KIND'],
      [4, 'SIGNATURE_MALFORMED'],
      [5, 'SIGNATURE_MALFORMED'],
      [6, 'SIGNATURE_MALFORMED'],
      [7, 'EVENT_TOO_LARGE'],
      [9, 'EVENT_UNREADABLE'],
    ],
  );
});
