/**
 * The case that the body of an item of kind `findings` is of; undefined where it names none. Plain, because the ledger's
 * thread needs it and no schema besides.
 */
export function caseOfFindings(body: Uint8Array): string | undefined {
  try {
    const { caseId } = JSON.parse(Buffer.from(body).toString('utf8')) as { readonly caseId?: unknown };
    return typeof caseId === 'string' ? caseId : undefined;
  } catch {
    return undefined;
  }
}
