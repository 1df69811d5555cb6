/** How a made-up site has its studies pseudonymised, for tests. */
export const testSite = { profile: 'pseudonymised', siteKey: Buffer.alloc(32, 7) } as const;
