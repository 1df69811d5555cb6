import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../core/canonical-json.ts';
import { passAlways } from '../../core/gate-flag.ts';
import { notForDiagnosis } from '../../protocol/findings.ts';
import { analyse } from '../analysis/analyse.ts';
import { defaultAnalysisConfig } from '../analysis/config.ts';
import { lesionsOf } from '../lesions/lesion.ts';
import { simulatedAtrium } from '../testing/simulated-atrium.ts';
import { inputOfShell, readTestShells } from '../testing/test-shells.ts';
import { fhirOf, type Resource } from './fhir.ts';
import { openEpOf } from './openep.ts';

const bare = {
  config: defaultAnalysisConfig,
  models: {},
  runtime: { name: 'none', instructionSet: 'none' },
  checkpoint: passAlways,
};

/** What R4 demands of the resources that are written here: required fields, and choices of which one may be there. */
function expectR4(resource: Resource): void {
  if (resource.resourceType === 'Observation') {
    const { status, code, valueQuantity, dataAbsentReason, component } = resource as Record<string, unknown>;
    assert.ok(['registered', 'preliminary', 'final', 'amended'].includes(status as string) && code);
    // obs-6: dataAbsentReason only where there is no value.
    assert.ok(!(valueQuantity && dataAbsentReason));
    assert.ok(valueQuantity || dataAbsentReason || component);
    if (valueQuantity) assert.equal((valueQuantity as { system: string }).system, 'http://unitsofmeasure.org');
  }
  if (resource.resourceType === 'Procedure') assert.ok(resource.status && resource.subject);
  assert.match(resource.id ?? '', /^[A-Za-z0-9.-]{1,64}$/);
}

test('FHIR-01: findings become an R4 bundle of Device, Procedure and preliminary Observations, each with the notice', async () => {
  const { findings } = await analyse(inputOfShell(readTestShells()[0]!), bare);
  const site = 'L_POST_SUP';
  const opening = {
    kind: 'possible-discontinuity-in-tag-set',
    line: 'left-ring',
    site,
    place: [1, 2, 3],
    effectiveWidthMm: 9.5,
    betweenMm: 9.1,
    neighbours: [4, 7],
    confidence: 0.8,
  } as const;
  const caseId = `case-${'a'.repeat(20)}`;
  const told = {
    ...findings,
    discontinuities: [
      { ...opening, place: [1, 2, 3] as [number, number, number], neighbours: [4, 7] as [number, number] },
    ],
  };
  const bundle = fhirOf(told, { subject: 'Patient/stu-x', caseId });
  const resources = (bundle.entry as { resource: Resource }[]).map(({ resource }) => resource);
  for (const resource of resources) {
    expectR4(resource);
    assert.ok(JSON.stringify(resource.note).includes(notForDiagnosis));
  }
  assert.deepEqual(
    new Set(resources.map(({ resourceType }) => resourceType)),
    new Set(['Device', 'Procedure', 'Observation']),
  );
  assert.equal(new Set(resources.map(({ id }) => id)).size, resources.length);
  const text = canonicalJson(bundle);
  assert.equal(text, canonicalJson(fhirOf(told, { subject: 'Patient/stu-x', caseId })));
  assert.match(text, /"code":"possible-discontinuity-in-tag-set"/);
  assert.match(text, /"code":"not-said-regions"/);
  assert.doesNotMatch(text, /reconnect/i);
});

test('OPENEP-01: a map becomes OpenEP’s userdata: as many rows as there are vertices, triangles, points and tags, in the map’s own frame', async () => {
  const { study } = await simulatedAtrium({ seed: 4, points: 12 });
  const map = study.maps[0]!;
  const lesions = lesionsOf(study);
  const userdata = openEpOf({ ...map, mesh: map.mesh! }, lesions, [notForDiagnosis]);
  const { triRep, act_bip, uni_imp_frc, isVertexAtRim } = userdata.surface;
  const vertices = map.mesh!.positionsMm.length / 3;
  for (const rows of [triRep.X, act_bip, uni_imp_frc, isVertexAtRim]) assert.equal(rows.length, vertices);
  assert.equal(Math.min(...triRep.Triangulation.flat()), 1);
  assert.ok(Math.max(...triRep.Triangulation.flat()) <= vertices);
  assert.equal(userdata.electric.egmX.length, 12);
  assert.ok(userdata.electric.voltages.bipolar.every((mv) => mv === null || mv >= 0));
  const first = study.visiTag!.sites.find(({ ftiGs }) => ftiGs === lesions[0]!.ftiGs)!;
  for (const [axis, mm] of userdata.rfindex.tag.X[0]!.entries())
    assert.ok(Math.abs(mm - first.positionMm[axis]!) < 1e-9);
  assert.deepEqual(JSON.parse(JSON.stringify(userdata)), userdata);
});
