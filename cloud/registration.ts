import { openRegistry } from '../hub/index.ts';

/** Makes an approved device known to DPS, so that it is known when its certificate arrives there. Idempotent. */
export function registerDevice(hubFolder: string, device: string): void {
  const registry = openRegistry(hubFolder);
  try {
    registry.enrol({ registrationId: device });
  } finally {
    registry.close();
  }
}
