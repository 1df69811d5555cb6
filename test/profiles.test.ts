import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Linkage } from '../carto/index.ts';
import { openText } from '../core/boxed-text.ts';
import type { AuditRecord } from '../protocol/audit.ts';
import type { Profile } from '../protocol/profile.ts';
import { expectDone, Site } from './harness/site.ts';

const site = await Site.create();
after(() => site.close());
const own = (name: string) => join(site.data, 'appliance', name);

/** Runs the appliance under a profile. */
async function runUnder(profile: Profile): Promise<void> {
  await site.appliance.kill9();
  site.configure((config) => {
    config.privacy = { profile };
  });
  await site.startAppliance();
}

/** The code of a delivered case's study, as the cloud side has it. */
async function codeOf(caseId: string): Promise<string> {
  const exported = join(site.data, `exported-${caseId}`);
  await expectDone(site.cloud('cases', 'export', caseId, '--to', exported, '--json'));
  const name = readdirSync(exported).find((file) => file.startsWith('Study-')) ?? '';
  return name.replace('.xml', '');
}

/** What the ledger keeps of the studies, opened with the appliance's own key. */
function linkages(): Linkage[] {
  const key = readFileSync(own('keys/storage.key'));
  const sealed = site.ledger((read) => read.studies()).map(({ linkageSealed }) => linkageSealed);
  return sealed.flatMap((one) => (one ? [JSON.parse(openText(one, key)) as Linkage] : []));
}

const recipientsOf = (caseId: string, tier: string) =>
  (
    JSON.parse(readFileSync(own(`cases/${caseId}.${tier}.keys`), 'utf8')) as {
      keys: { recipients: { header: { kid: string } }[] };
    }
  ).keys.recipients.map(({ header }) => header.kid.replace(/-.*/s, ''));

test('each profile keeps its promise from the inbox to the cloud side, and a code leads back only where it may', async () => {
  await site.startCloud();

  // site-only: sealed for the hospital, sent to nobody.
  await runUnder('site-only');
  await site.simulate(1, 1);
  const [stays] = await site.reached('sealed');
  assert.ok(stays);
  for (const tier of ['review', 'study'])
    assert.deepEqual(recipientsOf(stays.caseId, tier).sort(), ['hospital', 'storage']);
  const status = JSON.parse((await site.vestibule('status', '--json')).stdout) as { privacy: unknown };
  assert.deepEqual(status.privacy, { profile: 'site-only' });

  // pseudonymised: delivered; what was sealed for the site alone stays there.
  await runUnder('pseudonymised');
  await site.simulate(2, 1);
  const [keyed] = await site.reached('delivered');
  assert.deepEqual(
    (await site.cloudCases()).map(({ caseId }) => caseId),
    [keyed?.caseId],
  );
  assert.deepEqual((await site.cases()).find(({ caseId }) => caseId === stays.caseId)?.stage, 'sealed');

  // safe-harbor: delivered, and nothing that is kept leads back.
  await runUnder('safe-harbor');
  await site.simulate(3, 1);
  const delivered = await site.reached('delivered', 2);
  const free = delivered.find(({ caseId }) => caseId !== keyed?.caseId);
  const [local, , lost] = linkages();
  assert.deepEqual(
    linkages().map(({ profile }) => profile),
    ['site-only', 'pseudonymised', 'safe-harbor'],
  );
  assert.ok(lost?.codes.every(({ original }) => /^[0-9a-f]{64}$/.test(original)));

  const code = await codeOf(keyed!.caseId);
  const found = await expectDone(site.vestibule('relink', code, '--json'));
  assert.deepEqual(JSON.parse(found.stdout), {
    code,
    found: [{ kind: 'study', original: linkages()[1]!.codes[0]!.original, study: code }],
  });
  assert.match(found.stdout, /Simulated Study/);
  const localCode = local!.codes.find(({ kind }) => kind === 'map')!;
  assert.match((await expectDone(site.vestibule('relink', localCode.code))).stdout, new RegExp(localCode.original));
  const freeCode = await codeOf(free!.caseId);
  const refused = await site.vestibule('relink', freeCode);
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /safe-harbor/);
  const unknown = await site.vestibule('relink', 'Map-bbbbbbbb');
  assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
  assert.equal((await site.vestibule('relink', 'Simulated Study 1')).code, 2);

  // Audited: who, which code, what came of it; never what stands behind it.
  const audit = (await site.vestibule('audit', 'tail', '-n', '1000', '--json')).stdout;
  const records = (JSON.parse(audit) as AuditRecord[]).filter(({ action }) => action === 'relink');
  assert.deepEqual(
    records.map(({ uid, subject, evidence }) => [uid, subject, evidence]),
    [
      [process.getuid?.(), code, { result: 'found' }],
      [process.getuid?.(), localCode.code, { result: 'found' }],
      [process.getuid?.(), freeCode, { result: 'no-way-back' }],
      [process.getuid?.(), 'Map-bbbbbbbb', { result: 'unknown' }],
    ],
  );
  for (const log of [audit, readFileSync(own('vestibule.log'), 'utf8')]) assert.doesNotMatch(log, /Simulated/);
  for (const key of ['linkage.key', 'storage.key']) assert.equal(statSync(own(`keys/${key}`)).mode & 0o777, 0o600);
});
