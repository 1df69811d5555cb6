import { type Profile, unsupportedKinds } from '../../protocol/profile.ts';
import { type FileKind, type LeftOutKind, visiTagTables } from '../files.ts';
import type { CodedName, CounterName, Grammar, Rule } from './rule.ts';
import { rules } from './rules.ts';
import { treatments, unsupportedTable } from './treatment.ts';

/** `docs/privacy.md`: written from the rules themselves, so that the page cannot say anything else than they do. */
export function describePrivacy(): string {
  const kinds = Object.keys(rules).filter((kind) => kind !== 'file-name');
  return `${[head, profiles(), treatmentsText(), names(), ...kinds.map(kindText), leftOut(), tail].join('\n\n')}\n`;
}

const head = `# What leaves, and as what
This page is generated from the rules that the pseudonymiser goes by (\`scripts/describe-privacy\`); a test holds it to
them. What is not on this page does not leave: a file, a table's column, an element or an attribute without a rule is left
out, and counted. The appliance then looks through everything that is to leave, trusting none of its own writers, and holds
the case (\`phi-suspected\`) when it finds what staff typed, a word that is neither the format's nor a generated code, or
digits in the form of a date.

An export has no field for a patient. What identifies one is in what staff type (names of studies, maps, tags, presets,
comments), in times, and in numbers that link the exports of one workstation.`;

const profileTexts: Readonly<Record<Profile, readonly [codes: string, numbers: string, dates: string, kept: string]>> =
  {
    pseudonymised: [
      'keyed: eight letters of HMAC-SHA256 under the site’s linkage key over study, kind and name',
      '1, 2, 3, … in the order of the counters',
      'back by a constant of the study, 30 to 1095 days, from the same key',
      'names, counters and codes, encrypted on the appliance: `vestibule relink CODE` leads back',
    ],
    'safe-harbor': [
      'eight letters drawn at random (45 CFR 164.514(c): not derived from anything)',
      '1, 2, 3, … in an order drawn at random',
      'the year alone; month and day are written as 0, which no date has (164.514(b)(2)(i)(C))',
      'keyed digests only, so that the next export of the study gets the same codes; nothing leads back to a name',
    ],
    'site-only': [
      'as `pseudonymised`',
      'as `pseudonymised`',
      'as `pseudonymised`',
      'as `pseudonymised`. Cases are sealed for the hospital’s own key and sent to nobody; their stage stays `sealed`, also when the profile is changed later',
    ],
  };

function profiles(): string {
  const rows = Object.entries(profileTexts).map(([name, cells]) => `| \`${name}\` | ${cells.join(' | ')} |`);
  return `## Profiles
The site's file chooses one (\`privacy.profile\`).

| profile | codes | counters | dates | what the appliance keeps |
|---|---|---|---|---|
${rows.join('\n')}

In every profile the time of the export (in names, in \`Date\` and \`Time\`) is left out. Dates of the procedure stand in
templates of pace mapping alone, each with a time of day. A time of day is no element of a date under HIPAA, but to the second
it would link the study to the hospital's other logs, and beside the study clock it would tell the time of everything: it is
written as \`00:00:00\` in every profile. The study clock itself (\`Timestamp\`) stays, and tells what came after what.

Codes, numbers and the shift are kept per study, so that the same study exported again has the same bytes in every file that
did not change. The linkage key is made by \`vestibule setup\` (\`keys/linkage.key\`, mode 0600) and never leaves the
appliance; nor does what is kept of a study.
Another profile starts anew: codes made under one are never taken over by another.

Under \`safe-harbor\` the digests are HMACs under the linkage key and a random value of the study. Whoever holds the appliance
and its keys could try out guesses against them, and nobody else can; they exist so that a re-export is recognised. The study
as a whole is still the individual's: anatomy and signals are anyone's own (164.514(b)(2)(ii) asks for no actual knowledge
that they identify). Age and admission dates do not occur in an export.`;
}

const grammarNotes: Readonly<Record<string, string>> = {
  'study clock': 'milliseconds since the study began, which no date anchors',
};

