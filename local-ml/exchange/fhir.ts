import { type Findings, notForDiagnosis } from '../../protocol/findings.ts';

/** A FHIR R4 resource, as far as this file writes one. */
export interface Resource {
  readonly resourceType: 'Bundle' | 'Observation' | 'Procedure' | 'Device';
  readonly id?: string;
  readonly [field: string]: unknown;
}

export interface FhirOptions {
  /** Pseudonymous reference of the patient, such as `Patient/stu-…`: nothing of the person. */
  readonly subject: string;
  /** Ours and random; ids of the resources begin with it. */
  readonly caseId: string;
}

const codes = 'urn:vestibule:findings';

/**
 * Findings as a FHIR R4 collection Bundle: the software as Device, the ablation as Procedure (what the tags say of it), each
 * number as Observation of status `preliminary`, abstentions as Observations with `dataAbsentReason`. Pure: same findings,
 * same resources. No times: an export has none of the calendar.
 */
export function fhirOf(findings: Findings, options: FhirOptions): Resource {
  const device = deviceOf(findings, options);
  const procedure = findings.lesions ? [procedureOf(findings, options)] : [];
  const observations = [
    ...chamber(findings),
    ...voltage(findings),
    ...discontinuities(findings),
    ...lesions(findings),
    ...abstained(findings),
  ];
  const resources = [device, ...procedure, ...observations.map((one, at) => observationOf(one, at, options))];
  return {
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map((resource) => ({ fullUrl: `urn:vestibule:${resource.id}`, resource })),
  };
}

function deviceOf({ software, models }: Findings, { caseId }: FhirOptions): Resource {
  return {
    ...{ resourceType: 'Device', id: `${caseId}-device`, status: 'active' },
    deviceName: [{ name: 'Vestibule analysis', type: 'model-name' }],
    version: [
      { type: { text: 'software' }, value: software.version },
      { type: { text: 'runtime' }, value: `${software.runtime}; ${software.instructionSet}` },
      ...models.map(({ id, version, sha256 }) => ({ type: { text: id }, value: `${version} sha256:${sha256}` })),
    ],
    note: [{ text: notForDiagnosis }],
  };
}

function procedureOf({ lesions, lines }: Findings, { caseId, subject }: FhirOptions): Resource {
  const told = (lines ?? []).map(
    ({ line, lesions: count, isContinuous }) =>
      `${line}: ${count} tags, ${isContinuous ? 'no room found' : 'leaves room'} in the tag set`,
  );
  return {
    ...{ resourceType: 'Procedure', id: `${caseId}-procedure`, status: 'unknown', subject: { reference: subject } },
    code: { text: 'Catheter ablation, as tagged' },
    note: [
      { text: `${lesions?.all.lesions ?? 0} ablation tags on the surface` },
      ...told.map((text) => ({ text })),
      { text: notForDiagnosis },
    ],
  };
}

interface Told {
  readonly code: string;
  readonly text: string;
  readonly value?: { readonly value: number; readonly unit: string; readonly code: string };
  readonly site?: string;
  readonly absent?: string;
  readonly components?: readonly {
    readonly code: string;
    readonly value: number;
    readonly unit: string;
    readonly ucum: string;
  }[];
}

function observationOf(
  { code, text, value, site, absent, components }: Told,
  at: number,
  { caseId, subject }: FhirOptions,
): Resource {
  return {
    ...{ resourceType: 'Observation', id: `${caseId}-observation-${at + 1}`, status: 'preliminary' },
    code: { coding: [{ system: codes, code }], text },
    subject: { reference: subject },
    device: { reference: `Device/${caseId}-device` },
    ...(value ? { valueQuantity: { ...value, system: ucumSystem } } : {}),
    ...(absent === undefined
      ? {}
      : { dataAbsentReason: { coding: [{ system: absentSystem, code: 'not-performed' }], text: absent } }),
    ...(site === undefined
      ? {}
      : {
          bodySite: {
            coding: [{ system: `${codes}:site`, code: site }],
            text: site.toLowerCase().replaceAll('_', ' '),
          },
        }),
    ...(components
      ? {
          component: components.map((one) => ({
            code: { coding: [{ system: codes, code: one.code }] },
            valueQuantity: { value: one.value, unit: one.unit, system: ucumSystem, code: one.ucum },
          })),
        }
      : {}),
    note: [{ text: notForDiagnosis }],
  };
}

const ucumSystem = 'http://unitsofmeasure.org';
const absentSystem = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';
const cm2 = (value: number) => ({ value, unit: 'cm²', code: 'cm2' });
const mm = (value: number) => ({ value, unit: 'mm', code: 'mm' });

function chamber({ chamber: found }: Findings): Told[] {
  if (!found) return [];
  return [
    { code: 'chamber-area', text: 'Area of the mapped shell', value: cm2(found.areaCm2) },
    {
      code: 'chamber-volume',
      text: 'Volume of the mapped shell, holes closed',
      value: { value: found.volumeMl, unit: 'ml', code: 'mL' },
    },
  ];
}

function voltage({ voltage: found }: Findings): Told[] {
  if (!found) return [];
  const area = (code: string, text: string, part: typeof found.wholeShell, site?: string): Told => ({
    ...{ code, text, value: cm2(part.mappedCm2), ...(site ? { site } : {}) },
    components: part.below.flatMap(({ mv, areaCm2, percent }) => [
      { code: `area-below-${mv}-mv`, value: areaCm2, unit: 'cm²', ucum: 'cm2' },
      ...(percent === undefined ? [] : [{ code: `share-below-${mv}-mv`, value: percent, unit: '%', ucum: '%' }]),
    ]),
  });
  return [
    ...(found.body ? [area('mapped-area-body', 'Mapped area of the body, and low voltage in it', found.body)] : []),
    ...(found.walls ?? []).map(({ wall, ...part }) =>
      area('mapped-area-wall', `Mapped area of a wall, and low voltage in it`, part, wall),
    ),
    area('mapped-area-whole-shell', 'Mapped area of everything, and low voltage in it', found.wholeShell),
  ];
}

function discontinuities({ discontinuities: found }: Findings): Told[] {
  return (found ?? []).map(({ site, line, effectiveWidthMm, betweenMm, confidence }) => ({
    ...{
      code: 'possible-discontinuity-in-tag-set',
      text: `Possible discontinuity in the tag set (${line})`,
      site,
      value: mm(effectiveWidthMm),
    },
    components: [
      { code: 'distance-of-tags', value: betweenMm, unit: 'mm', ucum: 'mm' },
      { code: 'confidence', value: confidence, unit: '1', ucum: '1' },
    ],
  }));
}

function lesions({ lesions: found }: Findings): Told[] {
  return (found?.segments ?? []).map((segment) => ({
    ...{ code: 'lesions-of-segment', text: 'Ablation tags of a segment', site: segment.site },
    value: { value: segment.lesions, unit: '1', code: '1' },
    components: [
      ...(segment.index ? [{ code: 'ablation-index-median', value: segment.index.p50, unit: '1', ucum: '1' }] : []),
      ...(segment.forceG ? [{ code: 'contact-force-median', value: segment.forceG.p50, unit: 'g', ucum: 'gf' }] : []),
      ...(segment.interLesionMm
        ? [{ code: 'inter-lesion-distance-max', value: segment.interLesionMm.max, unit: 'mm', ucum: 'mm' }]
        : []),
    ],
  }));
}

function abstained({ abstentions }: Findings): Told[] {
  return abstentions.map(({ of, reason }) => ({ code: `not-said-${of}`, text: `Not said: ${of}`, absent: reason }));
}
