import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateStudy } from '../carto/index.ts';
import { asPackaged } from './as-packaged.ts';
import { type Figure, figureOf } from './figure.ts';
import { benchFolder, type SealNeeded } from './seal-bench.ts';
import { type Timed, timed } from './timed.ts';

/** Points of the study: 750 of the size `clinical` are more than 600 MB in more than 1,200 files. */
const points = Number(process.env.VESTIBULE_BENCH_POINTS ?? 750);

interface Round {
  /** A fresh process, from its start to its end: Node, its threads and their code included. */
  readonly cold: Timed;
  /** The threads had sealed before: as in a daemon that seals one case after the other. */
  readonly warm: SealNeeded;
  readonly restic: Timed;
  readonly tar: Timed;
}

const sealing = '"$@"';
const resticBackup = 'restic backup -q --repo "$1" "$2" && sync -f "$1"';
const tarPipeline =
  'tar -cf - -C "$2" . | zstd -q -1 -T2 | openssl enc -aes-256-ctr -pbkdf2 -pass pass:bench -out "$1" && sync -f "$1"';

/**
 * Seals a clinical study beside `restic backup` and a pipeline of `tar`, `zstd` and `openssl` over the same files, which
 * pseudonymise nothing and check nothing. In turn, the page cache warm; MB (10^6 bytes) of source per second, and per
 * second of processor, since the machine may be busy.
 */
export async function seal(repeats: number): Promise<Figure[]> {
  execFileSync(join(import.meta.dirname, '../scripts/install-debian'), ['restic', 'zstd', 'openssl'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const folder = mkdtempSync(join(benchFolder() ?? tmpdir(), 'vestibule-bench-seal-'));
  try {
    const made = await simulateStudy({ folder, seed: 3, size: 'clinical', points });
    const rounds: Round[] = [];
    await timed('tar -cf - "$1" | cat > /dev/null', made.folder);
    for (let at = 0; at < repeats; at++) rounds.push(await round(folder, made.folder));
    return figures(rounds, made);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function round(folder: string, study: string): Promise<Round> {
  const [repository, file] = [join(folder, 'restic'), join(folder, 'tar')];
  const program = asPackaged('seal-process');
  process.env.RESTIC_PASSWORD = 'bench';
  try {
    execFileSync('restic', ['init', '-q', '--repo', repository]);
    const restic = await timed(resticBackup, repository, study);
    const cold = await timed(sealing, process.execPath, program, study, '1', folder);
    const tar = await timed(tarPipeline, file, study);
    const twice = await timed(sealing, process.execPath, program, study, '2', folder);
    const { needed } = JSON.parse(twice.stdout) as { readonly needed: readonly SealNeeded[] };
    return { cold, warm: needed[1] as SealNeeded, restic, tar };
  } finally {
    rmSync(repository, { recursive: true, force: true });
    rmSync(file, { force: true });
  }
}

function figures(rounds: readonly Round[], { bytes, files }: { readonly bytes: number; readonly files: number }) {
  const version = (command: string) => execFileSync(command, ['version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
  const zstd = /v[\d.]+/.exec(execFileSync('zstd', ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
  const names = { restic: version('restic'), tar: `tar | zstd -1 -T2 (${zstd}) | openssl enc, sync` };
  const sealed = rounds.at(-1)?.warm.archiveBytes ?? 0;
  const notes = `${files} files, ${Math.round(bytes / 1e6)} MB into ${(sealed / 1e6).toFixed(1)} MB; page cache warm; both tiers, pseudonymised, fsynced; compiled as packaged`;
  const rate = (one: keyof Round, what: 'seconds' | 'cpuSeconds') =>
    rounds.map((round) => bytes / 1e6 / round[one][what]);
  const beside = (ours: 'cold' | 'warm', rival: 'restic' | 'tar', what: 'seconds' | 'cpuSeconds') =>
    figureOf(
      `seal, ${ours === 'cold' ? 'whole cold process' : 'warm threads'}${what === 'seconds' ? '' : ', processor'}`,
      what === 'seconds' ? 'MB/s' : 'MB per CPU s',
      rate(ours, what),
      { rival: { name: names[rival], runs: rate(rival, what) }, notes },
    );
  return (['seconds', 'cpuSeconds'] as const).flatMap((what) =>
    (['cold', 'warm'] as const).flatMap((ours) =>
      (['restic', 'tar'] as const).map((rival) => beside(ours, rival, what)),
    ),
  );
}