function grammarText({ name, bounds }: Grammar): string {
  if (name === 'nothing') return 'kept: the element, for what is in it, or the empty value';
  const note = grammarNotes[name];
  const limit = bounds ? `, below ${bounds.below}${bounds.or === undefined ? '' : ` or ${bounds.or}`}` : '';
  return `kept: ${name}${limit}${note ? ` (${note})` : ''}`;
}

const codeTexts: Readonly<Record<CodedName, string>> = {
  study: '`Study-…`: typed by staff, holds the time of the export',
  map: '`Map-…`: typed by staff',
  shell: '`Shell-….mesh`: typed by staff',
  tag: '`Tag-…`, unless both names are a default tag’s: sites add their own',
  preset: '`Preset-…`: typed by staff',
  coloring: '`Coloring-…`, unless it is one of the format’s',
  connector: '`DEVICE_…_CONNECTOR`, unless it is a socket of the patient interface unit',
  channel: '`Channel-…`, unless it is a lead or the poles of a socket: labels can be typed',
  formula: '`Formula-…`, unless it is the format’s',
  'formula-id': 'a running number in the form of the id',
  table: '`Table-…`: the name of an undocumented table',
  column: '`Column-…`: any name that no documented table has',
  template: '`Template-…`, unless it is a prefix of the format with at most a number: typed by staff',
};

const counterTexts: Readonly<Record<CounterName, string>> = {
  map: 'the workstation counts maps over all patients',
  catheter: 'the workstation counts catheters over all patients',
  session: 'the workstation counts ablation sessions over all patients',
  channel: 'small numbers stay; larger ones may be anything',
  preset: 'small numbers stay; larger ones may be anything',
  tag: 'the palette’s own ids stay; larger ones may be anything',
  mesh: 'small numbers stay; larger ones may be anything',
  voxel: 'stays where it is proved to be the coordinate, written in one number',
  template: 'small numbers stay; larger ones may be anything',
};

function ruleText(rule: Rule): string {
  switch (rule.do) {
    case 'keep':
      return grammarText(rule.as);
    case 'code':
      return `code ${codeTexts[rule.as]}`;
    case 'map':
      return `number of this study: ${counterTexts[rule.as]}`;
    case 'refer':
      return 'renamed, as the file is that it names';
    case 'shift':
      return 'shifted by the study’s constant; under `safe-harbor` the year alone, month and day 0';
    case 'drop':
      return rule.typed ? 'left out: typed by staff' : 'left out: time or file names of the workstation';
  }
}

function treatmentsText(): string {
  return `## What happens to a field
- *kept*: the value goes on as it is, if it has the form and the size that the field has; if not, it is left out, or the
  format's word for *nothing* stands there. A number that is too large for its field is no measurement.
- *code*: a generated code stands for it, the same throughout the study.
- *number of this study*: 1, 2, 3, … stands for a counter of the workstation, the same throughout the study.
- *shifted*: a day of the procedure is moved by the study's constant, or reduced to its year, by the profile.
- *renamed*: it names a file, whose new name stands there.
- *left out*.

Of bulk tables (ECG, positions, force, RF) the cells go on byte for byte once they are proved: each line with as many cells as
there are columns, each cell a number within its column's bounds, none of them a number that staff typed anywhere.`;
}

function names(): string {
  return `## Names of files\n${fieldTable(rules['file-name'] ?? {})}`;
}

const patterns: Readonly<Partial<Record<FileKind | 'unsupported-table', string>>> = {
  study: '`<study> <stamp>.xml`',
  'points-index': '`<map>_Points_Export.xml`',
  point: '`<map>_P<n>_Point_Export.xml`',
  'fpti-formulas': '`VisiTagExport/fpti-formulas.xml`',
  mesh: '`<map>.mesh`, and imported surfaces',
  car: '`<map>_car.txt`; fields are the columns, from 0',
  ecg: '`…_ECG_Export….txt`',
  'electrode-positions': '`…_Eleclectrode_Positions….txt`',
  'sensor-positions': '`…_Sensor_Positions….txt`',
  'contact-force': '`…_ContactForce….txt`',
  rf: '`RF_<map>_<k>.txt`',
  'contact-force-in-rf': '`ContactForceInRF_<map>_<k>.txt`',
  'unsupported-table': `Tables of kinds that are not documented leave only where the site’s file names the kind in
\`privacy.unsupported\` (${unsupportedKinds.map((kind) => `\`${kind}\``).join(', ')}), and then
only one that is proved whole: a header, and rows of numbers within bounds. Any other stays behind, counted with a warning.
What its numbers mean is not known: whoever names a kind has looked into such a table.

