import type { ProcedureStatus } from '../../protocol/control.ts';

/** What about the gate somebody has to look at now, one sentence each; empty when all is well. */
export function procedureAlarms({ stuck, faults = [] }: ProcedureStatus): readonly string[] {
  const broken = faults.map(({ source, what }) => `The source ${source} does not work: ${what}`);
  return [...(stuck ? [stuck.text] : []), ...broken.map((text) => (text.endsWith('.') ? text : `${text}.`))];
}
