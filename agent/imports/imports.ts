import { newId } from '../../protocol/ids.ts';
import { Import, type ImportDeps } from './import.ts';

/** So many imports are remembered, by the keys of what they held, for whoever asks how they ended. */
const remembered = 16;

/** One-time inboxes that people name (`vestibule import PATH`). In memory only: a path is forgotten with its import. */
export class Imports {
  readonly #deps: Omit<ImportDeps, 'path'>;
  readonly #imports = new Map<string, Import>();

  constructor(deps: Omit<ImportDeps, 'path'>) {
    this.#deps = deps;
  }

  /** Takes an absolute path on and returns the import's id; it is looked at in the intake's next round. */
  begin(path: string): string {
    const importId = newId('imp');
    this.#imports.set(importId, new Import({ ...this.#deps, path }));
    for (const [id, { isOpen }] of this.#imports) {
      if (this.#imports.size > remembered && !isOpen) this.#imports.delete(id);
    }
    return importId;
  }

  get(importId: string): Import | undefined {
    return this.#imports.get(importId);
  }

  /** Those that still hold something to take, oldest first. */
  get open(): readonly Import[] {
    return [...this.#imports.values()].filter(({ isOpen }) => isOpen);
  }
}
