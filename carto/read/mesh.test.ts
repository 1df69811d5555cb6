import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { failing, fileOf } from '../testing/one-file.ts';
import { readMesh } from './mesh.ts';

/** The traps of A3, one after the other, in bytes of their own. */

const head = (more: string) => `#TriangulatedMeshVersion2.0
; Biosense Webster Triangulated Mesh file format, 2008

[GeneralAttributes]
MeshID                 = -1
MeshName               = 
NumVertex              = 3
NumTriangle            = 1
TopologyStatus         = 4
MeshColor              = 0.00000   1.00000   0.00000   1.00000   
Matrix                 = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1
${more}`;
const vertices = (groups: readonly number[]) => `
[VerticesSection]
;                   X             Y             Z        NormalX   NormalY   NormalZ  GroupID

       0 =         0.500         1.250        -2.000     0.00000   0.00000   1.00000 ${groups[0]}
       1 =         1.500         1.250        -2.000     0.00000   0.00000   1.00000 ${groups[1]}
       2 =         0.500         2.250        -2.000     0.00000   0.00000   1.00000 ${groups[2]}
`;
const triangle = (group: number) => `
[TrianglesSection]
;           Vertex0  Vertex1  Vertex2     NormalX   NormalY   NormalZ  GroupID

       0 =        0        1        2     0.00000   0.00000   1.00000 ${group}
`;
const colors = `
[VerticesColorsSection]
; Color Value= -10000 indicates invalid data for this coloring for this point
;                Unipolar       \xb5Bi[ColorsScaleSection]

       0 =        1.88400  -10000.00000   0.00000
       1 =       99999.000    0.25000      0.00000
       2 =        1.50000  -99999.00000   0.00000

`;
const named = `NumVertexColors        = 2
ColorsIDs              = 0  12  
ColorsNames            = Unipolar  \xb5Bi  
`;
const none = 'NumVertexColors        = 0\n';
const plain = vertices([0, 0, 0]) + triangle(0);
const read = (text: string, path = '2-Map.mesh') => readMesh(fileOf(text, path), passAlways);
const crlf = (text: string) => text.replaceAll('\n', '\r\n');

test('one more number per row than names: names are those of the header, the surplus is left', async () => {
  for (const ends of [crlf, (text: string) => text]) {
    const mesh = await read(ends(head(named) + plain + colors));
    assert.deepEqual(
      mesh.colors.map(({ id, name, values }) => [id, name, ...values]),
      [
        [0, 'Unipolar', 1.8839999437332153, Number.NaN, 1.5],
        [12, 'µBi', Number.NaN, 0.25, Number.NaN],
      ],
    );
  }
});

test('no colours: no names, no section, and a head of attributes without rows', async () => {
  const empty =
    '\n[VerticesAttributesSection]\n;            Scar   EML\n; Scar=0: Vertex is regular vertex (not scar)\n';
  const mesh = await read(head(none) + plain + empty);
  assert.deepEqual([mesh.colors, mesh.attributes], [[], []]);
});

test('attributes follow their comments without a blank line, and their columns vary', async () => {
  const section = (names: string, rows: string) =>
    `\n[VerticesAttributesSection]\n;            ${names}\n; Scar=0: Vertex is regular vertex [not scar]\n; EML =0: x\n${rows}`;
  for (const [names, rows, expected] of [
    ['EML', '       0 =      1\n       1 =      0\n       2 =      1\n', [['EML', 1, 0, 1]]],
    [
      'Scar   ExtEML',
      '0 = 1 0\n1 = 0 0\n2 = 0 1\n',
      [
        ['Scar', 1, 0, 0],
        ['ExtEML', 0, 0, 1],
      ],
    ],
  ] as const) {
    const mesh = await read(head(none) + plain + section(names, rows));
    assert.deepEqual(
      mesh.attributes.map(({ name, values }) => [name, ...values]),
      expected,
    );
  }
});

test('comments hold signs of equality and brackets; NumVertexColors is not NumVertex; a name may be missing', async () => {
  const mesh = await read(head(named) + plain.replace('\n[Tri', '\n; [VerticesSection] 9 = 9\n[Tri') + colors);
  assert.equal(mesh.positionsMm.length, 9);
  assert.equal(mesh.name, '2-Map');
  const called = await read(
    (head(none) + plain).replace('MeshName               = ', 'MeshName               = Left atrium'),
  );
  assert.equal(called.name, 'Left atrium');
  assert.equal(called.topologyStatus, 4);
  assert.deepEqual(called.matrix.length, 16);
});

test('deleted vertices take their triangles along; colours and indices follow', async () => {
  const text = (head(named) + vertices([-1_000_000, 0, 0]) + triangle(0) + colors)
    .replace('NumTriangle            = 1', 'NumTriangle            = 2')
    .replace('1.00000 0\n\n[VerticesC', '1.00000 0\n       1 =        1        2        1     0 0 1 -29\n\n[VerticesC');
  const mesh = await read(text);
  assert.deepEqual(mesh.deleted, { vertices: 1, triangles: 1 });
  assert.deepEqual([...mesh.triangles], [0, 1, 0]);
  assert.deepEqual([...(mesh.colors[0]?.values ?? [])], [Number.NaN, 1.5]);
});

test('visibility is the triangles’ alone: all vertices -29 hide nothing, a triangle’s negative group stays to be seen', async () => {
  const mesh = await read(head(none) + vertices([-29, -29, -29]) + triangle(0));
  assert.deepEqual([mesh.positionsMm.length, ...mesh.triangleGroups], [9, 0]);
  assert.deepEqual([...(await read(head(none) + vertices([0, 0, 0]) + triangle(-7))).triangleGroups], [-7]);
});

test('a section that is not known is passed over, whatever is in it', async () => {
  const mesh = await read(`${head(none)}\n[FutureSection]\n; x\nanything = at all\n1 2\n${plain}`);
  assert.equal(mesh.triangles.length, 3);
});

test('what is announced and does not come is damage, and so is a corner that is no vertex', async () => {
  await assert.rejects(read(head(none) + vertices([0, 0, 0])), failing('UNREADABLE', 'mesh'));
  await assert.rejects(
    read(head(none) + plain.replace('        2     0.0', '        3     0.0')),
    failing('UNREADABLE', 'mesh', 24),
  );
  await assert.rejects(read(head(none).replace('= 3', '= 4') + plain), failing('UNREADABLE', 'mesh'));
});
