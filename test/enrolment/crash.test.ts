import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EstClient, KeyFolder, type OperationalIdentity, renew } from '../../certs/index.ts';
import { keyFingerprint } from '../../certs/signing-request.ts';
import { CloudSide, enrolAt, newFolder, quickClock } from './cloud-side.ts';

/** A folder that dies once, just before or just after its `at`-th change; counts the changes. */
function crashing(folder: KeyFolder, at: number, when: 'before' | 'after') {
  const changes = new Set<string | symbol>(['create', 'replace', 'move', 'erase']);
  const counter = { changes: 0 };
  const dying = new Proxy(folder, {
    get(target, name) {
      const method = Reflect.get(target, name, target);
      return (...values: unknown[]) => {
        const dies = changes.has(name) && ++counter.changes === at;
        if (dies && when === 'before') throw new Error('power cut');
        const result: unknown = method.apply(target, values);
        if (dies) throw new Error('power cut');
        return result;
      };
    },
  });
  return { dying, counter };
}

describe('a power cut at each change of the key folder', () => {
  let cloud: CloudSide;
  before(async () => {
    cloud = await CloudSide.start({ autoApprove: true });
  });
  after(() => cloud.stop());

  const requestsOf = (name: string) => cloud.approvals.all().filter((request) => request.device === name);

  for (const when of ['before', 'after'] as const) {
    test(`enrolling, cut ${when} each change: one key, one certificate`, async () => {
      const changesOfOneEnrolment = 6;
      for (let at = 1; at <= changesOfOneEnrolment + 1; at++) {
        const name = `lab-${when}-${at}`;
        const { path, folder, remove } = await newFolder();
        const { bundle, passphrase } = await cloud.bundle({ device: name });
        const { dying, counter } = crashing(folder, at, when);
        const first = await enrolAt(bundle, dying, { passphrase }).catch((error: Error) => error.message);
        if (at > changesOfOneEnrolment) {
          assert.equal(counter.changes, changesOfOneEnrolment, 'every change was cut at');
          assert.equal((first as OperationalIdentity).deviceId, name);
        } else {
          assert.equal(first, 'power cut');
        }
        const identity = await enrolAt(bundle, await KeyFolder.open(path), { passphrase });
        const issued = requestsOf(name).map(({ fingerprint, state }) => ({ fingerprint, state }));
        assert.deepEqual(issued, [{ fingerprint: keyFingerprint(identity.keyPem), state: 'issued' }], `cut at ${at}`);
        await remove();
      }
    });

    test(`renewing, cut ${when} each change: a usable pair is always there, and one renewal is made`, async () => {
      const changesOfOneRenewal = 4;
      for (let at = 1; at <= changesOfOneRenewal; at++) {
        const name = `room-${when}-${at}`;
        const { path, folder, remove } = await newFolder();
        const { bundle, passphrase } = await cloud.bundle({ device: name });
        const old = await enrolAt(bundle, folder, { passphrase });
        const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock: quickClock() });
        const deps = { est, clock: quickClock(), prove: async () => {} };
        const { dying } = crashing(folder, at, when);
        await assert.rejects(renew({ ...deps, folder: dying }, old), /power cut/);

        const restarted = await KeyFolder.open(path);
        let identity = await enrolAt(bundle, restarted);
        if (identity.keyPem === old.keyPem) identity = await renew({ ...deps, folder: restarted }, identity);
        assert.notEqual(identity.keyPem, old.keyPem);
        assert.deepEqual(
          requestsOf(name).map(({ kind, state }) => `${kind} ${state}`),
          ['enrol issued', 'renew issued'],
        );
        assert.equal((await enrolAt(bundle, restarted)).certificatePem, identity.certificatePem);
        await remove();
      }
    });
  }
});
