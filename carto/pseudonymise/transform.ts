import type { Checkpoint } from '../../core/gate-flag.ts';
import type { StudyCounts } from '../../protocol/batch.ts';
import type { Tier } from '../../protocol/ids.ts';
import type { Profile, UnsupportedKind } from '../../protocol/profile.ts';
import { countsOf } from '../counts.ts';
import { decodeText } from '../decode.ts';
import { CartoError } from '../error.ts';
import type { FileIdentity, FileKind } from '../files.ts';
import { headOf } from '../pieces.ts';
import { readSessions } from '../read/sessions.ts';
import type { LeftOut, Source, SourceFile } from '../source.ts';
import { entriesOf, type Survey, surveyExport } from '../survey.ts';
import { Tally } from '../tally.ts';
import { type Warning, Warnings } from '../warnings.ts';
import type { FileOrder } from './copyist.ts';
import { layDesk } from './desk.ts';
import { copyDesk, type DeskCopy, linkageOf } from './desk-copy.ts';
import { rememberNames } from './head-names.ts';
import { lexiconOf } from './lexicon.ts';
import type { Linkage } from './linkage.ts';
import { type Desk, Pen } from './pen.ts';
import { type Production, produce } from './production.ts';
import type { Prover } from './proof/prover.ts';
import type { Rules } from './rule.ts';
import { OutputScan, type ScanTerms } from './scan.ts';
import { type Scheme, schemeOf } from './scheme.ts';
import { rulesFor, type Treatment, treatmentOf } from './treatment.ts';
import { proveVoxels } from './voxels.ts';

/** A study as it leaves: files that are written while they are read. */
export interface TransformedStudy {
  /** Generated; the name of the study in the output. */
  readonly studyCode: string;
  readonly counts: StudyCounts;
  readonly files: readonly PseudonymisedFile[];
  /** Files that stay behind, by kind. */
  readonly leftOut: readonly LeftOut[];
  /** What a person may want to know. Grows while files are written. */
  readonly warnings: readonly Warning[];
  /** Number and size of all files of the source, those left out included. */
  readonly sourceFiles: number;
  readonly sourceBytes: number;
  /**
   * What the next export of this study needs to get the same codes, and what leads them back: see `Linkage`. Complete
   * once every file was produced. It must not leave the appliance.
   */
  linkage(): Linkage;
  /** For writing files elsewhere; undefined where all are to be written here. To be asked for before any is written. */
  copy(): StudyCopy | undefined;
}

/** What is known now, for writing files in another thread, or in any order. */
export interface StudyCopy {
  readonly desk: DeskCopy;
  /** Takes over what there was to warn of in files that were written from the copy. */
  absorb(warnings: readonly Warning[]): void;
  /**
   * By now more is known of what staff typed than when the copy was made: files that were written from it must be looked
   * through once more, by writing them here for nobody.
   */
  readonly isOutdated: boolean;
}

export interface PseudonymisedFile {
  /** Relative path in the output, parts separated by `/`; ASCII. */
  readonly name: string;
  readonly kind: FileKind;
  readonly tiers: readonly Tier[];
  /** Of the file that it is made from: about what it has itself. */
  readonly sourceBytes: number;
  /** For a `Copyist`; undefined for a file that can be written only here. */
  readonly order?: FileOrder | undefined;
  /**
   * The content in pieces of at most 256 KiB, each scanned before it is handed over. May be called again. Rejects with
   * a CartoError when the source breaks its grammar or the scan finds something: then no piece of it may be used.
   * With `transient`, a piece is good only until the next is asked for, and nothing is copied that need not be.
   */
  open(options?: { readonly transient?: boolean }): AsyncIterable<Uint8Array>;
}

