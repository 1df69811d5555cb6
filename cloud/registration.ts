import { openRegistry } from '../hub/index.ts';

/** Makes an approved device known to DPS, so that it is known when its certificate arrives there. Idempotent. */
export async function registerDevice(hubFolder: string, device: string): Promise<void> {
  const registry = await openRegistry(hubFolder);
  try {
    registry.enrol({ registrationId: device });
  } finally {
    registry.close();
  }
}
