import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** Preloaded by a test: writes which modules its process loads to the file that LOADED_MODULES names. */
const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
process.on('exit', () => writeFileSync(process.env.LOADED_MODULES ?? '', JSON.stringify(loaded)));
