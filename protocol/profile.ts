import { z } from 'zod';

/**
 * How a site's studies are pseudonymised; docs/privacy.md says what each does.
 * - `pseudonymised`: keyed codes that the site can lead back, dates shifted by a constant of the study.
 * - `safe-harbor`: random codes and numbers, years only, nothing that leads back to a name.
 * - `site-only`: as `pseudonymised`, and nothing is sent.
 */
export const profileSchema = z.enum(['pseudonymised', 'safe-harbor', 'site-only']);
export type Profile = z.infer<typeof profileSchema>;

/** Kinds of files that are not documented, and leave, as proved tables of numbers, only where the site's file names them. */
export const unsupportedKinds = ['visitag-pfa', 'visitag-other', 'temperatures-in-rf', 'nmarq-mapping'] as const;
export const unsupportedKindSchema = z.enum(unsupportedKinds);
export type UnsupportedKind = z.infer<typeof unsupportedKindSchema>;
