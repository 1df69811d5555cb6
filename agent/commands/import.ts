import { resolve } from 'node:path';
import { exitCode, type GlobalOptions, print, table, Verdict } from '../../core/cli.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ImportStatus } from '../../protocol/control.ts';
import type { ApplianceCase } from '../../protocol/documents.ts';
import { askDaemon, follow, tell } from './ask-daemon.ts';

/** IMPORT_… as the daemon says it. */
class ImportFailed extends GatewayError<string> {}

/**
 * `vestibule import PATH`: a folder, a container or a mounted stick as a one-time inbox, read only. Exit code 0 when all
 * it holds is sealed, 5 when some of it is held, 3 at a closed gate; with `--wait` it waits for the gate. The daemon does
 * the work, and goes on when this command is interrupted.
 */
export async function importPath(
  options: GlobalOptions,
  path: string,
  { wait = false }: { readonly wait?: boolean },
): Promise<void> {
  const begun = await askDaemon<ImportStatus>(options, { verb: 'import-start', path: resolve(path) }, wait);
  const { importId } = begun;
  const progress = new Progress(options.json);
  const look = async () => {
    const seen = await askDaemon<ImportStatus>(options, { verb: 'import-status', importId });
    progress.note(seen);
    return seen;
  };
  const text = 'The gate has closed; the import goes on by itself when it opens.';
  const ended = await follow(look, (seen) => (isOver(seen) ? seen : undefined), { wait, text });
  if (ended.error) throw new ImportFailed(ended.error.code, ended.error.message, ended.error);
  const { found, cases } = ended;
  print(options, { found, cases }, () => render(cases));
  const held = cases.filter(({ stage }) => stage === 'held');
  if (held.length > 0) {
    const hints = held.map(({ caseId, reason, hint }) => `${caseId}: ${reason}. ${hint}`);
    throw new Verdict(exitCode.needsAttention, `${held.length} of ${found} held.`, hints.join('\n  '));
  }
}

function isOver({ state }: ImportStatus): boolean {
  return state === 'done' || state === 'failed';
}

/** One line on stderr for each thing that is new. */
class Progress {
  readonly #isQuiet: boolean;
  readonly #told = new Map<string, string>();

  constructor(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
  }

  note({ state, found, cases }: ImportStatus): void {
    if (state !== 'looking' && state !== 'failed') this.#tell('found', `Found ${found} to take.`);
    for (const one of cases) this.#tell(one.caseId, `Case ${one.caseId}: ${stageOf(one)}`);
  }

  #tell(what: string, text: string): void {
    if (this.#told.get(what) === text) return;
    this.#told.set(what, text);
    if (!this.#isQuiet) tell(text);
  }
}

function render(cases: readonly ApplianceCase[]): string {
  return table([['case', 'stage', 'holds'], ...cases.map((one) => [one.caseId, stageOf(one), countsOf(one)])]);
}

function stageOf({ stage, reason }: ApplianceCase): string {
  return reason === undefined ? stage : `${stage}: ${reason}`;
}

function countsOf({ counts }: ApplianceCase): string {
  return counts ? `${counts.maps} maps, ${counts.points} points, ${counts.lesions} lesions` : '';
}
