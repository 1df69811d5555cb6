import { join } from 'node:path';

/** Where everything of the cloud side lives, below its data folder. */
export function cloudFoldersOf(dataFolder: string) {
  const folder = join(dataFolder, 'cloud');
  return {
    folder,
    settings: join(folder, 'cloud.json'),
    ca: join(folder, 'ca'),
    approvals: join(folder, 'ca', 'approvals.db'),
    enrolments: join(folder, 'enrolments'),
    hub: join(folder, 'hub'),
    hubLog: join(folder, 'hub.log'),
    receiver: join(folder, 'receiver'),
    receiverSettings: join(folder, 'receiver', 'settings.json'),
    receiverLog: join(folder, 'receiver.log'),
  } as const;
}

export type CloudFolders = ReturnType<typeof cloudFoldersOf>;
