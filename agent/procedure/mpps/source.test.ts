import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/log.ts';
import { temporaryFolder } from '../../../core/testing/folder.ts';
import { seededRandom } from '../../../test/harness/random.ts';
import { FakeClock } from '../../testing/clock.ts';
import { EventEvidence } from '../event-evidence.ts';
import { change, creation, isOurs } from './meaning.ts';
import { mppsSource } from './source.ts';

const hour = 3_600_000;

async function listening(t: TestContext) {
  const clock = new FakeClock();
  const path = join(temporaryFolder(t), 'procedure', 'mpps.json');
  const open = () => new EventEvidence({ source: 'mpps', path, clock, busyMs: 6 * hour, secret: Buffer.from('s') });
  const source = mppsSource({
    settings: {
      ...{
        address: '127.0.0.1',
        port: 0,
        peers: ['127.0.0.1'],
        aeTitle: 'VESTIBULE',
        callers: ['MODALITY', 'ECHOSCU'],
      },
      ...{ stations: ['EP_XRAY', 'EP Lab 1'], freeMinutes: 60 },
    },
    ...{ evidence: open(), clock, log: silentLog, onChange: () => {} },
  });
  await source.start();
  t.after(() => source.stop());
  return { clock, path, source, open, words: () => source.statements().map(({ says }) => says) };
}

function run(command: string, args: readonly string[]): Promise<{ readonly failed: boolean; readonly stdout: string }> {
  return new Promise((resolve) =>
    execFile(command, args, { timeout: 30_000 }, (error, stdout) => resolve({ failed: error !== null, stdout })),
  );
}

const python = '/usr/bin/python3';
/** An MPPS user made of odil (Debian's python3-odil), which has its own DIMSE. Prints the status of each answer. */
const script = `
import sys, odil
R = odil.registry
association = odil.Association()
association.set_peer_host('127.0.0.1'); association.set_peer_port(int(sys.argv[1]))
role = odil.AssociationParameters.PresentationContext.Role.SCU
context = odil.AssociationParameters.PresentationContext(R.ModalityPerformedProcedureStep, [R.ExplicitVRLittleEndian, R.ImplicitVRLittleEndian], role)
association.update_parameters().set_calling_ae_title(sys.argv[2]).set_called_ae_title(sys.argv[3]).set_presentation_contexts([context])
try: association.associate()
except Exception: print('refused'); sys.exit(0)
for order in sys.argv[4:]:
    verb, uid, status, station = order.split('/')
    data = odil.DataSet()
    if status: data.add('PerformedProcedureStepStatus', [status])
    if station: data.add('PerformedStationAETitle', [station])
    data.add('PatientName', ['MILLER^ANNA']); data.add('PatientID', ['SECRET-7'])
    if verb == 'create':
        request = odil.messages.NCreateRequest(association.next_message_id(), R.ModalityPerformedProcedureStep, data)
        request.set_affected_sop_instance_uid(uid)
    else:
        request = odil.messages.NSetRequest(association.next_message_id(), R.ModalityPerformedProcedureStep, uid, data)
    association.send_message(request, R.ModalityPerformedProcedureStep)
    print('%04x' % odil.messages.Response(association.receive_message()).get_status())
association.release()
`;

const isInstalled = async () => !(await run(python, ['-c', 'import odil'])).failed;

async function steps(port: number, orders: readonly string[], caller = 'MODALITY', called = 'VESTIBULE') {
  const { stdout } = await run(python, ['-c', script, String(port), caller, called, ...orders]);
  return stdout.trim().split('\n');
}

test('only the site’s names are this room; a step begins in progress and in no other way', () => {
  const step = { status: 'IN PROGRESS', stationAeTitle: 'ep_xray ', stationName: '', location: '' };
  const room = { stations: ['EP_XRAY'] };
  assert.deepEqual(
    [isOurs(step, room), isOurs({ ...step, stationAeTitle: 'CT1', location: 'EP_XRAY' }, room)],
    [true, true],
  );
  assert.deepEqual(
    [isOurs({ ...step, stationAeTitle: 'CT1' }, room), isOurs({ ...step, stationAeTitle: '' }, room)],
    [false, false],
  );
  assert.deepEqual(
    ['IN PROGRESS', 'COMPLETED', ''].map((status) => creation({ ...step, status })),
    ['success', 'invalidValue', 'missingAttribute'],
  );
  assert.deepEqual(['in progress', '', 'COMPLETED', 'DISCONTINUED', 'DONE'].map(change), [
    'goes on',
    'goes on',
    'completed',
    'discontinued',
    undefined,
  ]);
});

