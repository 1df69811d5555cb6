import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Gate } from '../../core/gate.ts';
import type { LoadedModel } from '../analysis/find-regions.ts';
import { type ModelBundle, newestVersion, readBundle, shippedModels } from '../inference/bundle.ts';
import { InferenceProcess } from '../inference/inference-process.ts';
import { Models } from '../inference/models.ts';

/** The shipped bundle of a model, run for real in a process that ends with the test. Undefined where none is shipped. */
export async function shippedModel(
  t: TestContext,
  id: 'la-regions' | 'ablation-sites',
): Promise<(LoadedModel & { readonly bundle: ModelBundle; readonly selfTest: () => Promise<void> }) | undefined> {
  const version = await newestVersion(shippedModels, id);
  if (version === undefined) return undefined;
  const bundle = await readBundle(join(shippedModels, id, version));
  const gate = new Gate();
  gate.open();
  const child = new InferenceProcess(gate);
  t.after(() => child.stop());
  const work = gate.work('test');
  const models = new Models(child);
  return { bundle, run: models.runner(bundle, work), selfTest: () => models.selfTest(bundle, work) };
}
