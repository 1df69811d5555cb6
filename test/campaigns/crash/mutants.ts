import type { Mutation } from '../../harness/mutant.ts';

/** Faults of durability that the harness has to see, by name. */
export const mutants: Readonly<Record<string, readonly Mutation[]>> = {
  'synchronous=NORMAL': [
    {
      file: 'core/database.ts',
      from: "setPragmas(db, { journal_mode: 'wal', synchronous: 2, ...hardening });",
      to: "setPragmas(db, { journal_mode: 'wal', synchronous: 1, ...hardening });",
    },
  ],
  'no fsync of the file': [{ file: 'core/files.ts', from: 'written);\n    fsyncSync(handle);', to: 'written);' }],
  'no fsync of the folder': [
    {
      file: 'core/files.ts',
      from: 'export function syncFolder(folder: string): void {\n',
      to: 'export function syncFolder(folder: string): void {\n  if (folder) return;\n',
    },
  ],
};
