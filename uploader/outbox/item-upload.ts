import { createHash } from 'node:crypto';
import { sha256 } from '../../core/digest.ts';
import { codeOf } from '../../core/errors.ts';
import type { UploadTicket } from '../../protocol/link.ts';
import { BlobEndpoint, type EndpointDeps } from '../blob-endpoint.ts';
import { type GatedOptions, gated } from '../gated.ts';

/** Small enough to be cut at any moment without loss worth mentioning. */
const blockBytes = 256 * 1024;

/** After these, a commit may have happened all the same. */
const doubtfulCommits = ['BLOB_CONFLICT', 'BLOCKS_MISSING', 'ENDPOINT_BUSY', 'ENDPOINT_UNREACHABLE'];

/**
 * Brings a blob of items, which is small and in memory, to the blob endpoint: each request behind the gate, cut when it
 * closes. What of it is staged already the endpoint says, so nothing needs to be remembered.
 */
export async function uploadItemBlob(
  blob: Buffer,
  ticket: UploadTicket,
  deps: EndpointDeps & Pick<GatedOptions, 'gate' | 'signal'>,
): Promise<void> {
  const { gate, signal } = deps;
  const endpoint = await gated({ gate, name: 'upload', signal }, () => BlobEndpoint.open(ticket, deps));
  const request = <T>(step: () => Promise<T>): Promise<T> =>
    gated({ gate, name: 'upload', signal, cut: () => endpoint.cut() }, () => {
      endpoint.resume();
      return step();
    });
  const digest = sha256(blob);
  const isCommitted = () => request(() => endpoint.holds(digest, blob.length));
  try {
    const staged = await request(() => endpoint.uncommitted());
    if (staged.size === 0 && (await isCommitted())) return;
    const blockIds: string[] = [];
    for (let start = 0; start < blob.length; start += blockBytes) {
      const block = blob.subarray(start, start + blockBytes);
      const blockId = createHash('sha256').update(block).digest('base64');
      blockIds.push(blockId);
      if (staged.get(blockId) !== block.length) await request(() => endpoint.stage(blockId, block));
    }
    try {
      await request(() => endpoint.commit(blockIds, digest));
    } catch (error) {
      signal.throwIfAborted();
      if (!doubtfulCommits.includes(codeOf(error) ?? '') || !(await isCommitted())) throw error;
    }
  } finally {
    endpoint.close();
  }
}
