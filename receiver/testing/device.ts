import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AnonymousCredential, BlockBlobClient, newPipeline, type StoragePipelineOptions } from '@azure/storage-blob';
import { CompactSign } from 'jose';
import { buildArchive, planDelta, readKeysFile } from '../../archive/index.ts';
import { noise, orderOf, secretKey, table } from '../../archive/testing/studies.ts';
import { type Envelope, withoutRecipient } from '../../core/envelope.ts';
import { makeFolder } from '../../core/files.ts';
import { passAlways } from '../../core/gate-flag.ts';
import type { Manifest, ManifestArchive } from '../../protocol/batch.ts';
import { newId, type Tier } from '../../protocol/ids.ts';
import type { Acknowledgement } from '../../protocol/receipt.ts';
import type { HubLink, HubLinkDeps } from '../../twin/index.ts';
import { linkTo, snapshot } from '../../twin/testing/scene.ts';
import { publicKeyOf } from '../keys.ts';
import type { PrivateKey } from '../settings.ts';
import type { Credential } from './authority.ts';
import type { HubWorld } from './hub-world.ts';

/** What the tests know of a sealed archive. */
export interface TestArchive extends Omit<ManifestArchive, 'blob'> {
  readonly path: string;
}

/** A device that does by hand what the appliance does by itself: Microsoft's SDK, X.509, uploads, signed batches. */
export class TestDevice {
  readonly deviceId: string;
  readonly credential: Credential;
  readonly acknowledged: Acknowledgement[] = [];
  readonly #world: HubWorld;
  /** Digests of what it sealed, by archive and name. */
  readonly #sealed = new Map<string, Map<string, string>>();
  #link: HubLink | undefined;
  /** Status of the answer to `acknowledge`. */
  answers = 200;
  /** How long it thinks before it answers. */
  thinksMs = 0;

  constructor(world: HubWorld, deviceId: string, credential: Credential) {
    this.#world = world;
    this.deviceId = deviceId;
    this.credential = credential;
  }

  static async make(world: HubWorld, deviceId: string): Promise<TestDevice> {
    return new TestDevice(world, deviceId, await world.device(deviceId));
  }

