import { type TinyNames, tinyExport } from '../../../carto/testing/tiny-export.ts';

/** An export that is being planted: names come first, then edits of its files. */
export interface Planting {
  readonly names: Partial<TinyNames>;
  /** On the files made with those names; `text` may hold any bytes (Latin-1). */
  readonly edits: readonly ((files: Map<string, Buffer>) => void)[];
  readonly source?: string;
  readonly zip?: { readonly comment?: Buffer; readonly extra?: Buffer; readonly entryComment?: Buffer };
}

/** A place of an export where an identifier may stand. */
export interface Field {
  readonly name: string;
  /** `typed`: becomes a file name, an attribute or a cell, which bytes of other encodings would break. `digits`: eight and more in the place of a number. */
  readonly takes: 'typed' | 'text' | 'bytes' | 'digits';
  plant(planting: Planting, what: Buffer): Planting;
}

function name(field: keyof TinyNames): Field {
  const plant = (planting: Planting, what: Buffer): Planting => ({
    ...planting,
    names: { ...planting.names, [field]: nameOf(field, what.toString('utf8')) },
  });
  return { name: `name ${field}`, takes: 'typed', plant };
}

/** Names are parts of file names: no separator of folders. Map names differ, and one begins the other. */
function nameOf(field: keyof TinyNames, text: string): string {
  const plain = text.replaceAll('/', '-').slice(0, 180);
  return { shell: `${plain}.mesh`, first: `1-${plain}`, second: `2-${plain}` }[field as string] ?? plain;
}

/** Puts bytes where a file has a mark, instead of it or beside it. */
function edit(
  field: string,
  path: RegExp,
  from: string | RegExp,
  to: (what: string) => string,
  takes: Field['takes'] = 'text',
): Field {
  return {
    name: field,
    takes,
    plant: (planting, what) => ({
      ...planting,
      edits: [
        ...planting.edits,
        (files) => {
          const at = [...files.keys()].find((one) => path.test(one));
          if (at === undefined) throw new Error(`no file for ${field}`);
          const text = (files.get(at) as Buffer).toString('latin1');
          const edited = text.replace(from, (found, ...groups) => inserted(to(what.toString('latin1')), found, groups));
          if (edited === text) throw new Error(`${field} is not in the file`);
          files.set(at, Buffer.from(edited, 'latin1'));
        },
      ],
    }),
  };
}

function file(field: string, path: (what: string) => string, content: 'name' | 'bytes'): Field {
  return {
    name: field,
    takes: content === 'name' ? 'typed' : 'bytes',
    plant: (planting, what) => ({
      ...planting,
      edits: [
        ...planting.edits,
        (files) => {
          const of = content === 'name' ? what.toString('utf8').replaceAll('/', '-').slice(0, 180) : '';
          files.set(path(of), content === 'name' ? Buffer.from('x') : what);
        },
      ],
    }),
  };
}

/** `$&` and `$1`, `$2` stand for what was found; a plant may hold any sign. */
function inserted(text: string, found: string, groups: readonly unknown[]): string {
  return text.replaceAll(/\$([&12])/g, (_, which: string) =>
    which === '&' ? found : String(groups[Number(which) - 1]),
  );
}

const inXml = (what: string) => what.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const cell = (what: string) => what.replaceAll(/\s/g, '_');

/** Numbers that cannot have so many digits, and numbers that become those of the study. Where a clock stands, they could. */
const numbers: readonly Field[] = [
  edit('number session', /VisiTagExport\/Sites\.txt/, ' 9300', (what) => ` ${what}`, 'digits'),
  edit('number force', /VisiTagExport\/Sites\.txt/, '7.125', (what) => what, 'digits'),
  edit('number power', /AblationData/, '30.125', (what) => what, 'digits'),
  edit('number catheter', /_car\.txt$/, /7001/, (what) => what, 'digits'),
  edit('number unipolar', /_car\.txt$/, /2\.5/, (what) => what, 'digits'),
  edit('number voltage', /_P1_Point_Export\.xml$/, 'Unipolar="2.5"', (what) => `Unipolar="${what}"`, 'digits'),
  edit('number impedance', /_P1_Point_Export\.xml$/, 'Value="101.5"', (what) => `Value="${what}"`, 'digits'),
  edit('number map index', /\.xml$/, 'Index="8101"', (what) => `Index="${what}"`, 'digits'),
  edit('number volume', /\.xml$/, 'Volume="0.5"', (what) => `Volume="${what}"`, 'digits'),
  edit('number threshold', /VisiTagSettings/, '350.000', (what) => what, 'digits'),
  edit('number voxel', /Grids/, '987654321', (what) => what, 'digits'),
  edit('number coefficient', /fpti-formulas/, '975.00', (what) => what, 'digits'),
  edit(
    'number mesh id',
    /\d-.*\.mesh$/,
    'MeshID                 = -1',
    (what) => `MeshID                 = ${what}`,
    'digits',
  ),
];

