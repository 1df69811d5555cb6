import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { FakeClock } from '../testing/clock.ts';
import { refreshLeases, remainingMs, takeLease } from './leases.ts';

const hourMs = 3_600_000;
const tenYearsMs = 10 * 365.25 * 24 * hourMs;

for (const jump of [hourMs, -hourMs, tenYearsMs, -tenYearsMs]) {
  test(`wall clock by ${Math.round(jump / hourMs)} h: a lease ends when its time has passed, over a reboot too`, async (t) => {
    const folder = temporaryFolder(t);
    const clock = new FakeClock();
    const lease = takeLease(folder, { holder: 'cli', reason: 'a case', forMs: hourMs }, clock);
    clock.jumpWall(jump);
    assert.equal(remainingMs(lease, clock), hourMs);
    await clock.advance(hourMs - 1);
    assert.equal(refreshLeases(folder, clock).length, 1);
    clock.reboot();
    clock.jumpWall(jump);
    assert.equal(refreshLeases(folder, clock).length, 1, 'it counts its whole time again');
    await clock.advance(hourMs - 1);
    assert.equal(refreshLeases(folder, clock).length, 1);
    await clock.advance(1);
    assert.deepEqual(refreshLeases(folder, clock), []);
  });
}
