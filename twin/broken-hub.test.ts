import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { type Credential, TestAuthority } from '../receiver/testing/authority.ts';
import { until } from '../receiver/testing/hub-world.ts';
import { HubLink } from './index.ts';
import { BrokenHub, soundTwin, type TwinAnswer } from './testing/broken-hub.ts';
import { quickLimits, snapshot } from './testing/scene.ts';

let authority: TestAuthority;
let device: Credential;
let hub: BrokenHub;

before(async () => {
  authority = await TestAuthority.make('operational');
  device = await authority.issue({ commonName: 'dev-1' });
  hub = await BrokenHub.start(await authority.issueServer());
});
after(() => hub.close());

async function started(use: (link: HubLink) => Promise<void>): Promise<void> {
  const link = new HubLink({
    clock: systemClock,
    log: silentLog,
    hub: () => ({ host: 'localhost', ...hub.ports, serverCaPem: authority.certPem }),
    identity: () => ({ deviceId: 'dev-1', certificatePem: device.certPem, keyPem: device.keyPem }),
    snapshot: async () => snapshot(1),
    methods: { acknowledge: async () => ({ status: 200, payload: null }) },
    limits: { ...quickLimits, twinMs: 300, reportEveryMs: 60_000 },
  });
  await link.start(new AbortController().signal);
  try {
    await use(link);
  } finally {
    await link.stop();
  }
}

const answers: Record<string, [TwinAnswer, string]> = {
  'none at all': [() => undefined, 'DEADLINE'],
  'no JSON': [(rid) => ({ topic: `$iothub/twin/res/200/?$rid=${rid}`, payload: '{"desired":' }), 'PROTOCOL'],
  'an empty body': [(rid) => ({ topic: `$iothub/twin/res/200/?$rid=${rid}`, payload: '' }), 'PROTOCOL'],
  'no desired section': [(rid) => ({ topic: `$iothub/twin/res/200/?$rid=${rid}`, payload: '{}' }), 'PROTOCOL'],
  'a list': [(rid) => ({ topic: `$iothub/twin/res/200/?$rid=${rid}`, payload: '[1]' }), 'PROTOCOL'],
  'a megabyte': [
    (rid) => ({ topic: `$iothub/twin/res/200/?$rid=${rid}`, payload: Buffer.alloc(1 << 20, 32) }),
    'PROTOCOL',
  ],
};

for (const [what, [answer, code]] of Object.entries(answers)) {
  test(`a twin answer of ${what} costs the connection and nothing else`, async () => {
    hub.twinAnswer = answer;
    await started(async (link) => {
      await until(() => link.status.error === code, code);
      hub.twinAnswer = soundTwin;
      await link.whenOnline(AbortSignal.timeout(5_000));
    });
  });
}

test('a pushed message that cannot be read costs the connection and nothing else', async () => {
  hub.twinAnswer = soundTwin;
  await started(async (link) => {
    for (const [topic, payload] of [
      ['$iothub/twin/PATCH/properties/desired/?$version=2', 'not JSON'],
      ['$iothub/twin/PATCH/properties/desired/?$version=2', Buffer.alloc(1 << 20, 32)],
    ] as const) {
      await link.whenOnline(AbortSignal.timeout(5_000));
      hub.push(topic, payload);
      await until(() => link.status.error === 'PROTOCOL' || undefined, 'the loss');
    }
    await link.whenOnline(AbortSignal.timeout(5_000));
    hub.push('$iothub/methods/POST/acknowledge/?$rid=1', 'not JSON');
    hub.push('$iothub/methods/POST/acknowledge/?$rid=', '{}');
    hub.push('$iothub/methods/POST/', '{}');
    hub.push('$iothub/methods/POST/unknown/?$rid=2', '{}');
    hub.push('devices/dev-1/messages/devicebound/%', 'x');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await link.whenOnline(AbortSignal.timeout(5_000));
  });
});

test('an HTTP answer that cannot be read, or says no, is an error with a code', async () => {
  hub.twinAnswer = soundTwin;
  const expected = [
    [{ status: 200, body: 'not JSON' }, 'PROTOCOL'],
    [{ status: 200, body: '' }, 'PROTOCOL'],
    [{ status: 200, body: '{"correlationId":"x"}' }, 'PROTOCOL'],
    [{ status: 401, body: '' }, 'IDENTITY_REFUSED'],
    [{ status: 403, body: '{}' }, 'REFUSED'],
    [{ status: 429, body: '' }, 'HUB_BUSY'],
    [{ status: 503, body: '' }, 'HUB_BUSY'],
  ] as const;
  await started(async (link) => {
    await link.whenOnline();
    for (const [answer, code] of expected) {
      hub.httpAnswer = answer;
      await assert.rejects(link.requestUpload('a.case'), { code }, JSON.stringify(answer));
      if (answer.status !== 200) await assert.rejects(link.finishUpload('c-1', true), { code });
    }
    assert.equal(link.state, 'online', 'HTTP troubles do not cost the connection');
  });
});
