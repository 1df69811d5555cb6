import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import { chainHash, firstHead } from '../../protocol/audit.ts';
import { freePortBase } from '../../test/harness/ports.ts';
import { serverIdentity } from '../../uploader/testing/authority.ts';
import { openTestLedger } from '../../uploader/testing/ledger.ts';
import { until } from '../testing/until.ts';
import { AuditLog } from './audit-log.ts';
import { SyslogCopy } from './syslog-copy.ts';

/** The fields of RFC 5424 as rsyslog has understood them, one line a message. */
const fields = ['PRI', 'TIMESTAMP:::date-rfc3339', 'HOSTNAME', 'APP-NAME', 'PROCID', 'MSGID', 'STRUCTURED-DATA', 'msg'];

/** Debian's syslog server, listening with TLS; undefined where there is none. */
async function rsyslog(t: TestContext, folder: string) {
  if (!hasRsyslog()) return undefined;
  const { certPem, keyPem, caPem } = await serverIdentity();
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const [port, out, ca] = [await freePortBase(1), join(folder, 'messages'), file('ca.pem', caPem)];
  const config = file(
    'rsyslog.conf',
    `global(workDirectory="${folder}" defaultNetstreamDriverCAFile="${ca}"
       defaultNetstreamDriverCertFile="${file('cert.pem', certPem)}" defaultNetstreamDriverKeyFile="${file('key.pem', keyPem)}")
     module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
     template(name="fields" type="string" string="${fields.map((name) => `%${name}%`).join('\\t')}\\n")
     input(type="imtcp" port="${port}" address="127.0.0.1")
     action(type="omfile" file="${out}" template="fields")\n`,
  );
  const child = spawn('rsyslogd', ['-n', '-f', config, '-i', join(folder, 'pid')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.after(async () => {
    child.kill();
    await ended;
  });
  const lines = () => (existsSync(out) ? readFileSync(out, 'utf8').trimEnd().split('\n') : []);
  return { target: { host: '127.0.0.1', port, ca }, lines };
}

function hasRsyslog(): boolean {
  try {
    execFileSync('rsyslogd', ['-v'], { stdio: 'ignore' });
    return existsSync('/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so');
  } catch {
    return false;
  }
}

test('rsyslog takes the copy over TLS, finds every field in its place, and the chain whole', async (t) => {
  const { ledger, folder } = await openTestLedger(t);
  const server = await rsyslog(t, folder);
  if (!server) return t.skip('no rsyslog with OpenSSL here');
  const gate = new Gate();
  gate.open();
  const audit = new AuditLog({ ledger, clock: systemClock, storageKey: randomBytes(32) });
  for (let n = 0; n < 40; n++) {
    await audit.record({ action: 'relink', actor: 'person', why: 'Jane Doe', evidence: { place: 'Zürich %\\n"', n } });
  }
  const copy = new SyslogCopy({
    ...{ ledger, gate, clock: systemClock, log: silentLog, device: 'site-1', stateFile: join(folder, 'syslog') },
    ...{ target: server.target, settleMs: 30, lookEveryMs: 20, delay: () => 50 },
  });
  t.after(() => copy.stop());
  await copy.start(new AbortController().signal);
  await until(() => server.lines().length === 40, '40 messages');
  let { hash } = firstHead;
  for (const line of server.lines()) {
    const [pri, at = '', ...rest] = line.split('\t');
    assert.deepEqual([pri, ...rest.slice(0, -1)], ['108', 'site-1', 'vestibule', '-', 'relink', '-']);
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 120_000, at);
    const message = rest.at(-1) ?? '';
    const text = message.slice(message.indexOf('"record":') + 9, -1).replaceAll('\\u00fc', 'ü');
    hash = chainHash(hash, text);
    assert.equal((JSON.parse(message) as { hash: string }).hash, hash);
  }
});