export interface TransformOptions {
  readonly rules: Rules;
  /** Whether the output is searched. The door never says no. */
  readonly scan: boolean;
  readonly profile: Profile;
  /** The site's linkage key: 32 bytes. */
  readonly siteKey: Uint8Array;
  /** What an earlier export of the same study left; of no use, and passed over, when its profile was another. */
  readonly linkage?: Linkage | undefined;
  /** Kinds that are not documented and leave nevertheless, as proved tables of numbers. */
  readonly unsupported?: readonly UnsupportedKind[] | undefined;
  /** Whether files may be written from copies: only by the product's own rules, since a copyist has no others. */
  readonly copies?: boolean;
  /** Draws codes in another way, for tests. */
  readonly letters?: Scheme['letters'];
  /** Stands around the proof of tables, or, undefined, in its place: for tests. */
  readonly proof?: (prover: Prover) => Desk['prover'];
}

/** What the scan of names calls their kind. */
const nameKind = 'file-name';
const headBytes = 16 * 1024;

/** Pseudonymises by any rules: what `pseudonymise` does by the product's. Tests switch single rules off here. */
export async function transform(
  source: Source,
  checkpoint: Checkpoint,
  options: TransformOptions,
): Promise<TransformedStudy> {
  const survey = await surveyExport(source, checkpoint);
  const { profile, siteKey, rules, letters, unsupported = [] } = options;
  const linkage = options.linkage?.profile === profile ? options.linkage : undefined;
  const scheme = { ...schemeOf({ profile, siteKey, linkage, study: survey.study }), ...(letters ? { letters } : {}) };
  const desk = layDesk(source, survey, { rules, scheme, linkage, proof: options.proof });
  const { scan, copies = false } = options;
  const copy = () => (copies ? copyDesk(desk, { siteKey, study: survey.study, unsupported }) : undefined);
  return new Transformation({ source, survey, desk, checkpoint, scan, unsupported, copy }).run();
}

interface Deps {
  readonly source: Source;
  readonly survey: Survey;
  readonly desk: Desk;
  readonly checkpoint: Checkpoint;
  readonly scan: boolean;
  readonly unsupported: readonly FileKind[];
  readonly copy: () => DeskCopy | undefined;
}

class Transformation {
  readonly #deps: Deps;
  readonly #terms: ScanTerms;
  readonly #files = new Map<string, PseudonymisedFile>();
  readonly #leftOut = new Tally();
  /** Files that broke their grammar when they were tried. */
  readonly #broken = new Set<SourceFile>();

  constructor(deps: Deps) {
    this.#deps = deps;
    const { originals, codes, rules } = deps.desk;
    this.#terms = { originals, lexicon: lexiconOf(rules), codeWords: codes.words };
  }

  async run(): Promise<TransformedStudy> {
    const { source, survey, desk, checkpoint } = this.#deps;
    for (const { kind, count } of source.leftOut ?? []) this.#leftOut.add(kind, count);
    await this.#announce();
    await this.#take({ kind: 'study' }, survey.studyFile);
    for (const { identity, file } of survey.entries) await this.#take(identity, file);
    return {
      studyCode: desk.codes.of('study', survey.study.name),
      counts: await countsOf(survey, checkpoint),
      // By new name: the order of the source's files is the alphabetical one of what staff typed.
      files: [...this.#files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      leftOut: this.#leftOut.counts(),
      get warnings() {
        return desk.warnings.list();
      },
      sourceFiles: source.files.length,
      sourceBytes: source.files.reduce((total, file) => total + file.bytes, 0),
      linkage: () => linkageOf(desk),
      copy: () => this.#copy(),
    };
  }

  #copy(): StudyCopy | undefined {
    const { originals, warnings } = this.#deps.desk;
    const desk = this.#deps.copy();
    const known = originals.size;
    return (
      desk && {
        desk: structuredClone(desk),
        absorb: (more) => {
          for (const { code, kind, count } of more) warnings.add(code, kind, count);
        },
        get isOutdated() {
          return originals.size !== known;
        },
      }
    );
  }

