import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Gate } from '../../../core/gate.ts';
import { silentLog } from '../../../core/log.ts';
import { temporaryFolder } from '../../../core/testing/folder.ts';
import { FakeClock } from '../../testing/clock.ts';
import { until } from '../../testing/until.ts';
import { readLeases } from '../leases.ts';
import { ProcedureWatch } from '../watch.ts';
import { EventDecoder, eventBytes, meaningOf } from './input-event.ts';
import { type ButtonSettings, ButtonSource } from './source.ts';

const keyCode = 183; // F13
const settings: Omit<ButtonSettings, 'device'> = { key: keyCode, longPressSeconds: 3, forMinutes: 240 };
const coolDownMs = 30_000;

/** An event as the kernel writes it; its own time is left empty, nobody looks at it. */
function eventOf(type: number, code: number, value: number): Buffer {
  const bytes = Buffer.alloc(eventBytes);
  bytes.writeUInt16LE(type, 16);
  bytes.writeUInt16LE(code, 18);
  bytes.writeInt32LE(value, 20);
  return bytes;
}
const key = (code: number, value: number) => Buffer.concat([eventOf(1, code, value), eventOf(0, 0, 0)]);

/**
 * A room whose button is a named pipe that stands for the device node: kernels without uinput cannot make a real one.
 * Its end (nobody writes any more) is what unplugging is to a reader: no more events, and `cat` ends.
 */
async function newRoom(t: TestContext, more: Partial<ButtonSettings> = {}) {
  const folder = temporaryFolder(t);
  const device = join(folder, 'event7');
  execFileSync('mkfifo', [device]);
  const plug = () => openSync(device, constants.O_RDWR);
  let writer: number | undefined = plug();
  const clock = new FakeClock();
  const gate = new Gate();
  const watch = new ProcedureWatch({
    ...{ gate, clock, log: silentLog, leaseFolder: join(folder, 'leases'), authorities: ['leases'], coolDownMs },
    suspendedMs: () => 0,
    onChange: () => {},
    sources: (onChange, leases) => [
      new ButtonSource({ settings: { ...settings, device, ...more }, clock, log: silentLog, leases, onChange }),
    ],
  });
  const unplug = () => {
    if (writer !== undefined) closeSync(writer);
    writer = undefined;
  };
  t.after(async () => {
    unplug();
    await watch.stop();
  });
  await watch.start();
  await until(() => watch.status.faults === undefined, 'the button');
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
  const send = (...events: readonly Buffer[]) => writeSync(writer!, Buffer.concat(events));
  const leases = () => readLeases(join(folder, 'leases'));
  return { device, clock, gate, watch, send, leases, plug, unplug };
}

test('events are cut out of a stream in any pieces; a key that repeats itself means nothing', () => {
  const bytes = Buffer.concat([key(keyCode, 1), key(keyCode, 2), key(keyCode, 0), key(30, 1), eventOf(0, 3, 0)]);
  const decoder = new EventDecoder();
  const events = Array.from(bytes, (_, at) => decoder.push(bytes.subarray(at, at + 1))).flat();
  assert.deepEqual(events, new EventDecoder().push(bytes));
  const meanings = events.map((event) => meaningOf(event, { key: keyCode, releaseKey: 30 }));
  assert.deepEqual(
    meanings.filter((meaning) => meaning !== 'nothing'),
    ['pressed', 'let go', 'released', 'lost'],
  );
});

test('a press closes the gate with a durable lease of its own; another one renews it', async (t) => {
  const { clock, gate, send, leases } = await newRoom(t);
  send(key(keyCode, 1), key(keyCode, 0));
  await until(() => !gate.isOpen, 'a closed gate');
  const [first, ...none] = leases();
  assert.deepEqual([first?.holder, first?.forMs, none.length], ['button', 240 * 60_000, 0]);
  await clock.advance(239 * 60_000);
  send(key(keyCode, 1), key(keyCode, 0));
  await until(() => leases().length === 1 && leases()[0]?.id !== first?.id, 'a renewed lease');
  await clock.advance(239 * 60_000);
  assert.equal(gate.isOpen, false);
  await clock.advance(60_000 + coolDownMs);
  assert.equal(gate.isOpen, true, 'a press holds for its time');
});

test('a long press releases its own lease, a short one does not, and other holders keep theirs', async (t) => {
  const { clock, gate, watch, send, leases } = await newRoom(t);
  watch.take({ holder: 'nurse', reason: 'case' });
  send(key(keyCode, 1));
  await until(() => leases().length === 2, 'its lease');
  await clock.advance(2_999);
  send(key(keyCode, 0), key(keyCode, 1));
  await until(() => leases().length === 2, 'its lease');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await clock.advance(3_000);
  send(key(keyCode, 0));
  await until(() => leases().length === 1, 'its release');
  await clock.advance(10 * coolDownMs);
  assert.deepEqual([leases()[0]?.holder, gate.isOpen], ['nurse', false]);
});

test('a second key releases, and then a long press does not', async (t) => {
  const { clock, send, leases } = await newRoom(t, { releaseKey: 30 });
  send(key(keyCode, 1));
  await until(() => leases().length === 1, 'its lease');
  await clock.advance(10_000);
  send(key(keyCode, 0));
  const first = leases()[0]?.id;
  send(key(keyCode, 1));
  await until(() => leases()[0]?.id !== first, 'a renewed lease, not a release');
  send(key(30, 1));
  await until(() => leases().length === 0, 'its release');
});

test('events that were lost count as a press', async (t) => {
  const { gate, send } = await newRoom(t);
  send(eventOf(0, 3, 0));
  await until(() => !gate.isOpen, 'a closed gate');
});

test('a button that is gone frees nobody and closes the gate; it is heard again when it comes back', async (t) => {
  const { device, clock, gate, watch, send, leases, plug, unplug } = await newRoom(t);
  send(key(keyCode, 1));
  await until(() => leases().length === 1, 'its lease');
  renameSync(device, `${device}-gone`);
  unplug();
  await until(() => watch.status.faults !== undefined, 'the fault');
  await clock.advance(60 * 60_000);
  assert.deepEqual([leases().length, gate.isOpen], [1, false]);
  watch.release('button');
  await clock.advance(60 * 60_000);
  assert.deepEqual([gate.isOpen, watch.status.state], [false, 'suspected'], 'a press would not be heard');
  renameSync(`${device}-gone`, device);
  const again = plug();
  t.after(() => closeSync(again));
  await until(() => {
    void clock.advance(5_000);
    return watch.status.faults === undefined;
  }, 'the button');
  writeSync(again, key(keyCode, 1));
  await until(() => leases().length === 1, 'its lease');
});
