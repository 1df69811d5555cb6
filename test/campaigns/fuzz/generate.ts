import fc from 'fast-check';

/** Files that never were an export's, made of what the formats are made of. */

// biome-ignore format: the list is the documentation
const word = fc.constantFrom(
  'Study', 'Map', 'Point', 'Maps', 'Tag', 'Connector', 'ECG', 'Coloring', 'Formula', 'GUID', 'Tags', 'LINE_LOOP',
  'CartoPoints', 'RegistrationMatrix', 'Mesh', 'Impedance', 'Annotations', 'WOI', 'Voltages', 'Positions', 'a',
  '__proto__',
);
// biome-ignore format: the list is the documentation
const attribute = fc.constantFrom(
  'name', 'Name', 'Index', 'Id', 'ID', 'FileNames', 'FileName', 'File_Name', 'Map_Name', 'Map_Index', 'Position3D',
  'CathOrientation', 'Cath_Id', 'StartTime', 'Reference_Annotation', 'Map_Annotation', 'From', 'To', 'Time', 'Value',
  'Count', 'Short_Name', 'Full_Name', 'CS_CONNECTOR', 'Min', 'Max', 'Visible', 'Volume', 'toString', '__proto__',
);
// biome-ignore format: the list is the documentation
const column = fc.constantFrom(
  'Session', 'ChannelID', 'SiteIndex', 'X', 'Y', 'Z', 'TimeStamp', 'Time', 'Timestamp', 'Index', 'ForceValue',
  'SessionId', 'StartTs', 'EndTs', 'PresetName', 'PresetId', 'Comment', 'UniqID', 'PiuTimeStamp', 'Power1',
  'Impedance1', 'FTI', 'DurationTime', 'AverageForce', 'RFIndex', 'Electrode#', 'Power Mode', 'constructor', 'X',
);
const number = fc.oneof(
  fc.integer({ min: -10_001, max: 10_001 }).map(String),
  fc.integer().map(String),
  fc.double({ noDefaultInfinity: true }).map(String),
  fc.constantFrom('-10000', '1.#QNAN', 'NA', '0', '1,5', '1e5', '99999999999999999'),
);
/** The characters of fast-check's unit `binary`, which keeps a map of all of them: 85 MB in every process. */
const anyCharacter = fc.nat({ max: 0x10_ffff - 0x800 }).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
const text = fc.oneof(number, word, fc.string({ maxLength: 12 }), fc.string({ unit: anyCharacter, maxLength: 8 }));
const lineEnd = fc.constantFrom('\r\n', '\n', '\r');
const separator = fc.constantFrom('\t', ' ', '        ', '\t\t', '=', ' = ');

const xml = fc.letrec<{ node: string }>((tie) => ({
  node: fc
    .record({
      name: word,
      attributes: fc.array(fc.tuple(attribute, text), { maxLength: 6 }),
      children: fc.array(fc.oneof({ depthSize: 'small', maxDepth: 4 }, text, tie('node')), { maxLength: 4 }),
    })
    .map(({ name, attributes, children }) => {
      const escaped = (value: string) => value.replaceAll(/[&<"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
      return `<${name}${attributes.map(([key, value]) => ` ${key}="${escaped(value)}"`).join('')}>${children.join('')}</${name}>`;
    }),
})).node;

const rows = fc
  .record({
    lead: fc.constantFrom(
      '',
      'ECG_Export_4.0\n',
      'Eleclectrode_Positions_2.0\n',
      'VERSION_5_0 1-LA\n',
      'x_2.0\n',
      '\ufeff',
    ),
    columns: fc.array(column, { maxLength: 8 }),
    cells: fc.array(fc.array(fc.oneof({ weight: 9, arbitrary: number }, text), { maxLength: 9 }), { maxLength: 12 }),
    by: separator,
    end: lineEnd,
  })
  .map(({ lead, columns, cells, by, end }) => lead + [columns, ...cells].map((row) => row.join(by)).join(end));

const mesh = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[GeneralAttributes]',
        '[VerticesSection]',
        '[TrianglesSection]',
        '[VerticesColorsSection]',
        '[x]',
        ';',
      ),
      fc
        .tuple(fc.constantFrom('NumVertex', 'NumTriangle', 'NumVertexColors', 'ColorsNames', 'MeshID'), number)
        .map(([key, value]) => `${key} = ${value}`),
      fc.tuple(fc.nat({ max: 3 }), fc.array(number, { maxLength: 8 })).map(([n, cells]) => `${n} = ${cells.join(' ')}`),
    ),
    { maxLength: 30 },
  )
  .map((lines) => ['#TriangulatedMeshVersion2.0', ...lines].join('\r\n'));

const settings = fc
  .array(
    fc.oneof(
      fc.tuple(fc.oneof(column, text), text).map(([key, value]) => `${key}=   ${value}`),
      fc.constant(''),
    ),
    { maxLength: 12 },
  )
  .map((lines) => lines.join('\r\n'));

const ecg = fc
  .record({
    channels: fc.array(fc.tuple(text, fc.nat({ max: 11_000 })), { maxLength: 6 }),
    rows: fc.array(fc.array(number, { maxLength: 7 }), { maxLength: 8 }),
  })
  .map(({ channels, rows: cells }) =>
    [
      'ECG_Export_4.0',
      'Raw ECG to MV (gain) = 0.003',
      channels.map(([name, n]) => `${name}(${n})`).join('  '),
      ...cells.map((row) => row.join('  ')),
    ].join('\n'),
  );

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

const any = fc.noBias(
  fc
    .oneof({ weight: 3, arbitrary: xml }, { weight: 3, arbitrary: rows }, mesh, settings, ecg, bytes)
    .map((made) => (typeof made === 'string' ? Buffer.from(made) : made)),
);

/** A file by fast-check: the same for the same seed. */
export function generate(seed: number): Buffer {
  return fc.sample(any, { seed, numRuns: 1 })[0] as Buffer;
}