/** All of them: where staff types, where nobody should, and what comes with a container. */
export const fields: readonly Field[] = [
  ...(['study', 'first', 'second', 'shell', 'shortTag', 'fullTag', 'preset', 'comment'] as const).map(name),
  edit('mesh MeshName', /\d-.*\.mesh$/, 'MeshName               = ', (what) => `$&${what}`),
  edit('mesh comment', /\d-.*\.mesh$/, '; Biosense Webster', (what) => `; ${what}\r\n$&`, 'bytes'),
  edit('mesh section', /\d-.*\.mesh$/, '[VerticesSection]', (what) => `[Patient]\r\n${what}\r\n\r\n$&`, 'bytes'),
  edit('ecg header', /_P1_ECG_Export\.txt$/, 'Unipolar Mapping', (what) => `Operator ${what}\r\n$&`, 'bytes'),
  edit('ecg channel', /_ECG_Export_650000\.txt$/, 'RV Probe', (what) => what.replaceAll(/[()]/g, '')),
  edit('xml element', /_P1_Point_Export\.xml$/, '<WOI ', (what) => `<Patient>${inXml(what)}</Patient>$&`),
  edit('xml attribute', /_P1_Point_Export\.xml$/, '<WOI ', (what) => `$&Operator="${inXml(what)}" `),
  edit('xml comment', /_P1_Point_Export\.xml$/, '<WOI ', (what) => `<!-- ${what.replaceAll('-', ' ')} -->$&`),
  edit('xml landmarks', /^Study|\.xml$/, '<LandMarks />', (what) => `<LandMarks>${inXml(what)}</LandMarks>`),
  edit('study icon', /\.xml$/, 'PatientIcon.obj', inXml),
  edit('study PaSo name', /\.xml$/, 'ISNameInit', inXml),
  edit('point Date', /_P1_Point_Export\.xml$/, '01/02/20', inXml),
  edit('index Date', /_Points_Export\.xml$/, '01/02/20', inXml),
  edit('force Date', /_ContactForce\.txt$/, '01/02/20', (what) => what.replaceAll('\t', ' ')),
  edit('settings operator', /VisiTagSettings/, 'nobody', (what) => what),
  edit('settings line', /VisiTagPresets/, /^/, (what) => `${what}\r\n`, 'bytes'),
  edit('fpti name', /fpti-formulas/, '# Tag Index', inXml),
  edit('fpti element', /fpti-formulas/, '<Formulas>', (what) => `<Author>${inXml(what)}</Author>$&`),
  edit('polarity cell', /AblationData/, 'UNI', cell),
  edit('car letter', /_car\.txt$/, /\tA\t/, (what) => `\t${what.replaceAll('\t', ' ')}\t`),
  edit('connector', /\.xml$/, 'Connector="CS_CONNECTOR"', (what) => `Connector="${inXml(what)}"`),
  edit('coloring name', /\.xml$/, 'Name="Unipolar"', (what) => `Name="${inXml(what)}"`),
  edit('units', /\.xml$/, 'Distance="mm"', (what) => `Distance="${inXml(what)}"`),
  edit(
    'mapping channel',
    /_P7_Point_Export\.xml$/,
    'ReferenceChannel="CS1-CS2"',
    (what) => `ReferenceChannel="${inXml(what)}"`,
  ),
  edit(
    'ecg mapping line',
    /_P1_ECG_Export\.txt$/,
    'Unipolar Mapping Channel=M1 ',
    (what) => `Unipolar Mapping Channel=${what} `,
  ),
  edit('reference to a file', /_P7_Point_Export\.xml$/, /FileName="[^"]*"/, (what) => `FileName="${inXml(what)}"`),
  edit(
    'table column',
    /VisiTagExport\/Sites\.txt/,
    /^(.*)\r\n(.*)\r\n/,
    (what) => `$1 ${cell(what)}\r\n$2 ${cell(what)}\r\n`,
  ),
  ...numbers,
  file('unknown file name', (what) => `${what}.pdf`, 'name'),
  file('unknown file', () => 'letter.pdf', 'bytes'),
  file('folder name', (what) => `${what}/notes.txt`, 'name'),
  file('photo name', (what) => `VisiTagExport/${what}.jpg`, 'name'),
  file('pace mapping', () => 'PaSoExport/PM 1.txt', 'bytes'),
  file('pace mapping name', (what) => `PaSoExport/${what}.txt`, 'name'),
  file('unknown table', () => 'VisiTagExport/Sites_PFA.txt', 'bytes'),
  { name: 'source name', takes: 'typed', plant: (planting, what) => ({ ...planting, source: what.toString('utf8') }) },
  {
    name: 'zip comment',
    takes: 'bytes',
    plant: (planting, comment) => ({ ...planting, zip: { ...planting.zip, comment } }),
  },
  {
    name: 'zip extra field',
    takes: 'bytes',
    plant: (planting, extra) => ({ ...planting, zip: { ...planting.zip, extra } }),
  },
  {
    name: 'zip entry comment',
    takes: 'bytes',
    plant: (planting, entryComment) => ({ ...planting, zip: { ...planting.zip, entryComment } }),
  },
];

export function filesOf(planting: Planting): Record<string, Buffer> {
  const made = Object.entries(tinyExport(planting.names)).map(
    ([path, content]) => [path, Buffer.from(content)] as const,
  );
  const files = new Map<string, Buffer>(made);
  for (const one of planting.edits) one(files);
  return Object.fromEntries(files);
}
