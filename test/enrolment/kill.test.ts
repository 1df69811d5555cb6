import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EstClient, KeyFolder } from '../../certs/index.ts';
import { makeSigningRequest } from '../../certs/signing-request.ts';
import { CloudSide, enrolAt, newFolder, quickClock } from './cloud-side.ts';

describe('killed at any step, the enrolment goes on with the same key', () => {
  let cloud: CloudSide;
  before(async () => {
    cloud = await CloudSide.start();
  });
  after(() => cloud.stop());

  const requestsOf = (name: string) => cloud.approvals.all().filter((request) => request.device === name);
  const approving = () =>
    quickClock(() => {
      for (const request of cloud.approvals.pending()) cloud.approvals.approve(request.device, request.fingerprint);
    });

  /** Starts an appliance process and kills it (SIGKILL) at the first line that it prints. */
  async function runUntilLine(args: string[]): Promise<string> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'enrol-process.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (piece) => resolve(String(piece))));
    child.kill('SIGKILL');
    await exited;
    return line.split('\n')[0]!;
  }

  test('kill -9 while waiting for approval, three times: one device, one key', async () => {
    const { path, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-30' });
    const bundlePath = join(cloud.folder, 'lab-30.json');
    writeFileSync(bundlePath, JSON.stringify(bundle));
    const lines = [await runUntilLine([bundlePath, path, passphrase])];
    lines.push(await runUntilLine([bundlePath, path]), await runUntilLine([bundlePath, path]));
    const [request, ...others] = requestsOf('lab-30');
    assert.deepEqual(others, []);
    assert.deepEqual(new Set(lines), new Set([`waiting ${request!.fingerprint}`]));
    cloud.approvals.approve('lab-30', request!.fingerprint);
    assert.equal(await runUntilLine([bundlePath, path]), 'enrolled');
    assert.deepEqual(
      requestsOf('lab-30').map(({ state }) => state),
      ['issued'],
    );
    await remove();
  });

  test('between key and certificate: the kept request is sent as it is', async () => {
    const { path, folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-31' });
    const kept = await makeSigningRequest('lab-31');
    folder.replace('request.json', JSON.stringify(kept));
    const identity = await enrolAt(bundle, await KeyFolder.open(path), { passphrase, clock: approving() });
    assert.equal(identity.keyPem, kept.keyPem);
    await remove();
  });

  test('after issuing, before the answer was kept: the same certificate comes again', async () => {
    const { path, folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-32' });
    const answers: string[] = [];
    const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock: approving() });
    const losing = {
      caCertificates: () => est.caCertificates(),
      enrol: async (enrolment: Parameters<typeof est.enrol>[0]) => {
        answers.push(String((await est.enrol(enrolment))[0]));
        throw new Error('killed here');
      },
    };
    await assert.rejects(enrolAt(bundle, folder, { passphrase, est: losing }), /killed here/);
    const identity = await enrolAt(bundle, await KeyFolder.open(path));
    assert.deepEqual(answers, [identity.certificatePem]);
    assert.equal(requestsOf('lab-32').length, 1);
    await remove();
  });

  test('after the certificate was kept, before its leftovers went and before DPS: goes on there', async () => {
    const { path, folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-33' });
    const failing = { register: () => Promise.reject(new Error('killed here')) };
    await assert.rejects(enrolAt(bundle, folder, { passphrase, clock: approving(), dps: failing }), /killed here/);
    folder.replace('onboarding.json', '{"left":"over"}');
    folder.replace('request.json', '{"left":"over"}');
    const never = async () => assert.fail('EST was asked');
    const est = { caCertificates: never, enrol: never };
    const identity = await enrolAt(bundle, await KeyFolder.open(path), { est });
    assert.equal(identity.assignedHub, 'hub.local');
    assert.equal(folder.read('onboarding.json'), undefined);
    await remove();
  });

  test('a kept request for another device is not sent', async () => {
    const { path, folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-34' });
    const foreign = await makeSigningRequest('lab-35');
    folder.replace('request.json', JSON.stringify(foreign));
    const identity = await enrolAt(bundle, await KeyFolder.open(path), { passphrase, clock: approving() });
    assert.notEqual(identity.keyPem, foreign.keyPem);
    assert.equal(identity.deviceId, 'lab-34');
    await remove();
  });
});
