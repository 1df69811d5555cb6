import { Dice, mixSeed } from '../../harness/random.ts';
import { type Encoding, encode, encodings, textEncodings } from './encodings.ts';
import { type Field, fields, filesOf, type Planting } from './fields.ts';
import { drawIdentifier, type Identifier, identifierClasses } from './identifiers.ts';
import { type ZipMore, zipOf } from './zip.ts';

export interface Plant {
  readonly field: string;
  readonly encoding: Encoding;
  readonly identifier: Identifier;
}

/** A made-up export with identifiers in it, as files or as one zip. */
export interface PlantedCase {
  readonly plants: readonly Plant[];
  readonly files: Readonly<Record<string, Buffer>>;
  readonly source: string;
  readonly zip: Buffer | undefined;
  /** Other files in the same zip. */
  zipAgain(files: Readonly<Record<string, Buffer>>): Buffer;
}

const maxPlants = 4;

/** The case of one number: the same for the same seed. */
export function plantedCase(seed: number, index: number): PlantedCase {
  const dice = new Dice(mixSeed(seed, index));
  let planting: Planting = { names: {}, edits: [] };
  const plants: Plant[] = [];
  const used = new Set<string>();
  for (let n = 1 + dice.below(maxPlants); n > 0; n--) {
    const field = dice.pick(fields);
    if (used.has(field.name)) continue;
    used.add(field.name);
    // Each class has its turn, whatever else is drawn.
    const of = identifierClasses[(index + plants.length) % identifierClasses.length] ?? 'name';
    const identifier = field.takes === 'digits' ? drawDigits(dice) : drawIdentifier(dice, of);
    const encoding = encodingFor(field, dice);
    planting = field.plant(planting, encode(identifier.typed, encoding, dice));
    plants.push({ field: field.name, encoding, identifier });
  }
  const files = filesOf(planting);
  const isZip = planting.zip !== undefined || dice.once(8);
  const more: ZipMore = { ...planting.zip, time: [dice.below(0x10000), dice.below(0x10000)] };
  const zipAgain = (others: Readonly<Record<string, Buffer>>) => zipOf(others, more);
  return { plants, files, source: planting.source ?? 'Export', zip: isZip ? zipAgain(files) : undefined, zipAgain };
}

/** An identifier that is nothing but digits. */
function drawDigits(dice: Dice): Identifier {
  const identifier = drawIdentifier(
    dice,
    dice.pick(['medical-record', 'health-plan', 'account', 'phone', 'social-security']),
  );
  const digits = identifier.secrets.find((secret) => /^[1-9]\d+$/.test(secret));
  return digits === undefined ? drawDigits(dice) : { ...identifier, typed: digits, secrets: [digits] };
}

function encodingFor(field: Field, dice: Dice): Encoding {
  if (field.takes === 'digits') return 'plain';
  if (field.takes === 'typed') return dice.pick(['plain', 'plain', 'upper', 'split', 'hex', 'percent']);
  return dice.pick(field.takes === 'text' ? textEncodings : encodings);
}
