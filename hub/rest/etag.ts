/** The etag of an `If-Match` header without its quotes; undefined when any state will do (absent or `*`). */
export function wantedEtag(ifMatch: string | undefined): string | undefined {
  if (ifMatch === undefined) return undefined;
  const etag = ifMatch.trim().replace(/^"(.*)"$/, '$1');
  return etag === '*' ? undefined : etag;
}
