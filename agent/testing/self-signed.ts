import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A key and a certificate of its own for 127.0.0.1, made by OpenSSL: `NAME.key` and `NAME.pem` in the folder. */
export function selfSigned(folder: string, name: string, subject: string): void {
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    join(folder, `${name}.key`),
  ];
  const body = ['-days', '2', '-subj', subject, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, ...body, '-out', join(folder, `${name}.pem`)], { stdio: 'ignore' });
}
