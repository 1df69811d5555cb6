import { crlf, settingRow, toCp1252 } from './format.ts';
import { tagIndexFormula } from './tag-index.ts';

/** The two presets of a study: in front and behind. */
export function presetNames(first: string): Readonly<Record<1 | 2, string>> {
  return { 1: first, 2: 'Posterior' };
}

type Setting = readonly [key: string, value: string];

function presetOf(id: 1 | 2, name: string, hasIndex: boolean): readonly Setting[] {
  const least = id === 1 ? 400 : 350;
  return [
    ['PresetId', String(id)],
    ['PresetName', name],
    ['useRespirationCompensation', '1'],
    ['isLocationStabilityFilterEnabled', '1'],
    ['isAvaialble', '1'],
    ['locationStabilityThreshold', '3.000'],
    ['minimalAblationTimeThreshold', '3'],
    ['isImpedanceDropFilterEnabled', '0'],
    ['impedanceDropThreshold', '-1'],
    ['isContactForceFilterEnabled', '1'],
    ['contactForcePercentThreshold', '30'],
    ['contactForceValueForPercentThreshold', '4'],
    ...(hasIndex ? indexSettings(least) : []),
    ['isTemperatureFilterEnabled', '0'],
    ['temperatureThreshold', '-1'],
    ['source of RF index', 'Internal Calculation'],
  ];
}

function indexSettings(least: number): readonly Setting[] {
  return [
    ['isFPTIThresholdIndicationEnabled', '1'],
    ['FPTIMinThreshold', least.toFixed(3)],
    ['FPTIMaxThreshold', (least + 50).toFixed(3)],
    ['FPTIFormulaGUID', tagIndexFormula.guid],
  ];
}

const rowsOf = (settings: readonly Setting[]) => settings.map(([key, value]) => settingRow(key, value));

/** The preset in use when the study was exported. */
export function writeSettings(firstPreset: string, hasIndex: boolean): Buffer {
  return toCp1252(crlf(rowsOf(presetOf(1, firstPreset, hasIndex))));
}

/** All presets, each followed by a blank and an empty line. */
export function writePresets(firstPreset: string, hasIndex: boolean): Buffer {
  const names = presetNames(firstPreset);
  const block = (id: 1 | 2) => [...rowsOf(presetOf(id, names[id], hasIndex)), ' '.repeat(38), ''];
  return toCp1252(crlf([...block(1), ...block(2)]));
}

export function writeDisplay(): Buffer {
  const settings: readonly Setting[] = [
    ['CurrentPresetId', '1'],
    ['isMultiConfigurationLocked', '0'],
    ['siteTagsColoringType', '1'],
    ['enableGridColoring', '0'],
    ['enableSiteTagColoring', '1'],
    ['gridProjectionType', '0'],
    ['showGrid', '0'],
    ['showProjection', '0'],
    ['showSiteTags', '1'],
    ['showSiteTagsProjection', '1'],
    ['projectionSize', '1.000'],
    ['siteTagSize', '1.000'],
  ];
  return toCp1252(crlf(rowsOf(settings)));
}

/** The index formulas that a preset may name: none, and the one that every site here was calculated with. */
export function writeFormulas(): Buffer {
  const formula = tagIndexFormula;
  const none = formulaLines(
    { guid: '00000000-0000-0000-0000-000000000000', name: 'None', type: 0 },
    [0, 0, 0, 0, 0],
    noLimits,
  );
  const real = formulaLines(
    { guid: formula.guid, name: '# Tag Index', type: 2 },
    [
      formula.overallCoefficient,
      formula.forceExponent,
      formula.powerExponent,
      formula.overallExponent,
      formula.clampLowForceTo,
    ],
    ['0.0', '120.0', '0.0', '120.0', '0', '240000', '300', '900'],
  );
  const lines = ['<?xml version="1.0" ?>', '<FPTI>', '    <Version></Version>', '    <Formulas>'];
  return Buffer.from(crlf([...lines, ...none, ...real, '    </Formulas>', '</FPTI>']));
}

const noLimits = ['0.0', '0.0', '0.0', '0.0', '0', '0', '0', '0'];
const coefficientNames = [
  'overallCoefficient',
  'forceExponent',
  'powerExponent',
  'overallExponent',
  'clampLowForceValueTo',
];
const limitNames = [
  ...['minTechnicalForce', 'maxTechnicalForce', 'minTechnicalPower', 'maxTechnicalPower'],
  ...['minTechnicalDuration', 'maxTechnicalDuration', 'maxAllowedGapOfPower', 'maxAllowedGapOfForce'],
];

function formulaLines(
  { guid, name, type }: { guid: string; name: string; type: number },
  coefficients: readonly number[],
  limits: readonly string[],
): string[] {
  const element = (key: string, value: string | number) => `<${key}>${value}</${key}>`;
  const inner = [
    element('GUID', guid),
    element('Name', name),
    element('Type', type),
    '<Coefficients>',
    ...coefficients.map((value, n) => `    ${element(coefficientNames[n]!, value.toFixed(2))}`),
    '</Coefficients>',
    '<TechnicalLimits>',
    ...limits.map((value, n) => `    ${element(limitNames[n]!, value)}`),
    '</TechnicalLimits>',
  ];
  return ['        <Formula>', ...inner.map((line) => `            ${line}`), '        </Formula>'];
}
