import assert from 'node:assert/strict';
import { test } from 'node:test';
import { procedureSchema } from './settings.ts';

const hl7 = { address: '192.0.2.1', port: 2575, peers: ['192.0.2.9', '10.1.0.0/16'], rooms: ['EP1'] };
const isTaken = (found: object) => procedureSchema.safeParse({ authorities: ['leases'], ...found }).success;

test('a listener needs address, port, peers and the names of the room', () => {
  assert.equal(isTaken({ hl7 }), true);
  for (const field of Object.keys(hl7)) assert.equal(isTaken({ hl7: { ...hl7, [field]: undefined } }), false, field);
  for (const peers of [[], ['any'], ['10.0.0.0/33'], ['0.0.0.0/0'], ['10.0.0.0/8/8']]) {
    assert.equal(isTaken({ hl7: { ...hl7, peers } }), false, peers.join());
  }
  for (const rooms of [[], [''], ['^^']]) assert.equal(isTaken({ hl7: { ...hl7, rooms } }), false, rooms.join());
});

test('an MPPS listener needs its name, its callers and the stations of the room too', () => {
  const { rooms, ...port } = hl7;
  const mpps = { ...port, aeTitle: 'VESTIBULE', callers: ['XRAY'], stations: ['XRAY'] };
  assert.equal(isTaken({ mpps, authorities: ['mpps'] }), true);
  for (const field of Object.keys(mpps)) assert.equal(isTaken({ mpps: { ...mpps, [field]: undefined } }), false, field);
  assert.equal(isTaken({ mpps: { ...mpps, aeTitle: 'LONGER THAN SIXTEEN' } }), false);
});

test('a timetable is a file or an address, one of them', () => {
  assert.equal(isTaken({ timetable: { file: '/srv/room.ics' }, authorities: ['timetable'] }), true);
  assert.equal(isTaken({ timetable: { url: 'https://calendar.example/room.ics' } }), true);
  for (const timetable of [{}, { file: 'room.ics' }, { url: 'ftp://a/b' }, { file: '/a', url: 'https://a/b' }]) {
    assert.equal(isTaken({ timetable }), false, JSON.stringify(timetable));
  }
});

test('an authority that is not set up is refused: it would never speak', () => {
  assert.equal(isTaken({ authorities: ['hl7'] }), false);
  assert.equal(isTaken({ authorities: ['hl7'], hl7 }), true);
});

test('a button needs a device and a key, and releases by another key', () => {
  const button = { device: '/dev/input/by-id/usb-button-event-kbd', key: 183 };
  assert.equal(isTaken({ button }), true);
  for (const wrong of [{ device: 'event7' }, { key: 0 }, { releaseKey: 183 }, { longPressSeconds: 0 }]) {
    assert.equal(isTaken({ button: { ...button, ...wrong } }), false, JSON.stringify(wrong));
  }
});

test('what counts as quiet is not above what counts as busy; a button, growth and load are no authorities', () => {
  const activityFolders = { folders: ['/srv/live'] };
  assert.equal(isTaken({ activityFolders, load: {} }), true);
  assert.equal(isTaken({ activityFolders: { ...activityFolders, quietBytesPerMinute: 2_000_000 } }), false);
  assert.equal(isTaken({ load: { busyPercent: 20 } }), false);
  for (const authority of ['activity', 'load', 'button']) assert.equal(isTaken({ authorities: [authority] }), false);
});
