import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sha256, sha256 } from '../../core/digest.ts';
import { type Checkpoint, passAlways } from '../../core/gate-flag.ts';
import type { FamiliarityStats } from '../segmentation/familiarity.ts';
import { familiaritySchema, type Golden, goldenSchema, type ModelManifest, manifestSchema } from './bundle-schema.ts';
import { ModelError } from './model-error.ts';
import { inspectOnnx, OnnxRefusal } from './onnx-guard.ts';

/** A model that has passed every check but its self-test. */
export interface ModelBundle {
  readonly manifest: ModelManifest;
  /** Of the manifest, which names the digests of all other files: the identity of the bundle. */
  readonly sha256: Sha256;
  readonly model: Uint8Array;
  readonly golden: Golden;
  readonly familiarity?: FamiliarityStats;
}

/** A bundle may have so many bytes in all. */
export const maxBundleBytes = 5_000_000;
const maxManifestBytes = 200_000;
const maxOpset = 18;
const maxIr = 9;

/** Where the bundles that the product ships are. */
export const shippedModels = fileURLToPath(new URL('../models', import.meta.url));

/**
 * Reads a bundle and believes nothing of it: sizes first, then the digest of every file that the manifest names, then what
 * the model asks of the runtime; a look at the gate between the steps. Throws BUNDLE_MISSING, BUNDLE_DAMAGED or BUNDLE_REFUSED.
 */
export async function readBundle(folder: string, checkpoint: Checkpoint = passAlways): Promise<ModelBundle> {
  const manifestBytes = await readFile(join(folder, 'manifest.json'), maxManifestBytes);
  const manifest = parse(manifestSchema, manifestBytes, 'manifest');
  if (manifest.id !== basename(dirname(folder)) || manifest.version !== basename(folder)) {
    throw new ModelError('BUNDLE_DAMAGED', 'the manifest is of another model or version than its folder');
  }
  const total = Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, manifestBytes.length);
  if (total > maxBundleBytes) throw refused(`a bundle of ${total} bytes, at most ${maxBundleBytes} are taken`);
  const files = new Map<string, Uint8Array>();
  for (const [name, { bytes, sha256: expected }] of Object.entries(manifest.files)) {
    const content = await readFile(join(folder, name), bytes);
    await checkpoint();
    if (content.length !== bytes || sha256(content) !== expected) {
      throw new ModelError('BUNDLE_DAMAGED', 'a file of the bundle is not what the manifest says', { hint: restore });
    }
    files.set(name, content);
  }
  const model = need(files, 'model.onnx');
  await checkpoint();
  admit(model, manifest);
  const ood = files.get('ood.json');
  await checkpoint();
  return {
    ...{ manifest, sha256: sha256(manifestBytes), model },
    golden: parse(goldenSchema, need(files, 'golden.json'), 'golden outputs'),
    ...(ood ? { familiarity: parse(familiaritySchema, ood, 'statistics') } : {}),
  };
}

/** The newest version of a model in a folder of bundles; undefined where there is none. */
export async function newestVersion(models: string, id: string): Promise<string | undefined> {
  const names = await readdir(join(models, id)).catch(() => []);
  const versions = names.filter((name) => /^\d+\.\d+\.\d+$/.test(name));
  const key = (name: string) => name.split('.').reduce((sum, part) => sum * 10_000 + Number(part), 0);
  return versions.sort((a, b) => key(b) - key(a))[0];
}

const restore = 'Install the appliance or the model again.';
const refused = (message: string) =>
  new ModelError('BUNDLE_REFUSED', message, { hint: 'Publish a model that keeps to the contract.' });

function admit(model: Uint8Array, { runtime }: ModelManifest): void {
  let ask: ReturnType<typeof inspectOnnx>;
  try {
    ask = inspectOnnx(model);
  } catch (error) {
    if (error instanceof OnnxRefusal) throw refused(`the model is refused: ${error.message}`);
    throw error;
  }
  if (ask.opset > maxOpset || ask.ir > maxIr)
    throw refused(`operator set ${ask.opset} in format ${ask.ir} is not known here`);
  const declared = [...new Set(runtime.ops)].sort().join();
  if (declared !== ask.ops.join()) throw refused('the model has other operators than its manifest declares');
}

/** A file of at most `maxBytes`; a longer one is an error, not a long wait. */
async function readFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new ModelError('BUNDLE_MISSING', 'a file of the model bundle is not there', { hint: restore, cause });
  });
  try {
    const { size } = await handle.stat();
    if (size > maxBytes)
      throw new ModelError('BUNDLE_DAMAGED', `a file of the bundle has ${size} bytes, expected at most ${maxBytes}`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function need(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const found = files.get(name);
  if (!found) throw new ModelError('BUNDLE_DAMAGED', `the manifest names no ${name}`);
  return found;
}

function parse<T>(schema: { parse(value: unknown): T }, bytes: Uint8Array, what: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new ModelError('BUNDLE_DAMAGED', `the ${what} of the model cannot be read`, { hint: restore, cause });
  }
}