\`VisiTagExport/Table-….txt\`, \`…_PFA.txt\`, \`Table-….txt\``,
  'paso-configuration': '`PaSoExport/ConfigurationData.txt`',
  'paso-template': '`PaSoExport/<template>.txt`; its lines by their keys',
  'paso-correlations': '`PaSoExport/ISISCorrelations.txt`, `…/PMISCorrelations.txt`',
};

function kindText(kind: string): string {
  const table = (visiTagTables as Readonly<Record<string, string>>)[kind];
  const pattern = patterns[kind as FileKind] ?? (table ? `\`VisiTagExport/${table}.txt\`, \`…_QMODE+.txt\`` : '');
  const treatment = kind === unsupportedTable.rules ? unsupportedTable : treatments[kind as FileKind];
  const tiers = treatment?.tiers.join(' and ') ?? '';
  return `## ${kind}\n${pattern}. In tier ${tiers}.\n\n${fieldTable(rules[kind] ?? {})}`;
}

/** Fields with one fate stand together, in the order of the rules. */
function fieldTable(fields: Readonly<Record<string, Rule>>): string {
  const groups = Map.groupBy(Object.entries(fields), ([, rule]) => ruleText(rule));
  const rows = Array.from(groups, ([text, own]) => `| ${own.map(([field]) => `\`${field}\``).join(', ')} | ${text} |`);
  return `| field | what happens |\n|---|---|\n${rows.join('\n')}`;
}

const leftOutTexts: Readonly<Record<LeftOutKind, string>> = {
  'paso-other': 'files of a pace mapping export that are not documented',
  'visitag-pfa': 'tables of pulsed field ablation: not documented; may be named in `privacy.unsupported`',
  'temperatures-in-rf': 'tables of a catheter generation that are not documented; may be named there',
  'nmarq-mapping': 'holds nothing unless that catheter was used; its rows are not documented; may be named there',
  'unreferenced-mesh': 'no map and no imported surface names it',
  'visitag-other': 'tables of VisiTag generations that are not documented; may be named there',
  outside: 'beside or above the folder of the study XML',
  unknown: 'anything else',
};

function leftOut(): string {
  const rows = Object.entries(leftOutTexts).map(([kind, text]) => `| \`${kind}\` | ${text} |`);
  return `## What stays behind\n| kind of file | why |\n|---|---|\n${rows.join('\n')}`;
}

const tail = `## What cannot be told
- A word of free text that is a word of the format, in a place where the format has just that word (a channel \`RA\`, a preset
  \`NA\`).
- A number that nobody typed elsewhere and that has the size of what its field holds: a record number of nine digits as a time
  stamp, of six as the id of a point. Digits behind a decimal point.
- Anatomy and signals. They are anyone's own, so that the result is pseudonymous, not anonymous.

## Leading a code back
\`vestibule relink CODE\`, on the appliance and with the right to read its keys, prints what stands behind a generated code and
in which study. That it was asked, by whom, for which code and with which result is on record (docs/audit.md) before the answer is
printed; the answer itself is in no log. It finds nothing under \`safe-harbor\`.

## When a case is held as \`phi-suspected\`
Nothing left the appliance. Its log (\`vestibule.log\`) names the kind of file, the line and the rule, never what was found:
- \`original-word\`, \`original-mixed-word\`, \`original-number\`: something that staff typed in a name stands in a place that is
  passed on. Rename the map, tag or preset on the workstation, or empty the comment, and export again.
- \`unknown-word\`: a word that is neither the format's nor a code. The export may be of a generation that is not known yet:
  report the kind of file and the line, not the file.
- \`date\`: digits in the form of a date or a time of day. Look for one in names of maps, tags and presets.
- \`character\`: a byte that the output never has, as of a name in another alphabet.`;
