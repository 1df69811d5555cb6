import { appendFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { fileSize } from '../../core/files.ts';
import { describe, type Log } from '../../core/log.ts';
import type { Decision } from '../../protocol/control.ts';

/** A file of this size is put aside, and the one put aside before it goes: history never takes more than twice this. */
const largestFileBytes = 512 * 1024;
const asideSuffix = '.1';

/**
 * The durable history of decisions: JSON lines, oldest first, bounded. It explains and can be replayed; nothing is ever
 * decided by it, and a disk that takes no more of it stops nobody.
 */
export class History {
  readonly #path: string;
  readonly #log: Log;
  #failed = false;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  append(decision: Decision): void {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 });
      if (fileSize(this.#path) > largestFileBytes) renameSync(this.#path, this.#path + asideSuffix);
      appendFileSync(this.#path, `${JSON.stringify(decision)}\n`, { mode: 0o640, flush: true });
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#log.warn({ error: describe(error) }, 'history of decisions not written');
      this.#failed = true;
    }
  }

  /** What was decided, oldest first. */
  read(): readonly Decision[] {
    return readHistory(this.#path);
  }
}

/** Every decision in a history file and the one put aside before it; lines that a power cut tore are left out. */
export function readHistory(path: string): readonly Decision[] {
  return [path + asideSuffix, path].flatMap((file) => parseHistory(textOf(file)));
}

export function parseHistory(text: string): readonly Decision[] {
  return text.split('\n').flatMap((line) => {
    try {
      const found: unknown = JSON.parse(line);
      return isDecision(found) ? [found] : [];
    } catch {
      return [];
    }
  });
}

function isDecision(found: unknown): found is Decision {
  if (typeof found !== 'object' || found === null) return false;
  const { at, bootId, monotonicMs, state, gate, evidence } = found as Record<string, unknown>;
  const texts = [at, bootId, state, gate].every((value) => typeof value === 'string');
  return texts && Number.isFinite(Date.parse(at as string)) && Number.isFinite(monotonicMs) && Array.isArray(evidence);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
