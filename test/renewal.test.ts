import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeCredentials } from './harness/credentials.ts';
import { Site } from './harness/site.ts';

let site: Site | undefined;
after(() => site?.close());

test('RENEWAL-01: past two thirds of its life the certificate is renewed for a new key, proved on the wire, and cases go on', async () => {
  site = await (await Site.create()).start();
  await site.appliance.stop();
  const aged = await makeCredentials(site, 'appliance-1', { lifeMs: 60_000, register: false });
  const path = join(site.data, 'appliance', 'keys', 'operational.pem');
  writeFileSync(path, `${aged.key}${aged.cert}`);
  const from = site.appliance.lines.length;
  await site.startAppliance();
  const { text } = await site.appliance.said('renewed', 60_000, from);
  assert.match(text, /valid until/);
  const renewed = readFileSync(path, 'utf8');
  assert.ok(!renewed.includes(aged.cert.trim()) && !renewed.includes(aged.key.trim()));
  await site.simulate(81, 2);
  await site.reached('delivered');
});
