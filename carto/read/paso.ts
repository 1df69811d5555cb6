import type { SourceFile } from '../source.ts';
import type { PaceCorrelation, PaceMapping, SettingsBlock } from '../study.ts';
import { entriesOf, type Survey } from '../survey.ts';
import { readPaceCorrelations } from './paso-correlations.ts';
import { readPaceTemplate } from './paso-template.ts';
import { linesOf, pairsIn } from './paso-text.ts';
import type { Reading } from './reading.ts';

/** Reads what pace mapping exported; undefined when it exported nothing. */
export async function readPaceMapping(reading: Reading): Promise<PaceMapping | undefined> {
  const { survey } = reading;
  if (!hasPaceMapping(survey)) return undefined;
  const configuration = new Map<string, string>();
  for (const { file } of entriesOf(survey, 'paso-configuration')) {
    const block = await reading.attempt('paso-configuration', () => readConfiguration(file, reading));
    for (const [key, value] of block ?? []) configuration.set(key, value);
  }
  const templates: PaceMapping['templates'][number][] = [];
  for (const { file } of entriesOf(survey, 'paso-template')) {
    const read = await reading.attempt('paso-template', async () => ({
      template: await readPaceTemplate(file, reading.checkpoint),
    }));
    if (read?.template) templates.push(read.template);
    else if (read) reading.warnings.add('unrecognised', 'paso-template');
  }
  const correlations: PaceCorrelation[] = [];
  for (const { file, identity } of entriesOf(survey, 'paso-correlations')) {
    const read = () => readPaceCorrelations(file, identity.of, reading.checkpoint);
    const found = await reading.attempt('paso-correlations', read);
    for (const one of found ?? []) correlations.push(one);
  }
  return { configuration, templates, correlations };
}

async function readConfiguration(file: SourceFile, { checkpoint }: Reading): Promise<SettingsBlock> {
  return pairsIn(await linesOf(file, checkpoint, 'paso-configuration'));
}

export function hasPaceMapping({ entries }: Survey): boolean {
  return entries.some(({ identity }) => identity.kind.startsWith('paso-'));
}
