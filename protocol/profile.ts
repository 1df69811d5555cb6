import { z } from 'zod';

/**
 * How a site's studies are pseudonymised; docs/privacy.md says what each does.
 * - `pseudonymised`: keyed codes that the site can lead back, dates shifted by a constant of the study.
 * - `safe-harbor`: random codes and numbers, years only, nothing that leads back to a name.
 * - `site-only`: as `pseudonymised`, and nothing is sent.
 */
export const profileSchema = z.enum(['pseudonymised', 'safe-harbor', 'site-only']);
export type Profile = z.infer<typeof profileSchema>;