  /** Reads ahead what later files refer to: sessions and voxels; and writes, for nobody, the files in which staff type. */
  async #announce(): Promise<void> {
    const { survey, desk, checkpoint } = this.#deps;
    const sessions: number[] = [];
    for (const { file } of entriesOf(survey, 'visitag-sessions')) {
      for (const session of await readSessions(file, checkpoint)) sessions.push(session.id);
    }
    desk.counters.announce('session', sessions);
    await proveVoxels(survey, desk.counters, checkpoint);
    await this.#remember({ kind: 'study' }, survey.studyFile);
    for (const kind of ['visitag-sessions', 'visitag-presets', 'visitag-settings', 'fpti-formulas'] as const) {
      for (const { identity, file } of entriesOf(survey, kind)) await this.#remember(identity, file);
    }
    for (const { identity, file } of survey.entries) {
      if (this.#treatmentOf(identity.kind)?.tried) await this.#try(identity, file);
    }
  }

  /** What staff typed in one file must be known before the first file is searched for it. */
  async #remember({ kind }: FileIdentity, file: SourceFile): Promise<void> {
    const { desk, checkpoint } = this.#deps;
    const treatment = this.#treatmentOf(kind);
    if (!treatment) return;
    const pen = new Pen({ ...desk, warnings: new Warnings() }, rulesFor(kind, treatment));
    for await (const _ of treatment.write({ file, pen, checkpoint, path: '' }));
  }

  /** Undefined for a kind that stays behind. */
  #treatmentOf(kind: FileKind): Treatment | undefined {
    return treatmentOf(kind, this.#deps.unsupported);
  }

  async #try(identity: FileIdentity, file: SourceFile): Promise<void> {
    new Pen(this.#deps.desk, 'file-name').pathOf(identity);
    try {
      await this.#remember(identity, file);
    } catch (error) {
      if (!(error instanceof CartoError && error.code === 'UNREADABLE')) throw error;
      this.#broken.add(file);
    }
  }

  async #take(identity: FileIdentity, source: SourceFile): Promise<void> {
    const treatment = this.#treatmentOf(identity.kind);
    if (!treatment) return this.#leftOut.add(identity.kind);
    const { desk } = this.#deps;
    const pen = new Pen(desk, rulesFor(identity.kind, treatment));
    const path = pen.pathOf(identity);
    if (path === undefined || this.#files.has(path)) {
      desk.warnings.add('ambiguous-name', identity.kind);
      return this.#leftOut.add(identity.kind);
    }
    if (!(await this.#isRecognised(source, pen, treatment))) {
      desk.warnings.add('unrecognised', identity.kind);
      return this.#leftOut.add(identity.kind);
    }
    this.#scan(nameKind)?.whole(path);
    this.#files.set(path, {
      name: path,
      kind: identity.kind,
      tiers: treatment.tiers,
      sourceBytes: source.bytes,
      order: orderOf(source, path, identity.kind),
      open: ({ transient = false } = {}) => this.#produce({ treatment, pen, file: source, path, transient }),
    });
  }

  /** Looks at the head of the file; names in it are remembered as typed by staff. */
  async #isRecognised(source: SourceFile, pen: Pen, treatment: Treatment): Promise<boolean> {
    if (pen.kind === 'study') return true;
    if (this.#broken.has(source)) return false;
    const head = await headOf(source, this.#deps.checkpoint, headBytes);
    rememberNames(head, pen);
    const [firstLine = ''] = decodeText(head).split(/\r?\n/, 1);
    return treatment.recognises(firstLine, pen);
  }

  #produce(production: Omit<Production, 'checkpoint' | 'scan'>): AsyncGenerator<Uint8Array> {
    const { checkpoint } = this.#deps;
    return produce({ ...production, checkpoint, scan: this.#scan(production.pen.kind) });
  }

  #scan(kind: string): OutputScan | undefined {
    return this.#deps.scan ? new OutputScan(this.#terms, kind) : undefined;
  }
}

function orderOf({ path, place, bytes, mtimeMs }: SourceFile, name: string, kind: FileKind): FileOrder | undefined {
  return place && { path, place, bytes, mtimeMs, name, kind };
}
