import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { FakeClock } from '../testing/clock.ts';
import { addressesIn, NeighbourSource } from './neighbours.ts';

const head = 'IP address       HW type     Flags       HW address            Mask     Device\n';
const row = (address: string, flags: string) =>
  `${address.padEnd(16)} 0x1         ${flags}         00:11:22:33:44:55     *        eth0\n`;

test('only entries with a known hardware address count', (t) => {
  assert.deepEqual(addressesIn(head + row('192.0.2.7', '0x2') + row('192.0.2.8', '0x0') + row('192.0.2.9', '0x6')), [
    '192.0.2.7',
    '192.0.2.9',
  ]);
  assert.deepEqual(addressesIn(''), []);
  if (!existsSync('/proc/net/arp')) return t.skip('no kernel table here');
  assert.ok(Array.isArray(addressesIn(readFileSync('/proc/net/arp', 'latin1'))));
});

test('a machine that is seen is weak evidence, for a time after it was last seen; nobody else is', async (t) => {
  const table = join(temporaryFolder(t), 'arp');
  const clock = new FakeClock();
  const source = new NeighbourSource({ settings: { addresses: ['192.0.2.7'], lifetimeMinutes: 10 }, clock, table });
  writeFileSync(table, head + row('192.0.2.70', '0x2') + row('192.0.2.7', '0x0'));
  assert.deepEqual(source.statements(), []);
  writeFileSync(table, head + row('192.0.2.7', '0x2'));
  assert.deepEqual(
    source.statements().map(({ says }) => says),
    ['maybe'],
  );
  writeFileSync(table, head);
  await clock.advance(10 * 60_000 - 1);
  assert.equal(source.statements().length, 1);
  await clock.advance(1);
  assert.deepEqual(source.statements(), []);
});
