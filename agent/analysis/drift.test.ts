import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type SimulateOptions, simulateStudy } from '../../carto/index.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { analyserOf } from '../../local-ml/testing/test-analyser.ts';
import { confidenceEdges, type Drift, distanceEdges, driftSchema, secondsEdges } from '../../protocol/drift.ts';
import { counted, type SeenCase } from './drift.ts';
import { DriftFile } from './drift-file.ts';

const sum = (classes: readonly number[]) => classes.reduce((total, one) => total + one, 0);
/** The class that holds a value, by its upper edge. */
const classOf = (edges: readonly number[], value: number) => edges.filter((edge) => value > edge).length;
const by = (drift: Drift, id: string) => drift.find((one) => one.id === id) ?? assert.fail(`no counters of ${id}`);

test('DRIFT-01: real findings are counted by model: verdicts, distances, confidences, abstentions, times, sites', async (t) => {
  const { analyse } = analyserOf(t);
  const seen = async (options: Omit<SimulateOptions, 'folder'>, seconds?: number): Promise<SeenCase> => {
    const { folder: path } = await simulateStudy({ points: 12, ...options, folder: temporaryFolder(t) });
    const { findings, seen } = await analyse(path);
    return { ...seen, findings, ...(seconds === undefined ? {} : { seconds }) };
  };
  const atria = [await seen({ seed: 7 }, 1.5), await seen({ seed: 11, ablationGapMm: 12 }, 3)];
  const ventricle = await seen({ seed: 4, chamber: 'left-ventricle' });
  const all: SeenCase[] = [...atria, ventricle, { models: {}, failure: 'TABLE_ODD' }];
  const drift = all.reduce<Drift>((sofar, one, at) => counted(sofar, one, `2026-11-0${at + 1}`), []);
  assert.deepEqual(driftSchema.parse(drift), drift);

  const regions = by(drift, 'la-regions');
  assert.deepEqual([regions.version, regions.since, regions.cases], ['1.0.0', '2026-11-01', 3]);
  assert.equal(sum(Object.values(regions.verdicts)), 3);
  assert.ok(regions.verdicts.familiar + regions.verdicts.review >= 2, JSON.stringify(regions.verdicts));
  for (const { familiarity, findings } of atria) {
    const { distance = Number.NaN } = familiarity ?? {};
    assert.ok((regions.distance[classOf(distanceEdges, distance)] ?? 0) > 0);
    const { meanConfidence = Number.NaN } = findings?.regions ?? {};
    assert.ok((regions.confidence[classOf(confidenceEdges, meanConfidence)] ?? 0) > 0);
  }
  assert.equal(sum(regions.confidence), 2, 'of what is not said there is no confidence');
  assert.equal(sum(regions.distance), all.filter(({ familiarity }) => familiarity !== undefined).length);
  assert.deepEqual([regions.seconds[classOf(secondsEdges, 1.5)], regions.seconds[classOf(secondsEdges, 3)]], [1, 1]);
  assert.equal(sum(regions.seconds), 2);
  for (const { of, reason } of ventricle.findings?.abstentions ?? []) {
    const where = by(drift, of === 'sites' ? 'ablation-sites' : 'la-regions');
    assert.equal(where.abstentions[`${of}:${reason}`], 1);
  }

  const sites = by(drift, 'ablation-sites');
  const named = atria.flatMap(({ findings }) => findings?.sites ?? []).filter((site) => site.by === 'model');
  assert.ok(named.length > 50);
  assert.deepEqual(sites.sites, { named: named.length, otherByRules: named.filter(({ rules }) => rules).length });
  assert.deepEqual([sites.cases, sum(sites.confidence)], [3, 2]);
  assert.deepEqual(by(drift, 'none').abstentions, { 'analysis:TABLE_ODD': 1 });
});

test('DRIFT-02: another version of a model has counters of its own; those used longest ago go first', () => {
  const of = (version: string): SeenCase => ({ models: { regions: { id: 'la-regions', version } } });
  const versions = [...Array.from({ length: 20 }, (_, n) => `1.0.${n}`), '1.0.8'];
  const drift = versions.reduce<Drift>((sofar, version) => counted(sofar, of(version), '2026-11-01'), []);
  assert.equal(drift.length, 16);
  assert.deepEqual([drift[0]?.version, drift[0]?.cases, drift.at(-1)?.version], ['1.0.8', 2, '1.0.4']);
});

test('DRIFT-03: counters outlive a restart, are sent once a day, and begin anew where the file cannot be read', (t) => {
  const path = join(temporaryFolder(t), 'drift.json');
  let now = new Date('2026-11-01T23:10:00.000Z');
  const open = () => new DriftFile(path, { clock: { now: () => now }, log: silentLog });
  const one: SeenCase = {
    models: { regions: { id: 'la-regions', version: '1.0.0' } },
    familiarity: { distance: Number.NaN, verdict: 'strange' },
    seconds: 900,
  };
  assert.equal(open().takeForToday(), undefined, 'there is nothing to send');
  open().note(one);
  open().note(one);
  const [kept] = open().models;
  assert.deepEqual([kept?.cases, kept?.distance.at(-1), kept?.seconds.at(-1), kept?.since], [2, 2, 2, '2026-11-01']);
  assert.deepEqual(open().takeForToday(), open().models);
  open().note(one);
  assert.equal(open().takeForToday(), undefined, 'they were sent today');
  now = new Date('2026-11-02T00:05:00.000Z');
  assert.equal(open().takeForToday()?.[0]?.cases, 3);
  // No case, and no time but days.
  assert.doesNotMatch(readFileSync(path, 'utf8'), /case-|T\d\d:|\d\d:\d\d/);
  writeFileSync(path, '{"v":1,"models":[{"id"');
  assert.deepEqual(open().models, []);
  open().note(one);
  assert.deepEqual([open().models[0]?.cases, open().models[0]?.since], [1, '2026-11-02']);
});
