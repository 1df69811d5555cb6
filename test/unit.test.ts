import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Booted } from './harness/booted.ts';
import { Site } from './harness/site.ts';
import { until } from './harness/until.ts';

const project = join(import.meta.dirname, '..');
const unit = join(project, 'deploy/systemd/vestibule.service');
const state = '/var/lib/vestibule';
const group = '/system.slice/vestibule.service';

describe('the installed unit, under a real systemd', { skip: Booted.missing ?? false }, () => {
  let site: Site;
  let system: Booted;

  before(async () => {
    site = await Site.create({ analysis: true });
    site.configure((config) => {
      Object.assign(config, { inboxes: [join(state, 'appliance/inbox')] });
    });
    await site.startCloud();
    system = await Booted.start([
      { from: project, to: '/opt/vestibule' },
      { from: site.data, to: state, isWritable: true },
      { from: unit, to: '/etc/systemd/system/vestibule.service' },
      { from: join(project, 'deploy/systemd/vestibule.sysusers'), to: '/usr/lib/sysusers.d/vestibule.conf' },
    ]);
    system.run('systemd-sysusers');
    // Its folder was made by the test's user.
    system.run('chown', '-R', 'vestibule:', state);
    system.run('systemctl', 'start', 'vestibule');
  });
  after(async () => {
    await system?.stop();
    await site?.close();
  });

  const property = (name: string) => system.run('systemctl', 'show', 'vestibule', '--value', '-p', name);
  const asVestibule = (...words: string[]) => [
    ...['setpriv', '--reuid=vestibule', '--regid=vestibule', '--clear-groups', '--'],
    ...['/opt/vestibule/scripts/vestibule', ...words, '--data', state, '--json'],
  ];
  const delivered = async (count: number) =>
    (await site.cases()).filter(({ stage }) => stage === 'delivered').length === count;

  test('UNIT-01: hardened as it is, it takes a case, analyses it and delivers it', async () => {
    await site.simulate(3, 4);
    await until(() => delivered(1), 'a delivered case', 120_000);
    await until(async () => system.run('journalctl', '-u', 'vestibule').includes('analysed'), 'its analysis', 60_000);
    assert.equal((await site.cloud('verify')).code, 0);
    assert.equal(property('NRestarts'), '0');
  });

  test('UNIT-02: its budgets are the kernel’s, for every process of it', () => {
    const read = (controller: string, file: string) =>
      system.run('cat', `/sys/fs/cgroup/${controller}${group}/${file}`);
    // A tenth of everybody's 1024.
    assert.equal(read('cpu', 'cpu.shares'), '102');
    assert.match(system.run('sh', '-c', `cat /sys/fs/cgroup/blkio${group}/blkio.*weight`), /^(50|100)$/m);
    assert.equal(read('pids', 'pids.max'), '128');
    const members = read('cpu', 'cgroup.procs').split('\n');
    const all = system.run('pgrep', '-u', 'vestibule').split('\n');
    assert.ok(all.length >= 2 && all.every((pid) => members.includes(pid)), `${members} of ${all}`);
  });

  test('UNIT-03: killed in a procedure, it is started again and comes up with the gate closed', async () => {
    system.run(...asVestibule('procedure', 'start', '--reason', 'test'));
    const pid = property('MainPID');
    system.run('kill', '-KILL', pid);
    await until(async () => property('NRestarts') === '1' && property('MainPID') !== pid, 'a restart', 30_000);
    // It answers for itself only when it runs: else the command ends with 4.
    const gate = () => JSON.parse(system.try(...asVestibule('procedure', 'status')) ?? '{}') as { gate?: string };
    await until(async () => gate().gate === 'closed', 'its answer', 30_000);
    system.run(...asVestibule('procedure', 'stop'));
    await until(async () => gate().gate === 'open', 'an open gate', 30_000);
  });
});

test('UNIT-04: systemd finds nothing wrong with the unit, and little that it could do', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'vestibule-unit-'));
  t.after(() => rmSync(root, { recursive: true }));
  const place = join(root, 'etc/systemd/system');
  for (const [from, to] of [
    [unit, join(place, 'vestibule.service')],
    [join(project, 'scripts/vestibule'), join(root, 'opt/vestibule/scripts/vestibule')],
  ] as const) {
    execFileSync('install', ['-D', '-m', to.endsWith('.service') ? '644' : '755', from, to]);
  }
  const analyze = (...words: string[]) =>
    execFileSync('systemd-analyze', [`--root=${root}`, ...words], { encoding: 'utf8' });
  const said = analyze('--offline=true', '--threshold=25', 'security', 'vestibule.service');
  assert.match(said, /exposure level for vestibule\.service: [012]\.\d/);
});
