import '../core/node-guard.ts';
import { explain, takeGlobalOptions } from '../core/cli.ts';
import { quickVerb } from './quick-verb.ts';

/**
 * The appliance's command line. Each verb is a file in `commands/`, loaded when it is called, so that `status` and
 * `procedure` answer at once and load no package at all.
 */
const words = process.argv.slice(2);
try {
  const { options, rest } = takeGlobalOptions(words, process.env);
  const quick = quickVerb(options, rest);
  if (quick) await quick();
  else await (await import('./verbs.ts')).runVerb(words);
} catch (error) {
  process.exitCode = explain(error);
}
