import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { systemClock } from '../../core/clock.ts';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import { chainHash, firstHead } from '../../protocol/audit.ts';
import { newServerIdentity, serverIdentity } from '../../uploader/testing/authority.ts';
import { openTestLedger } from '../../uploader/testing/ledger.ts';
import { until } from '../testing/until.ts';
import { AuditLog } from './audit-log.ts';
import { SyslogCopy } from './syslog-copy.ts';

/** A syslog server over TLS that takes frames apart by their octet counts alone. */
class SyslogServer {
  readonly messages: string[] = [];
  readonly #sockets = new Set<TLSSocket>();
  readonly #server;
  port = 0;
  /** After so many bytes of a connection it is cut. */
  cutAfter = Number.POSITIVE_INFINITY;

  constructor(identity: { readonly certPem: string; readonly keyPem: string }) {
    this.#server = createServer({ cert: identity.certPem, key: identity.keyPem }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      let rest = Buffer.alloc(0);
      let taken = 0;
      socket.on('data', (piece) => {
        rest = Buffer.concat([rest, piece.subarray(0, Math.max(0, this.cutAfter - taken))]);
        taken += piece.length;
        for (;;) {
          const space = rest.indexOf(32);
          const length = Number(rest.toString('latin1', 0, Math.max(0, space)));
          if (space < 1 || rest.length < space + 1 + length) break;
          this.messages.push(rest.toString('utf8', space + 1, space + 1 + length));
          rest = rest.subarray(space + 1 + length);
        }
        if (taken > this.cutAfter) socket.destroy();
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function world(t: TestContext) {
  const { ledger, folder } = await openTestLedger(t);
  const identity = await serverIdentity();
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, identity.caPem);
  const server = new SyslogServer(identity);
  t.after(() => server.close());
  await server.listen();
  const gate = new Gate();
  gate.open();
  const audit = new AuditLog({ ledger, clock: systemClock, storageKey: randomBytes(32) });
  const record = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await audit.record({ action: 'relink', actor: 'person', why: 'Jane Doe', evidence: { place: 'Zürich', n } });
    }
  };
  const newCopy = (change: { readonly ca?: string } = {}, settleMs = 30) => {
    const copy = new SyslogCopy({
      ...{ ledger, gate, clock: systemClock, log: silentLog, device: 'site-1', stateFile: join(folder, 'syslog') },
      ...{ target: { host: '127.0.0.1', port: server.port, ca, ...change } },
      ...{ settleMs, lookEveryMs: 20, delay: () => 20 },
    });
    t.after(() => copy.stop());
    return copy;
  };
  const start = async (copy: SyslogCopy) => copy.start(new AbortController().signal);
  const places = () => server.messages.map((one) => (recordOf(one).record as { seq: number }).seq);
  return { ledger, folder, server, gate, record, newCopy, start, places };
}

function recordOf(message: string): { readonly hash: string; readonly record: unknown } {
  return JSON.parse(message.slice(message.indexOf('{'))) as { hash: string; record: unknown };
}

test('records arrive as RFC 5424 over TLS, each with its hash, and nothing that somebody typed', async (t) => {
  const { server, record, newCopy, start } = await world(t);
  await record(3);
  await start(newCopy());
  await until(() => server.messages.length === 3, 'three messages');
  let { hash } = firstHead;
  for (const message of server.messages) {
    assert.match(message, /^<108>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z site-1 vestibule - relink - \{"hash":/);
    assert.match(message, /^[\x20-\x7e]+$/);
    assert.doesNotMatch(message, /Doe/);
    const text = message.slice(message.indexOf('"record":') + 9, -1).replaceAll('\\u00fc', 'ü');
    hash = chainHash(hash, text);
    assert.equal(recordOf(message).hash, hash);
  }
});

test('a dead server blocks nobody and loses nothing: after it is back, and after a restart, the copy goes on', async (t) => {
  const { server, record, newCopy, start, places } = await world(t);
  const copy = newCopy();
  await start(copy);
  await record(2);
  await until(() => copy.copiedSeq === 2, 'two are copied');
  await server.close();
  await record(120);
  assert.equal(copy.copiedSeq, 2);
  await server.listen();
  await until(() => copy.copiedSeq === 122, 'all are copied');
  await copy.stop();
  await record(1);
  const next = newCopy();
  assert.equal(next.copiedSeq, 122);
  await start(next);
  await until(() => next.copiedSeq === 123, 'the one after the restart');
  assert.deepEqual(
    [...new Set(places())],
    Array.from({ length: 123 }, (_, at) => at + 1),
  );
});

test('a connection that breaks in the middle costs repetitions, never a record', async (t) => {
  const { server, record, newCopy, start, places } = await world(t);
  server.cutAfter = 5000;
  await record(60);
  // Time enough for the news of the reset to come.
  const copy = newCopy({}, 1500);
  await start(copy);
  await until(() => server.messages.length > 0, 'some arrive');
  server.cutAfter = Number.POSITIVE_INFINITY;
  await until(() => copy.copiedSeq === 60, 'all are copied');
  assert.deepEqual(
    [...new Set(places())].toSorted((a, b) => a - b),
    Array.from({ length: 60 }, (_, at) => at + 1),
  );
});

test('a server whose certificate is not the site’s is told nothing; behind a closed gate nothing is sent', async (t) => {
  const { server, gate, folder, record, newCopy, start } = await world(t);
  const ca = join(folder, 'other.pem');
  writeFileSync(ca, (await newServerIdentity()).caPem);
  await record(2);
  const deceived = newCopy({ ca });
  await start(deceived);
  gate.close();
  const honest = newCopy();
  await start(honest);
  assert.deepEqual(await gate.quiet(1000), []);
  assert.deepEqual(server.messages, []);
  gate.open();
  await until(() => honest.copiedSeq === 2, 'both are copied');
  assert.equal(deceived.copiedSeq, 0);
  assert.equal(server.messages.length, 2);
});
