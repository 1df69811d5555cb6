import { join } from 'node:path';
import { exitCode, type GlobalOptions, print, table, Verdict } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { makeFolder, writeFileDurable } from '../../core/files.ts';
import { publicKeyOf } from '../../receiver/index.ts';
import { createBundle } from '../bundle.ts';
import { DevelopmentCa } from '../ca/index.ts';
import { Approvals } from '../est/index.ts';
import { cloudFoldersOf } from '../folders.ts';
import { readReceiverSettings } from '../init.ts';
import { readSettings } from '../settings.ts';

/** `enrol create`: writes bundle and passphrase beside each other; they travel to the site by different ways. */
export async function createEnrolment(options: GlobalOptions, flags: { readonly device: string }): Promise<void> {
  const folders = cloudFoldersOf(options.data);
  const settings = readSettings(folders.settings);
  const ca = await DevelopmentCa.open({ folder: folders.ca, clock: systemClock });
  const { bytes: pkcs12, passphrase } = await ca.issueOnboarding(flags.device);
  const { keys } = readReceiverSettings(folders);
  const { advertised, hostName, site, idScope } = settings;
  const { text, fingerprint } = await createBundle(
    { folder: folders.enrolments, clock: systemClock },
    {
      site,
      device: flags.device,
      serverCa: ca.server.certificatePem,
      est: { url: `https://${hostName}:${advertised.est}` },
      dps: { host: hostName, port: advertised.mqtt, idScope },
      hub: { mqttPort: advertised.mqtt, httpsPort: advertised.https },
      receiptKeys: [publicKeyOf(keys.receipt)],
      recipients: [publicKeyOf(keys.transit)],
      pkcs12,
    },
  );
  const folder = await makeFolder(folders.enrolments);
  const bundle = join(folder, `${flags.device}.bundle.json`);
  const passphraseFile = join(folder, `${flags.device}.passphrase`);
  writeFileDurable(bundle, text);
  writeFileDurable(passphraseFile, `${passphrase}\n`);
  print(options, { bundle, fingerprint, passphraseFile }, () =>
    table([
      ['bundle', bundle],
      ['fingerprint', fingerprint],
      ['passphrase', `${passphraseFile} (send it by another way)`],
    ]),
  );
}

/** `enrol pending`. */
export function listPending(options: GlobalOptions): void {
  const pending = withApprovals(options, (approvals) => approvals.pending());
  print(options, pending, () =>
    pending.length === 0
      ? 'No request waits.'
      : table(pending.map(({ device, kind, fingerprint, requestedAt }) => [device, kind, requestedAt, fingerprint])),
  );
}

/** `enrol approve` and `enrol deny`: one key of one device. */
export function decide(options: GlobalOptions, verb: 'approve' | 'deny', device: string, fingerprint: string): void {
  withApprovals(options, (approvals) => approvals[verb](device, fingerprint));
  print(options, { device, fingerprint, verb }, () => `${verb === 'approve' ? 'Approved' : 'Denied'}: ${device}.`);
}

function withApprovals<T>(options: GlobalOptions, use: (approvals: Approvals) => T): T {
  const folders = cloudFoldersOf(options.data);
  readSettings(folders.settings);
  const approvals = new Approvals({ path: folders.approvals, clock: systemClock });
  try {
    return use(approvals);
  } catch (error) {
    if (error instanceof Error && 'hint' in error) throw error;
    throw new Verdict(exitCode.failed, 'The approvals cannot be read.', 'Check the cloud folder.');
  } finally {
    approvals.close();
  }
}
