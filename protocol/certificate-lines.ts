import { certificateSchema } from './withdrawal.ts';

/** A certificate of deletion as rows of a table for people. Says what stands in it, not that its signature holds. */
export function certificateLines(jws: string): string[][] {
  const [header = '', payload = ''] = jws.split('.');
  const { kid, findings } = JSON.parse(Buffer.from(header, 'base64url').toString()) as {
    kid?: string;
    findings?: number;
  };
  const { deletedAt, erased, absent } = certificateSchema.parse(
    JSON.parse(Buffer.from(payload, 'base64url').toString()),
  );
  return [
    ['certificate', `deleted ${deletedAt}, signed with ${kid ?? 'an unnamed key'}`],
    ...erased.map(({ archiveId, bytes, sha256 }) => ['erased', `${archiveId}, ${bytes} bytes, SHA-256 ${sha256}`]),
    ...(findings === undefined ? [] : [['erased', `${findings} findings of the analysis`]]),
    ...absent.map((archiveId) => ['never there', archiveId]),
  ];
}
