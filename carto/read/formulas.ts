import type { Checkpoint } from '../../core/gate-flag.ts';
import { parseNumber } from '../grammar/number.ts';
import type { SourceFile } from '../source.ts';
import type { IndexFormula } from '../study.ts';
import { parseXml } from './xml.ts';

interface Growing {
  guid: string;
  name: string;
  type: number;
  coefficients: Map<string, number>;
  limits: Map<string, number>;
}

/** Reads `fpti-formulas.xml`: the coefficients of each ablation index. */
export async function readFormulas(file: SourceFile, checkpoint: Checkpoint): Promise<IndexFormula[]> {
  const formulas: Growing[] = [];
  const path: string[] = [];
  await parseXml(
    { file, kind: 'fpti-formulas', checkpoint },
    {
      open(name) {
        path.push(name);
        if (name === 'Formula') {
          formulas.push({ guid: '', name: '', type: 0, coefficients: new Map(), limits: new Map() });
        }
      },
      close() {
        path.pop();
      },
      text(text) {
        const formula = formulas.at(-1);
        if (formula) put(formula, path, text.trim());
      },
    },
  );
  return formulas;
}

function put(formula: Growing, path: readonly string[], text: string): void {
  const [parent, name = ''] = path.slice(-2);
  if (name === 'GUID') formula.guid = text;
  if (name === 'Name') formula.name = text;
  const value = parseNumber(text);
  if (value === undefined) return;
  if (name === 'Type') formula.type = value;
  if (parent === 'Coefficients') formula.coefficients.set(name, value);
  if (parent === 'TechnicalLimits') formula.limits.set(name, value);
}
