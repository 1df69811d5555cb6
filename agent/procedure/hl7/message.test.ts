import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { acknowledge } from './acknowledge.ts';
import { type Meaning, meaningOf, timeOf } from './meaning.ts';
import { Hl7Message } from './message.ts';

const room = { rooms: ['EP LAB^1', 'KATH'], fields: ['PV1-3', 'AIL-3'] as const };

function message(lines: readonly string[], encoding: BufferEncoding = 'latin1'): Hl7Message {
  const found = Hl7Message.parse(Buffer.from(lines.join('\r'), encoding));
  assert.ok(found);
  return found;
}

const head = (type: string, more = '') =>
  `MSH|^~\\&|CVIS|HOSPITAL|GATE|EP|20300101080000+0000||${type}|ID-1|P|2.5${more}`;
const visit = (location: string, prior = '') => `PV1|1|I|${location}|||${prior}|||||||||||||VISIT-9`;
const mean = (lines: readonly string[]): Meaning => meaningOf(message(lines), room);

test('an order of this room: in progress, completed, cancelled, each with the number that names it', () => {
  const order = (control: string, status: string) =>
    mean([head('ORM^O01'), visit('EP LAB^1^A'), `ORC|${control}|P-1|F-1||${status}`, 'OBR|1|P-1|F-1|EP']);
  assert.deepEqual(order('SC', 'IP'), { kind: 'began', id: 'F-1' });
  assert.deepEqual(order('SC', 'CM'), { kind: 'over', id: 'F-1' });
  assert.deepEqual(order('CA', 'IP'), { kind: 'dropped', id: 'F-1' });
  assert.deepEqual(order('SC', 'DC'), { kind: 'dropped', id: 'F-1' });
  assert.deepEqual(order('NW', 'SC').kind, 'nothing');
});

test('an appointment of this room: started, complete, cancelled; a booked one is a plan', () => {
  const siu = (event: string, status: string) =>
    mean([
      head(`SIU^${event}`),
      `SCH|P-2|F-2|||||||||||||||||||||||${status}`,
      'RGS|1',
      'AIL|1|A|WARD',
      'AIL|2|A|KATH^3',
    ]);
  assert.deepEqual(siu('S14', 'Started'), { kind: 'began', id: 'F-2' });
  assert.deepEqual(siu('S14', 'Complete'), { kind: 'over', id: 'F-2' });
  assert.deepEqual(siu('S15', 'Booked'), { kind: 'dropped', id: 'F-2' });
  assert.equal(siu('S12', 'Booked').kind, 'nothing');
});

test('an admission is not a procedure; a transfer into the room is weak, and out of it takes that back', () => {
  for (const event of ['A01', 'A04', 'A08'])
    assert.equal(mean([head(`ADT^${event}`), visit('EP LAB^1')]).kind, 'nothing');
  assert.deepEqual(mean([head('ADT^A02'), visit('EP LAB^1', 'WARD')]), { kind: 'arrived', id: 'VISIT-9' });
  assert.equal(mean([head('ADT^A10'), visit('KATH')]).kind, 'arrived');
  assert.deepEqual(mean([head('ADT^A02'), visit('WARD', 'EP LAB^1')]), { kind: 'left', id: 'VISIT-9' });
  assert.equal(mean([head('ADT^A03'), visit('KATH')]).kind, 'left');
});

test('another room means nothing, whatever the message says; repetitions are all looked at', () => {
  const order = (location: string) => mean([head('ORM^O01'), visit(location), 'ORC|SC||F||IP']).kind;
  assert.deepEqual(['EP LAB^2', 'EP LAB', 'EP', 'KATHY', '', 'WARD~ep lab^1', 'WARD^7~KATH'].map(order), [
    'nothing',
    'nothing',
    'nothing',
    'nothing',
    'nothing',
    'began',
    'began',
  ]);
});

test('escapes, own separators, Z-segments, other line ends and padding are read', () => {
  const odd = message([
    'MSH$*!?+$CVIS$$$$20300101$$ORM*O01$7$P$2.5',
    'ZXX$*~what$ever',
    'PV1$1$I$E?X50? LAB*1+sub',
    'ORC$SC$$F$$IP',
  ]);
  assert.equal(meaningOf(odd, room).kind, 'began');
  const unix = Hl7Message.parse(
    Buffer.from(`\n${head('ORM^O01')}\nPV1|1|I|EP LAB^1\nORC|SC||A\\T\\B\\S\\C\\E\\||IP\n`),
  );
  assert.deepEqual(unix && meaningOf(unix, room), { kind: 'began', id: 'A&B^C\\' });
});

