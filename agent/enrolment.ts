import { existsSync, readFileSync } from 'node:fs';
import { DpsClient, EstClient, enrol, type KeyFolder, type OperationalIdentity } from '../certs/index.ts';
import type { Clock } from '../core/clock.ts';
import { eraseFile } from '../core/files.ts';
import type { Announce } from '../core/milestones.ts';
import type { Bundle } from '../protocol/bundle.ts';
import type { Folders } from './folders.ts';

export interface EnrolmentDeps {
  readonly bundle: Bundle;
  readonly keyFolder: KeyFolder;
  readonly folders: Folders;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Told before each repetition after trouble that passes by itself. */
  readonly onRetry: (error: unknown) => void;
}

/**
 * Makes this appliance an enrolled one, or finds that it is. Waits for the network and for a person as long as it
 * takes. The passphrase on disk is erased as soon as it has served.
 */
export async function enrolAppliance(deps: EnrolmentDeps, signal: AbortSignal): Promise<OperationalIdentity> {
  const { bundle, clock, keyFolder, folders, announce, onRetry } = deps;
  const passphrase = existsSync(folders.passphrase) ? readFileSync(folders.passphrase, 'utf8').trim() : undefined;
  const identity = await enrol({
    ...{ bundle, folder: keyFolder, clock, signal, dps: dpsOf(deps) },
    ...(passphrase === undefined ? {} : { passphrase }),
    est: new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock, onRetry }),
    onWaiting: ({ fingerprint }) =>
      announce({
        event: 'waiting-for-approval',
        text: `Waiting for a person to approve this appliance. Key fingerprint: ${fingerprint}`,
        details: { fingerprint },
      }),
  });
  eraseFile(folders.passphrase);
  announce({
    event: 'enrolled',
    text: `Enrolled as ${identity.deviceId}, certificate until ${identity.notAfter.toISOString()}, hub ${identity.assignedHub}.`,
    details: { device: identity.deviceId, hub: identity.assignedHub },
  });
  return identity;
}

/** The provisioning service that the bundle names. */
export function dpsOf(
  deps: Pick<EnrolmentDeps, 'bundle' | 'clock'> & { readonly onRetry?: (error: unknown) => void },
): DpsClient {
  const { bundle, clock, onRetry } = deps;
  return new DpsClient({ ...bundle.dps, clock, ...(onRetry ? { onRetry } : {}) });
}
