import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Credential {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface LeafOptions {
  readonly commonName: string;
  /** Negative: already expired. */
  readonly days?: number;
  readonly names?: string;
  readonly usage?: 'clientAuth' | 'serverAuth';
  readonly isCa?: boolean;
}

/** A throw-away CA for tests, made by the openssl command in a folder of the test. */
export class TestAuthority {
  readonly certPem: string;
  readonly #folder: string;
  readonly #name: string;
  #count = 0;

  constructor(folder: string, name: string, certPem: string) {
    this.#folder = folder;
    this.#name = name;
    this.certPem = certPem;
  }

  static async make(folder: string, name: string): Promise<TestAuthority> {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '30', '-subj', `/CN=${name}`],
    ]);
    return new TestAuthority(folder, name, await readFile(cert, 'utf8'));
  }

  async issue(options: LeafOptions): Promise<Credential> {
    this.#count += 1;
    const base = join(this.#folder, `${this.#name}-${this.#count}`);
    const extensions = [
      `basicConstraints=CA:${options.isCa ? 'TRUE' : 'FALSE'}`,
      `extendedKeyUsage=${options.usage ?? 'clientAuth'}`,
      ...(options.names ? [`subjectAltName=${options.names}`] : []),
    ];
    await writeFile(`${base}.ext`, extensions.join('\n'));
    await run('openssl', [
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', `${base}.key`, '-out', `${base}.csr`, '-subj', `/CN=${options.commonName}`],
    ]);
    await run('openssl', [
      ...['x509', '-req', '-in', `${base}.csr`, '-CA', join(this.#folder, `${this.#name}.pem`)],
      ...['-CAkey', join(this.#folder, `${this.#name}.key`), '-CAcreateserial', '-days', String(options.days ?? 7)],
      ...['-extfile', `${base}.ext`, '-out', `${base}.pem`],
    ]);
    return { certPem: await readFile(`${base}.pem`, 'utf8'), keyPem: await readFile(`${base}.key`, 'utf8') };
  }
}
