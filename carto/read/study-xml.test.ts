import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { failing, fileOf } from '../testing/one-file.ts';
import { readPoint } from './point.ts';
import { readStudyXml } from './study-xml.ts';

const study = (maps: string, more = '') => `<Study name="A">
<Units Distance="mm" Angle="radian" />
<ExternalObjs HeartIcon="HeartIcon.obj" PatientIcon="PatientIcon.obj" />
<Maps Count="1">
<SurfaceErrorTable BadErrorThreshold="10" MedErrorThreshold="5" GoodErrorThreshold="0" />
<PasoTable ShowPMMatchingAnyIS="true" ISName="ISNameInit" />
<CFAEColoringTable IgnoreBelowThreshold="2147483647" IclMediumThreshold="50" />
${maps}
</Maps>
${more}</Study>
`;
const map = (more: string, name = '2-Map') =>
  `<Map Name="${name}" Index="1567" Visible="true" Type="" NumFiles="0" FileNames="" Volume="-10000">${more}</Map>`;
const read = (text: string) =>
  readStudyXml({ file: fileOf(Buffer.from(text, 'utf8')), kind: 'study', checkpoint: passAlways });

test('tables of display: what was never set is absent', async () => {
  const { displayTables, maps, oddUnits, mismatches } = await read(study(map('')));
  assert.deepEqual(Object.fromEntries(displayTables.get('SurfaceErrorTable') ?? []), {
    BadErrorThreshold: '10',
    MedErrorThreshold: '5',
    GoodErrorThreshold: '0',
  });
  assert.deepEqual([...(displayTables.get('CFAEColoringTable') ?? [])], [['IclMediumThreshold', '50']]);
  assert.equal(displayTables.get('PasoTable')?.get('ISName'), 'ISNameInit');
  assert.deepEqual([maps[0]?.volumeMl, maps[0]?.meshFiles, oddUnits, mismatches], [undefined, [], 0, 0]);
});

test('a range without data, several tags of a point, cut-outs that may be empty, a reference of every algorithm', async () => {
  const { maps } = await read(
    study(
      map(`<ColoringRangeTable Count="2"><ColoringRange Id="0" Min="0.1" Max="4" /><ColoringRange Id="2" Min="99999" Max="-99999" /></ColoringRangeTable>
<CartoPoints Count="2"><Point Id="1" Position3D="1 2 3" CathOrientation="0 0 0" Cath_Id="18027"><VirtualPoint Position3D="1 2 4" /><Tags Count="2">9 300
</Tags></Point><Point Id="2" Position3D="1 2 3" CathOrientation="0 0 0" /></CartoPoints>
<Anatomical_Tags><Anatomical_Tag><Perimiter><LINE_LOOP>0 0 0 1 0 0 </LINE_LOOP></Perimiter></Anatomical_Tag><Anatomical_Tag><Perimiter><LINE_LOOP> </LINE_LOOP></Perimiter></Anatomical_Tag></Anatomical_Tags>
<RefAnnotationConfig Algorithm="-1" />`),
    ),
  );
  const [one] = maps;
  assert.deepEqual(one?.coloringRanges, [{ coloringId: 0, min: 0.1, max: 4 }]);
  assert.deepEqual(
    one?.points.map(({ id, tagIds, catheterId }) => [id, tagIds, catheterId]),
    [
      [1, [9, 300], 18_027],
      [2, [], undefined],
    ],
  );
  assert.deepEqual(
    one?.cutouts.map((loop) => [...loop]),
    [[0, 0, 0, 1, 0, 0], []],
  );
  assert.deepEqual(one?.reference, { algorithm: -1 });
});

test('imported surfaces with their registration and landmarks, however a landmark is written', async () => {
  const meshes = `<Meshes Count="2"><RegistrationMatrix>1 0 0 0 0 1 0 0 0 0 1 0 5 6 7 1 </RegistrationMatrix>
<RegistrationData Method="Landmark" Error="2.5" />
<Mesh FileName="ct one.mesh" Visible="true"><LandMarks><LandMark Name="a" Position3D="1 2 3" /><LandMark>4 5 6</LandMark></LandMarks></Mesh>
<Mesh FileName="x.mesh" Visible="false"><LandMarks /></Mesh></Meshes>`;
  const { shells, registration, registrationData } = await read(study(map(''), meshes));
  assert.deepEqual(shells, [
    {
      fileName: 'ct one.mesh',
      visible: true,
      landmarksMm: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
    { fileName: 'x.mesh', visible: false, landmarksMm: [] },
  ]);
  assert.deepEqual(registration?.slice(12), [5, 6, 7, 1]);
  assert.equal(registrationData?.get('Error'), '2.5');
});

test('a map may name several files, whose names hold blanks', async () => {
  const { maps } = await read(study(map('').replace('FileNames=""', 'FileNames="2-Map a.mesh 2-Map b.mesh"')));
  assert.deepEqual(maps[0]?.meshFiles, ['2-Map a.mesh', '2-Map b.mesh']);
});

test('two maps of one name are refused, also when their accents are composed differently', async () => {
  await assert.rejects(read(study(map('', 'Vorhöfe') + map('', 'Vorho\u0308fe'))), failing('UNREADABLE', 'study'));
});

test('a name of the language is no list: elements may be called anything', async () => {
  const { mismatches } = await read(study(map('<constructor Count="3" /><toString /><__proto__ />')));
  assert.equal(mismatches, 0);
});

const point = (more: string) => `<Point ID="1" Date="11/25/21" Time="15:01:33">
<Annotations StartTime="7437507" Reference_Annotation="2000" Map_Annotation="-8000" />
${more}</Point>`;
const readOne = (text: string) => readPoint(fileOf(text), passAlways);

test('a point: no LAT, no impedance, connectors that repeat, beats of the reference', async () => {
  const found = await readOne(
    point(`<Positions><Connector CS_CONNECTOR="a.txt" /><Connector CS_CONNECTOR="b.txt" /></Positions>
<Impedances Rate="100" Number="0" StartTime="7437507" />
<ECG FileName="e.txt" UnipolarMappingChannel="M1" BipolarMappingChannel="MCC_Abl_BiPolar_1" ReferenceChannel="CS1-CS2" />
<ReferenceAnnotations Beat1="500" Beat2="1250" CycleLength="750" />`),
  );
  assert.deepEqual([found.latMs, found.annotationSample, found.impedance.timesMs.length], [undefined, undefined, 0]);
  assert.deepEqual(found.trackFiles, [
    { connector: 'CS_CONNECTOR', fileName: 'a.txt' },
    { connector: 'CS_CONNECTOR', fileName: 'b.txt' },
  ]);
  assert.deepEqual([...(found.referenceBeats ?? []), found.cycleLengthMs], [['Beat1', 500], ['Beat2', 1250], 750]);
  assert.deepEqual(found.channels, { unipolar: 'M1', bipolar: 'MCC_Abl_BiPolar_1', reference: 'CS1-CS2' });
});
