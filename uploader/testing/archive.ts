import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/digest.ts';
import { generateEcKeyPair, type Recipient, seal } from '../../core/envelope.ts';
import { newId, type Tier } from '../../protocol/ids.ts';
import type { SealedArchiveRow } from '../case-commands.ts';

/** An archive of random bytes with real keys beside it, as far as a courier looks. */
export async function writeArchive(
  place: { readonly folder: string; readonly storageKey: { readonly kid: string; readonly secret: Uint8Array } },
  { caseId, tier, bytes }: { readonly caseId: string; readonly tier: Tier; readonly bytes: number },
): Promise<SealedArchiveRow> {
  const archiveId = newId('arc');
  const content = randomBytes(bytes);
  const [file, keysFile] = [`${caseId}.${tier}.case`, `${caseId}.${tier}.keys`];
  const digest = sha256(content);
  const keys = await seal(randomBytes(32), [
    place.storageKey,
    { kid: 'transit-1', publicKey: generateEcKeyPair().publicKey } satisfies Recipient,
  ]);
  writeFileSync(join(place.folder, file), content);
  const sidecar = { v: 1, archiveId, caseId, tier, sha256: digest, bytes, keys };
  writeFileSync(join(place.folder, keysFile), JSON.stringify(sidecar));
  return { archiveId, tier, file, keysFile, sha256: digest, bytes, files: 5 };
}
