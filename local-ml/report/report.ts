import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256 } from '../../core/digest.ts';
import type { Findings } from '../../protocol/findings.ts';
import type { Analysis } from '../analysis/analyse.ts';
import type { Report, Section } from './model.ts';
import { picturesOf } from './pictures.ts';
import { tablesOf } from './tables.ts';

/** What the report of an analysis tells and shows, numbers after the pictures that show them. No name of the study is in it. */
export function reportOf(analysis: Analysis): Report {
  const { findings } = analysis;
  const findingsSha256 = sha256(canonicalJson(findings));
  const pictures = picturesOf(analysis);
  const tables = tablesOf(findings, findingsSha256);
  const sections = [
    abstentionsOf(findings),
    ...[pictures.regions, tables.discontinuities, pictures.rings],
    ...[pictures.voltage, tables.voltage],
    ...[tables.lesions, tables.chamber, tables.limits, tables.provenance],
  ];
  return {
    title: 'Analysis of a left-atrial map',
    notice: findings.notice,
    ...(findings.needsReview ? { review: 'To be looked at by a person before anything of it is used.' } : {}),
    sections: sections.filter((section) => section !== undefined),
    findingsSha256,
  };
}

function abstentionsOf({ abstentions }: Findings): Section | undefined {
  if (abstentions.length === 0) return undefined;
  const rows = abstentions.map(({ of, reason, found }) => [of, reason.replaceAll('-', ' '), found ?? '']);
  return {
    title: 'What is not said, and why',
    blocks: [{ kind: 'table', head: ['of', 'reason', 'found'], rows, words: [0, 1, 2] }],
  };
}
