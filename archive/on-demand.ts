/**
 * What reads studies is loaded when it is first called: most who use archives, the appliance's main thread among them,
 * never build one.
 */
export const buildArchives: typeof import('./build.ts').buildArchives = async (order) =>
  (await import('./build.ts')).buildArchives(order);

export const buildArchive: typeof import('./build.ts').buildArchive = async (order) =>
  (await import('./build.ts')).buildArchive(order);

export const copyPack: typeof import('./copy-pack.ts').copyPack = async (...pack) =>
  (await import('./copy-pack.ts')).copyPack(...pack);