test('a user that is not ours (odil): busy from N-CREATE until that step’s own end', async (t) => {
  if (!(await isInstalled())) return t.skip('python3-odil is not installed');
  const { source, words, path, clock, open } = await listening(t);
  const first = await steps(source.port, ['create/1.2.3/IN PROGRESS/EP_XRAY', 'create/1.2.4/IN PROGRESS/EP_XRAY']);
  assert.deepEqual(
    [first, words()],
    [
      ['0000', '0000'],
      ['busy', 'busy'],
    ],
  );
  assert.doesNotMatch(readFileSync(path, 'utf8'), /MILLER|SECRET|1\.2\.3/);
  assert.equal(open().statements.length, 2, 'durable');
  const second = await steps(source.port, [
    'create/1.2.3/IN PROGRESS/EP_XRAY',
    'set/1.2.4/COMPLETED/',
    'set/9.9/COMPLETED/',
  ]);
  assert.deepEqual(
    [second, words()],
    [
      ['0111', '0000', '0112'],
      ['busy', 'free'],
    ],
  );
  assert.deepEqual(await steps(source.port, ['set/1.2.3/DISCONTINUED/']), ['0000']);
  assert.deepEqual(words(), ['free']);
  await clock.advance(hour);
  assert.deepEqual(words(), []);
});

test('a step of another room, and one that does not begin in progress, say nothing', async (t) => {
  if (!(await isInstalled())) return t.skip('python3-odil is not installed');
  const { source, words } = await listening(t);
  const answers = await steps(source.port, [
    ...['create/1.1/IN PROGRESS/CT1', 'set/1.1/COMPLETED/', 'create/1.2/COMPLETED/EP_XRAY', 'create/1.3//EP_XRAY'],
  ]);
  assert.deepEqual([answers, words()], [['0000', '0000', '0106', '0120'], []]);
});

test('a step that is never ended runs out, and its end after that is unknown', async (t) => {
  if (!(await isInstalled())) return t.skip('python3-odil is not installed');
  const { source, words, clock } = await listening(t);
  await steps(source.port, ['create/1.2.3/IN PROGRESS/EP_XRAY']);
  await clock.advance(6 * hour);
  assert.deepEqual([words(), await steps(source.port, ['set/1.2.3/COMPLETED/'])], [[], ['0112']]);
});

test('other callers and another name are refused; what cannot be made durable is a failure that counts', async (t) => {
  if (!(await isInstalled())) return t.skip('python3-odil is not installed');
  const { source, words, path } = await listening(t);
  assert.deepEqual(await steps(source.port, [], 'STRANGER'), ['refused']);
  assert.deepEqual(await steps(source.port, [], 'MODALITY', 'OTHER'), ['refused']);
  writeFileSync(join(path, '..'), 'a file where the folder should be');
  assert.deepEqual(await steps(source.port, ['create/1.2.3/IN PROGRESS/EP_XRAY']), ['0110']);
  assert.deepEqual(words(), ['busy']);
});

test('DCMTK’s echo is answered, its storage is not, and garbage leaves the listener alive', async (t) => {
  if ((await run('echoscu', ['--version'])).failed) return t.skip('dcmtk is not installed');
  const { source } = await listening(t);
  const random = seededRandom(11);
  for (let round = 0; round < 12; round++) {
    const socket = connect(source.port, '127.0.0.1').on('error', () => {});
    const bytes = Buffer.from(Array.from({ length: 300 }, () => Math.floor(random() * 256)));
    // A type of PDU that there is, and a length that may not be true.
    bytes.writeUInt8(1 + (round % 7), 0);
    bytes.writeUInt32BE(round % 2 === 0 ? 294 : 0xfffffff0, 2);
    await new Promise<void>((resolve) => socket.end(bytes, () => resolve()));
    socket.resume();
  }
  const echo = await run('echoscu', ['-aec', 'VESTIBULE', '127.0.0.1', String(source.port)]);
  assert.equal(echo.failed, false);
  assert.equal((await run('echoscu', ['-aec', 'OTHER', '127.0.0.1', String(source.port)])).failed, true);
});
