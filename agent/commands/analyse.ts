import { existsSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { KeyFolder, openLocalKeys } from '../../certs/index.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { exitCode, type GlobalOptions, print, UsageError, Verdict } from '../../core/cli.ts';
import { writeFileDurable } from '../../core/files.ts';
import { Gate } from '../../core/gate.ts';
import { type ReportForm, reportForms, type StudyPlace } from '../../local-ml/index.ts';
import type { Findings } from '../../protocol/findings.ts';
import { caseIdSchema } from '../../protocol/ids.ts';
import { type AnalysisSettings, analysisSchema, openAnalyser } from '../analysis/index.ts';
import { readConfig } from '../config.ts';
import { foldersOf } from '../folders.ts';

export interface AnalyseFlags {
  /** Also write the report there; the ending says as what. */
  readonly report?: string;
  readonly passwordStdin?: boolean;
}

/**
 * `vestibule analyse PATH|CASE`: what can be said of the left atrium, the lesions and the voltages of any export, or of a
 * case that this appliance has sealed, by the settings of its site's file. Needs no daemon, and of an export no appliance;
 * sends nothing. Exit 5 where nothing could be said.
 */
export async function analyse(options: GlobalOptions, target: string, flags: AnalyseFlags): Promise<void> {
  const { report } = flags;
  const reportForm = report === undefined ? undefined : reportFormOf(report);
  const place = caseIdSchema.safeParse(target).success
    ? await sealedCase(options, target)
    : await exportAt(target, flags.passwordStdin === true);
  const gate = new Gate();
  gate.open();
  const analyser = await openAnalyser(settingsOf(options), { gate });
  try {
    using work = gate.work('analyse');
    const signal = new AbortController().signal;
    const found = await analyser.analyse(place, { work, signal, reportForm });
    if (report !== undefined && found.report) writeFileDurable(report, found.report);
    if (options.json) process.stdout.write(`${canonicalJson(found.findings)}\n`);
    else print(options, found.findings, () => textOf(found.findings));
    giveVerdict(found.findings);
  } finally {
    await analyser.stop();
  }
}

/** What the daemon of this data folder goes by; the defaults where no appliance was set up. */
function settingsOf({ data }: GlobalOptions): AnalysisSettings {
  const { config } = foldersOf(data);
  return existsSync(config) ? readConfig(config).analysis : analysisSchema.parse({});
}

/** What a report of this name is written as. Throws where its ending is of nothing that can be written. */
export function reportFormOf(file: string): ReportForm {
  const ending = extname(file).slice(1).toLowerCase();
  const form = reportForms.find((one) => one === ending);
  if (form !== undefined) return form;
  const found = ending === '' ? 'a name without an ending' : `.${ending}`;
  const hint = 'Name it FILE.html for a page with pictures, or FILE.pdf for the same to print or file.';
  throw new UsageError('MISUSED', `--report expects a file that ends with .html or .pdf, found ${found}`, { hint });
}

async function exportAt(path: string, passwordStdin: boolean): Promise<StudyPlace> {
  const password = passwordStdin ? { password: (await text(process.stdin)).replace(/\r?\n$/, '') } : {};
  return { kind: 'export', path: resolve(path), ...password };
}

async function sealedCase({ data }: GlobalOptions, caseId: string): Promise<StudyPlace> {
  const folders = foldersOf(data);
  const path = ['review', 'study'].map((tier) => join(folders.cases, `${caseId}.${tier}.case`)).find(existsSync);
  if (path === undefined) {
    const hint = 'It was released or withdrawn, or never sealed.';
    throw new Verdict(exitCode.failed, 'The appliance has no archive of this case.', hint);
  }
  const { storage } = await openLocalKeys(await KeyFolder.open(folders.keys));
  return { kind: 'archive', path, key: storage };
}

function giveVerdict({ abstentions }: Findings): void {
  const whole = abstentions.find(({ of }) => of === 'everything');
  if (whole)
    throw new Verdict(exitCode.needsAttention, `Nothing is said of this case: ${whole.reason.replaceAll('-', ' ')}.`);
}

/** The main numbers, for people. */
export function textOf(findings: Findings): string {
  const { chamber, voltage, lesions, lines, discontinuities, abstentions, needsReview } = findings;
  const told = [
    chamber && `Chamber: ${chamber.areaCm2} cm², ${chamber.volumeMl} ml.`,
    voltage &&
      `Low voltage${voltage.body ? '' : ' (whole shell)'}: ${(voltage.body ?? voltage.wholeShell).below.map(({ mv, areaCm2, percent }) => `${areaCm2} cm² (${percent ?? '–'} %) below ${mv} mV`).join(', ')}.`,
    lesions && `Lesions: ${lesions.all.lesions}, ${lesions.offSurface} more off the surface.`,
    ...(lines ?? []).map(
      ({ line, isContinuous, widestMm }) =>
        `${line.replaceAll('-', ' ')}: ${isContinuous ? 'no room found' : `leaves room, ${widestMm} mm`}.`,
    ),
    ...(discontinuities ?? []).map(
      ({ site, effectiveWidthMm, confidence }, at) =>
        `${at + 1}. Possible discontinuity in the tag set at ${site.toLowerCase().replaceAll('_', ' ')}: ${effectiveWidthMm} mm, confidence ${Math.round(100 * confidence)} %.`,
    ),
    ...abstentions.map(
      ({ of, reason, found }) => `Not said, ${of}: ${reason.replaceAll('-', ' ')}${found ? ` (${found})` : ''}.`,
    ),
    needsReview && 'To be looked at by a person before anything of it is used.',
    findings.notice,
  ];
  return told.filter((line) => typeof line === 'string').join('\n');
}
