import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../core/testing/folder.ts';
import { type ConfigError, readConfig, writeConfig } from './config.ts';

function fileWith(t: TestContext, text: string): string {
  const path = join(temporaryFolder(t), 'vestibule.yaml');
  writeFileSync(path, text);
  return path;
}

function errorOf(path: string): ConfigError {
  try {
    readConfig(path);
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error('it was accepted');
}

const least = 'inboxes: [/srv/exports]\nprocedure: { authorities: [leases] }\n';

test('two answers are enough; everything else has its default', (t) => {
  assert.deepEqual(readConfig(fileWith(t, least)), {
    inboxes: ['/srv/exports'],
    intake: {
      mode: 'automatic',
      quietSeconds: 60,
      rescanSeconds: 60,
      maxEntries: 100_000,
      maxBytes: 64 * 2 ** 30,
      limits: { maxFileBytes: 16 * 2 ** 30, maxRatio: 250, maxDepth: 8, maxNesting: 3, maxNameLength: 512 },
      maxSpoolBytes: 16 * 2 ** 30,
      passwords: [],
    },
    procedure: { authorities: ['leases'], coolDownSeconds: 120, stuckHours: 14 },
    privacy: { profile: 'pseudonymised', unsupported: [] },
    audit: { maxBytes: 64 * 2 ** 20, sendMinutes: 15 },
    send: { review: 'always', study: 'always' },
    storage: {
      highPercent: 95,
      lowPercent: 85,
      keepDays: 30,
      keepDeliveredDays: 0,
      reserveBytes: 512 * 2 ** 20,
    },
    analysis: {
      ...{ enabled: true, indexTarget: { anterior: 550, posterior: 400 } },
      ...{ interLesionMm: 6, thresholdsMv: [0.2, 0.5], fillThresholdMm: 10 },
    },
    telemetry: { everyMinutes: 15 },
    budgets: { diskClass: 'idle' },
    upload: {
      ...{ parallelBlocks: 2, alarmHours: 24, receiptSeconds: 15 },
      batch: { maxArchives: 64, maxArchiveBytes: 2 ** 26, maxItems: 1000, maxItemBytes: 2 ** 20, maxAgeSeconds: 60 },
    },
  });
});

test('of undocumented kinds of files those may be named that can be tables', (t) => {
  const { privacy } = readConfig(fileWith(t, `${least}privacy: { unsupported: [visitag-pfa] }\n`));
  assert.deepEqual(privacy, { profile: 'pseudonymised', unsupported: ['visitag-pfa'] });
  assert.match(
    errorOf(fileWith(t, `${least}privacy: { unsupported: [unknown] }\n`)).message,
    /privacy\.unsupported\.0/,
  );
});

test('one error lists every field that is wrong, by its path, and none of their values', (t) => {
  const path = fileWith(
    t,
    `inboxes: [exports/of-mrs-miller]
intake: { quietSeconds: soon, maxBytes: 0, maxByte: 7 }
procedure: { authorities: [nobody], coolDownSeconds: -1 }
send: []
upload: { parallelBlocks: 99 }
hub: elsewhere
`,
  );
  const { code, message, hint } = errorOf(path);
  assert.equal(code, 'CONFIG_INVALID');
  for (const field of [
    'inboxes.0',
    'intake.quietSeconds',
    'intake.maxBytes',
    'maxByte',
    'procedure.authorities.0',
    'procedure.coolDownSeconds',
    'send',
    'upload.parallelBlocks',
    'hub',
  ]) {
    assert.ok(message.includes(field), `${field} in ${message}`);
  }
  assert.doesNotMatch(message, /miller|soon|elsewhere/);
  assert.match(hint ?? '', /docs\/configuration\.md/);
});

test('windows and ceiling of the upload are checked', (t) => {
  const withUpload = (upload: string) => fileWith(t, `${least}upload: ${upload}\n`);
  const { upload } = readConfig(
    withUpload('{ maxBytesPerSecond: 500000, zone: Europe/Berlin, windows: [{ from: "22:00", to: "06:00" }] }'),
  );
  assert.deepEqual(upload.windows, [{ from: '22:00', to: '06:00' }]);
  for (const [bad, field] of [
    ['{ maxBytesPerSecond: 1000 }', 'upload.maxBytesPerSecond'],
    ['{ zone: Mars/Olympus }', 'upload.zone'],
    ['{ windows: [{ from: "25:00", to: "06:00" }] }', 'upload.windows.0.from'],
    ['{ windows: [{ days: [noday], from: "22:00", to: "06:00" }] }', 'upload.windows.0.days.0'],
  ] as const) {
    assert.ok(errorOf(withUpload(bad)).message.includes(field), bad);
  }
});

test('without an answer to who says that the room is free there is no configuration', (t) => {
  assert.match(errorOf(fileWith(t, 'inboxes: [/srv]\n')).message, /procedure/);
  assert.match(errorOf(fileWith(t, 'inboxes: [/srv]\nprocedure: { authorities: [] }\n')).message, /authorities/);
});

test('a file that is missing, empty, a list or not YAML is one clear error', (t) => {
  const missing = errorOf(join(temporaryFolder(t), 'vestibule.yaml'));
  assert.equal(missing.code, 'CONFIG_MISSING');
  assert.match(missing.hint ?? '', /vestibule setup/);
  assert.match(errorOf(fileWith(t, '')).message, /\(file\)/);
  assert.match(errorOf(fileWith(t, '- a\n- b\n')).message, /\(file\)/);
  assert.match(errorOf(fileWith(t, 'inboxes: [/srv\n  bad')).message, /not valid YAML/);
});

test('a folder that is watched for activity may not be, hold or lie in an inbox', (t) => {
  const withFolder = (folder: string) =>
    fileWith(
      t,
      `inboxes: [/srv/exports/]\nprocedure: { authorities: [leases], activityFolders: { folders: [/srv/live, ${folder}] } }\n`,
    );
  for (const folder of ['/srv/exports', '/srv', '/srv/exports/../exports/x', '/']) {
    assert.match(errorOf(withFolder(folder)).message, /procedure\.activityFolders\.folders\.1: must not be/, folder);
  }
  assert.equal(readConfig(withFolder('/srv/exports-live')).procedure.activityFolders?.folders.length, 2);
});

test('what setup writes is read back, with the line for the person who opens it, and not for everybody', (t) => {
  const path = join(temporaryFolder(t), 'vestibule.yaml');
  writeConfig(path, { inboxes: ['/srv/a', '/srv/b'], procedure: { authorities: ['leases'], coolDownSeconds: 5 } });
  const config = readConfig(path);
  assert.deepEqual([config.inboxes, config.procedure.coolDownSeconds], [['/srv/a', '/srv/b'], 5]);
  assert.match(readFileSync(path, 'utf8'), /^# The site file/);
  assert.equal(statSync(path).mode & 0o007, 0);
});

test('setup cannot write what would not be read', (t) => {
  const path = join(temporaryFolder(t), 'vestibule.yaml');
  assert.throws(() => writeConfig(path, { inboxes: ['relative'], procedure: { authorities: ['leases'] } }));
});

test('a source of passwords is a file or a command, by absolute paths', (t) => {
  const withSources = (sources: string) => fileWith(t, `${least}intake: { passwords: ${sources} }\n`);
  const sources = [{ file: '/etc/vestibule/passwords' }, { command: ['/usr/bin/pass', 'show', 'carto'] }];
  assert.deepEqual(readConfig(withSources(JSON.stringify(sources))).intake.passwords, sources);
  for (const bad of ['[secret]', '[{ file: passwords }]', '[{ command: [] }]', '[{ command: pass show }]', '[{}]']) {
    const { message } = errorOf(withSources(bad));
    assert.match(message, /intake\.passwords\.0/);
    assert.doesNotMatch(message, /secret|pass show/);
  }
});
