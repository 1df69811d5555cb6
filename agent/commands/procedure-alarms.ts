import type { ProcedureStatus } from '../../protocol/control.ts';

/** What about the gate somebody has to look at now, one sentence each; empty when all is well. */
export function procedureAlarms({ stuck, override, faults = [] }: ProcedureStatus): readonly string[] {
  const minutes = Math.ceil((override?.remainingMs ?? 0) / 60_000);
  const against = override?.setsAside.length ? ` against ${override.setsAside.join(', ')}` : '';
  const word = `OVERRIDE: a person’s word counts${against} for ${minutes} more min (${override?.reason}).`;
  const broken = faults.map(({ source, what }) => `The source ${source} does not work: ${what}`);
  return [
    ...(stuck ? [stuck.text] : []),
    ...(override ? [word] : []),
    ...broken.map((text) => (text.endsWith('.') ? text : `${text}.`)),
  ];
}
