import { join } from 'node:path';

/** Where everything of one appliance lives, below its data folder. Nothing is kept anywhere else. */
export function foldersOf(dataFolder: string) {
  const folder = join(dataFolder, 'appliance');
  return {
    folder,
    /** The site's file. */
    config: join(folder, 'vestibule.yaml'),
    /** The enrolment bundle as it was accepted. */
    bundle: join(folder, 'bundle.json'),
    /** Passphrase of the onboarding key, mode 0600; erased once the operational certificate is here. */
    passphrase: join(folder, 'onboarding.passphrase'),
    keys: join(folder, 'keys'),
    leases: join(folder, 'leases'),
    /** What procedure sources must not forget over a restart. */
    procedure: join(folder, 'procedure'),
    /** What the procedure detector decided, and on what evidence. */
    decisions: join(folder, 'procedure', 'decisions.jsonl'),
    /** Records of what commands did, until the daemon takes them into the ledger's audit log. */
    audit: join(folder, 'audit'),
    /** How far the audit log was copied to a syslog server. */
    syslog: join(folder, 'syslog.seq'),
    /** Where commands prove to the daemon who runs them. */
    claims: join(folder, 'claims'),
    ledger: join(folder, 'ledger.db'),
    /** What a lost ledger is rebuilt from. */
    journal: join(folder, 'cases.journal'),
    /** Damaged files, each with a note; nothing is removed from it. */
    quarantine: join(folder, 'quarantine'),
    cases: join(folder, 'cases'),
    /** What analysis found, one encrypted file per case; erased with the case's archives. */
    findings: join(folder, 'findings'),
    /** Counts of what the models made of cases; no case is in it. */
    drift: join(folder, 'drift.json'),
    /** Encrypted scratch files of containers inside containers; nothing in it outlives the daemon. */
    spool: join(folder, 'spool'),
    /** Space that is put by for the ledger, for when the disk is full. */
    ballast: join(folder, 'ballast'),
    log: join(folder, 'vestibule.log'),
    socket: join(folder, 'control.sock'),
    defaultInbox: join(folder, 'inbox'),
  } as const;
}

export type Folders = ReturnType<typeof foldersOf>;