test('the character set of MSH-18 is used, and a wrong one loses no message', () => {
  const named = { rooms: ['SALLE É'], fields: room.fields };
  const lines = (set: string) => [head('ORM^O01', `||||||${set}`), 'PV1|1|I|Salle é', 'ORC|SC||F||IP'];
  assert.equal(meaningOf(message(lines('8859/1')), named).kind, 'began');
  assert.equal(meaningOf(message(lines(''), 'latin1'), named).kind, 'began');
  assert.equal(meaningOf(message(lines('UNICODE UTF-8'), 'utf8'), named).kind, 'began');
  const wrong = message([...lines('UNICODE UTF-8'), 'PV1|2|I|KATH'], 'latin1');
  assert.equal(meaningOf(wrong, { ...named, rooms: ['KATH'] }).kind, 'began');
  assert.equal(meaningOf(message(lines('NO SUCH SET')), named).kind, 'began');
});

test('the time of a message needs minutes; its offset counts', () => {
  assert.equal(timeOf('20300101080000+0100'), Date.parse('2030-01-01T07:00:00Z'));
  assert.equal(timeOf('203001010800-0500'), Date.parse('2030-01-01T13:00:00Z'));
  assert.equal(timeOf('20300101080000.1234'), Date.parse('2030-01-01T08:00:00'));
  for (const text of ['', '20300101', '2030-01-01', '20301399080000', 'x'.repeat(50)])
    assert.equal(timeOf(text), undefined, text);
});

test('an answer has its own id, the sender’s id, exchanged ends and the sender’s separators', () => {
  const own = { id: 'own-1', now: new Date('2030-01-01T00:00:00Z') };
  const text = (lines: string, verdict: 'accept' | 'error' | 'reject') =>
    acknowledge(Hl7Message.plain(Buffer.from(lines, 'latin1')), verdict, own)?.toString('latin1');
  assert.equal(
    text(head('ORM^O01'), 'accept'),
    'MSH|^~\\&|GATE|EP|CVIS|HOSPITAL|20300101000000+0000||ACK^O01^ACK|own-1|P|2.5\rMSA|AA|ID-1\r',
  );
  assert.match(text('MSH$*!?+$A$$$$$$ORM*O01$7$P$2.5', 'error') ?? '', /^MSH\$\*!\?\+\$.*\rMSA\$AE\$7\r$/);
  assert.match(text('nonsense', 'reject') ?? '', /\rMSA\|AR\|\r$/);
  assert.match(text(head('ORM^O01', '|||AL'), 'accept') ?? '', /MSA\|CA\|ID-1/);
  assert.match(text(head('ORM^O01', '|||AL'), 'error') ?? '', /MSA\|CE\|ID-1/);
  assert.equal(text(head('ORM^O01', '|||NE'), 'accept'), undefined);
  assert.equal(text(head('ORM^O01', '|||ER'), 'accept'), undefined);
  assert.match(text(head('ORM^O01', '|||ER'), 'reject') ?? '', /MSA\|CR/);
});

test('bytes of any kind are parsed or not, but never throw, and never break the answer out of its frame', () => {
  const own = { id: 'own', now: new Date(0) };
  const pieces = fc.constantFrom(
    'MSH|^~\\&|',
    '|',
    '^',
    '~',
    '\\',
    '&',
    '\r',
    'ORM^O01',
    'PV1',
    '\x0b',
    '\x1c',
    'é',
    '\\X4',
    '""',
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((found) => Buffer.from(found)),
    fc.array(pieces, { maxLength: 60 }).map((found) => Buffer.from(`MSH|^~\\&${found.join('')}`, 'latin1')),
  );
  fc.assert(
    fc.property(bytes, (found) => {
      const parsed = Hl7Message.parse(found);
      if (parsed) meaningOf(parsed, room);
      const answer = acknowledge(Hl7Message.plain(found), 'reject', own);
      assert.ok(answer === undefined || !(answer.includes(0x0b) || answer.includes(0x1c)));
      assert.ok(answer === undefined || answer.toString('latin1').split('\r').length === 3);
    }),
    { numRuns: 3_000 },
  );
});
