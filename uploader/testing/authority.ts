import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Credential, TestAuthority } from '../../hub/testing/certificates.ts';

export interface TestServerIdentity extends Credential {
  /** The CA that vouches for it. */
  readonly caPem: string;
}

/** A server certificate for localhost from a CA of its own. Nothing of it stays on disk. */
export async function newServerIdentity(): Promise<TestServerIdentity> {
  const folder = await mkdtemp(join(tmpdir(), 'uploader-ca-'));
  try {
    const authority = await TestAuthority.make(folder, 'ca');
    const names = 'DNS:localhost,IP:127.0.0.1';
    const credential = await authority.issue({ commonName: 'blob', names, usage: 'serverAuth' });
    return { ...credential, caPem: authority.certPem };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

let shared: Promise<TestServerIdentity> | undefined;

/** One for all tests of a process: making it takes longer than most of them. */
export function serverIdentity(): Promise<TestServerIdentity> {
  shared ??= newServerIdentity();
  return shared;
}