  get link(): HubLink {
    if (!this.#link) throw new Error('the device is not connected');
    return this.#link;
  }

  get receipts(): readonly string[] {
    return this.acknowledged.flatMap((each) => ('receipt' in each ? [each.receipt] : []));
  }

  async connect(): Promise<this> {
    const { certPem: certificatePem, keyPem } = this.credential;
    const methods: HubLinkDeps['methods'] = {
      acknowledge: async (payload) => {
        await new Promise((resolve) => setTimeout(resolve, this.thinksMs));
        if (this.answers < 300) this.acknowledged.push(payload as Acknowledgement);
        return { status: this.answers, payload: null };
      },
    };
    const identity = () => ({ deviceId: this.deviceId, certificatePem, keyPem });
    this.#link = linkTo(this.#world, this.credential, { identity, methods, snapshot: async () => snapshot(1) });
    await this.#link.start(new AbortController().signal);
    await this.#link.whenOnline(AbortSignal.timeout(10_000));
    return this;
  }

  async disconnect(): Promise<void> {
    await this.#link?.stop();
    this.#link = undefined;
  }

  /** Seals a small case and says what a manifest would say of it. `base`: an archive that it sealed before. */
  async seal(
    transitKey: PrivateKey,
    more: {
      readonly archiveId?: string;
      readonly caseId?: string;
      readonly tier?: Tier;
      readonly bytes?: number;
      /** Of the mesh. */
      readonly seed?: number;
      readonly base?: string;
    } = {},
  ) {
    const { archiveId: wanted = newId('arc'), caseId = newId('case'), tier = 'study', bytes = 20_000 } = more;
    const folder = await makeFolder(join(this.#world.folder, 'sealed'));
    const { kid, ...publicKey } = publicKeyOf(transitKey);
    const files = [
      { name: 'map-1.mesh', pieces: [table(50, more.seed)] },
      { name: 'map-1/noise.bin', pieces: [noise(bytes)] },
    ];
    const recipients = [secretKey, { kid, publicKey }];
    const contents = new Map<string, string>();
    const hooks = { onFile: (file: { name: string; sha256: string }) => void contents.set(file.name, file.sha256) };
    const order = orderOf(folder, files, { archiveId: wanted, caseId, tier, recipients, hooks });
    const held = this.#sealed.get(more.base ?? '') ?? new Map<string, string>();
    const base = {
      archiveId: more.base ?? '',
      has: (name: string) => held.has(name),
      holds: (name: string, digest: string) => held.get(name) === digest,
    };
    const delta = await planDelta(order.study, tier, base, passAlways);
    const sealed = await buildArchive(delta ? { ...order, delta } : order);
    this.#sealed.set(wanted, contents);
    const keys = withoutRecipient(readKeysFile(sealed.keysPath).keys as Envelope, secretKey.kid);
    const study = { maps: 1, points: 2, lesions: 3 };
    const { archiveId, path, sha256 } = sealed;
    return {
      archiveId,
      caseId,
      tier,
      sha256,
      bytes: sealed.bytes,
      files: sealed.files,
      ...(sealed.base === undefined ? {} : { base: sealed.base }),
      keys,
      study,
      path,
    } as TestArchive;
  }

  /** Uploads through the hub's ticket; returns the blob's name. */
  async upload(content: Uint8Array | string, name: string): Promise<string> {
    const ticket = await this.link.requestUpload(name);
    const url = `https://${ticket.hostName}/${ticket.containerName}/${ticket.blobName}${ticket.sasToken}`;
    const options = { tlsOptions: { ca: this.#world.authority.certPem } } as StoragePipelineOptions;
    const client = new BlockBlobClient(url, newPipeline(new AnonymousCredential(), options));
    const bytes = typeof content === 'string' ? readFileSync(content) : content;
    await client.stageBlock(Buffer.from('block-1').toString('base64'), bytes, bytes.length);
    await client.commitBlockList([Buffer.from('block-1').toString('base64')]);
    await this.link.finishUpload(ticket.correlationId, true);
    return ticket.blobName;
  }

  /** A manifest entry of an archive whose blob is uploaded. */
  async uploaded({ path, ...archive }: TestArchive): Promise<ManifestArchive> {
    return { ...archive, blob: await this.upload(path, `${archive.archiveId}.case`) };
  }

  manifest(archives: readonly ManifestArchive[], more: Partial<Manifest> = {}): Manifest {
    const createdAt = new Date().toISOString();
    return { v: 1, batch: newId('bat'), device: this.deviceId, createdAt, archives: [...archives], ...more };
  }

  async send(body: string, more: { readonly kind?: string } = {}): Promise<void> {
    const event = { messageId: newId('bat'), kind: 'batch', contentType: 'application/jose', body, ...more };
    await this.link.sendEvent(event);
  }

  /** Signs and sends. */
  async sendBatch(manifest: Manifest, credential = this.credential): Promise<void> {
    await this.send(await signManifest(manifest, credential));
  }
}

/** The JWS of a manifest: RS256, `x5t#S256`, `x5c`. */
export async function signManifest(manifest: unknown, { certPem, keyPem }: Credential): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(manifest));
  const header = { alg: 'RS256', ...certificateHeader(certPem) };
  return new CompactSign(payload).setProtectedHeader(header).sign(createPrivateKey(keyPem));
}

export function certificateHeader(certPem: string): { 'x5t#S256': string; x5c: string[] } {
  const der = new X509Certificate(certPem).raw;
  return { 'x5t#S256': createHash('sha256').update(der).digest('base64url'), x5c: [der.toString('base64')] };
}
