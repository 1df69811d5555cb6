import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.ts';

/** Loaded before the program (`--import`), in each of its threads: changes the text of one module as it is loaded. */
const changes = mutants[env.VCRASH_MUTANT ?? ''];
if (!changes) throw new Error('there is no such mutant');
registerHooks({
  load(url, context, next) {
    const mine = url.startsWith('file:') ? changes.filter(({ file }) => url.endsWith(`/${file}`)) : [];
    const loaded = next(url, context);
    if (mine.length === 0) return loaded;
    let text = readFileSync(fileURLToPath(url), 'utf8');
    for (const { from, to } of mine) {
      if (text.split(from).length !== 2) throw new Error(`"${from}" does not stand once in ${url}`);
      text = text.replace(from, to);
    }
    return { ...loaded, source: text };
  },
});
