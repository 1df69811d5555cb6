/**
 * A made-up export small enough to read: two maps of which one name begins the other, one with old and one with new file
 * names, an imported surface, and one lesion. Written by hand after the format notes; CRLF as in real ones.
 */

export interface TinyNames {
  readonly study: string;
  readonly first: string;
  readonly second: string;
  readonly shell: string;
  readonly shortTag: string;
  readonly fullTag: string;
  readonly preset: string;
  readonly comment: string;
}

export const tinyNames: TinyNames = {
  study: 'Study 9 01_02_2020 10-11-12',
  first: '1-LA',
  second: '1-LA2',
  shell: 'ct.mesh',
  shortTag: 'GP',
  fullTag: 'Ganglion',
  preset: 'Wide',
  comment: 'NA',
};

export function tinyExport(names: Partial<TinyNames> = {}): Record<string, string | Buffer> {
  const all = { ...tinyNames, ...names };
  const { study, first, second } = all;
  return crlf({
    [`${study}.xml`]: studyXml(all),
    [`${first}.mesh`]: Buffer.from(tetrahedron({ coloured: true }), 'latin1'),
    [`${second}.mesh`]: tetrahedron({ coloured: false }),
    [all.shell]: tetrahedron({ coloured: false, name: all.shell.replace('.mesh', '') }),
    ...oldMap(first),
    ...newMap(second),
    ...visiTag(all),
  });
}

function studyXml(names: TinyNames): string {
  const { study, first, second, shell, shortTag, fullTag } = names;
  return `<Study name="${xml(study)}">
    <Units Distance="mm" Angle="radian" />
    <Enviroment>
        <Camera Center="1 2 3" Scale="0.5" AspectRatio="1"><ModelViewMatrix>1 0 0 0 </ModelViewMatrix></Camera>
    </Enviroment>
    <ExternalObjs PatientIcon="PatientIcon.obj" />
    <Maps Count="2">
        <ColoringTable Count="2">
            <Coloring Id="0" Name="Unipolar" TextureInvert="0" Propagation="0" Units="mV" />
            <Coloring Id="12" Name="µBi" TextureInvert="0" Propagation="0" Units="mV" />
        </ColoringTable>
        <PasoTable ShowPMMatchingAnyIS="true" ISName="ISNameInit" />
        <TagsTable Count="3">
            <Tag ID="4" Short_Name="None" Full_Name="None" Color="1 1 1 1" Radius="2" />
            <Tag ID="9" Short_Name="ABL" Full_Name="Ablation" Color="0.5 0 0 1" Radius="2" />
            <Tag ID="300" Short_Name="${xml(shortTag)}" Full_Name="${xml(fullTag)}" Color="0 1 0 1" Radius="2" />
        </TagsTable>
        <Map Name="${xml(first)}" Index="8101" Visible="true" Type="" NumFiles="1" FileNames="${xml(first)}.mesh" Volume="0.5">
            <ColoringRangeTable Count="2">
                <ColoringRange Id="0" Min="0.25" Max="2.5" />
                <ColoringRange Id="12" Min="99999" Max="-99999" />
            </ColoringRangeTable>
            <CartoPoints Count="1">
                <Point Id="1" Position3D="0.1 0.2 0.3" CathOrientation="-1.5 0.25 0.125" Cath_Id="7001">
                    <VirtualPoint Position3D="0 0 1" ProjectOnJunction="50" ProjectionDistance="0.75" />
                    <Tags Count="2">9 300</Tags>
                </Point>
            </CartoPoints>
            <Anatomical_Tags><Anatomical_Tag><Perimiter><LINE_LOOP>0 0 0 1 0 0 0 1 0</LINE_LOOP></Perimiter></Anatomical_Tag></Anatomical_Tags>
            <RefAnnotationConfig Algorithm="1" Connector="CS_CONNECTOR" />
        </Map>
        <Map Name="${xml(second)}" Index="8102" Visible="false" Type="" NumFiles="1" FileNames="${xml(second)}.mesh" Volume="0.5">
            <CartoPoints Count="1">
                <Point Id="7" Position3D="1 2 3" CathOrientation="0 0 0" Cath_Id="7001" />
            </CartoPoints>
            <RefAnnotationConfig Algorithm="0" Channel="110" SingleChannelCriterion="1" />
        </Map>
    </Maps>
    <Meshes Count="1">
        <RegistrationMatrix>1 0 0 0 0 1 0 0 0 0 1 0 5 6 7 1 </RegistrationMatrix>
        <Mesh FileName="${xml(shell)}" Visible="false"><LandMarks /></Mesh>
    </Meshes>
</Study>
`;
}

/** Four corners, four faces, counter-clockwise from outside. */
export function tetrahedron({ coloured, name = '' }: { readonly coloured: boolean; readonly name?: string }): string {
  const colours = coloured
    ? `NumVertexColors        = 2
ColorsIDs              = 0  12  
ColorsNames            = Unipolar  µBi  
`
    : 'NumVertexColors        = 0\n';
  const colourSection = `[VerticesColorsSection]
; Color Value= -10000 indicates invalid data for this coloring for this point
;                Unipolar           µBi[ColorsScaleSection]

       0 =        0.25000  -10000.00000       1.00000
       1 =        1.50000  -10000.00000       1.00000
       2 =        2.50000  -10000.00000       1.00000
       3 =  -10000.00000  -10000.00000       1.00000

`;
  return `#TriangulatedMeshVersion2.0
; Biosense Webster Triangulated Mesh file format, 2008

[GeneralAttributes]
MeshID                 = -1
MeshName               = ${name}
NumVertex              = 4
NumTriangle            = 4
TopologyStatus         = 0
MeshColor              = 0.00000   1.00000   0.00000   1.00000   
Matrix                 = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1
${colours}
[VerticesSection]
;                   X             Y             Z        NormalX   NormalY   NormalZ  GroupID

       0 =         0.000         0.000         0.000    -0.57735  -0.57735  -0.57735        0
       1 =         1.125         0.000         0.000     1.00000   0.00000   0.00000        0
       2 =         0.000         1.250         0.000     0.00000   1.00000   0.00000        0
       3 =         0.000         0.000         1.375     0.00000   0.00000   1.00000        0

[TrianglesSection]
;           Vertex0  Vertex1  Vertex2     NormalX   NormalY   NormalZ  GroupID

       0 =        0        2        1     0.00000   0.00000  -1.00000        0
       1 =        0        1        3     0.00000  -1.00000   0.00000        0
       2 =        0        3        2    -1.00000   0.00000   0.00000        0
       3 =        1        2        3     0.57735   0.57735   0.57735        0

${coloured ? colourSection : ''}[VerticesAttributesSection]
;            Scar   EML
; Scar=0: Vertex is regular vertex (not scar)
;     =1: Vertex has a scar attribute
${coloured ? '       0 =      0     0\n       1 =      1     0\n       2 =      0     0\n       3 =      0     1\n' : ''}`;
}

function oldMap(map: string): Record<string, string> {
  const track = `${map}_P1_CS_CONNECTOR_Eleclectrode_Positions`;
  return {
    [`${map}_car.txt`]: `VERSION_5_0 ${map}
${['P', 0, 1, 0, 0.1, 0.2, 0.3, -1.5, 0.25, 0.125, 2.5, 0.25, -42, 101.5, 0, 300, 1, 'A', 0, 7001, 0, -10000, -1, 0, 0, -10000, -10000].join('\t')}
`,
    [`${map}_Points_Export.xml`]: `<Points Map_Name="${xml(map)}" Map_Index="8101" Date="01/02/20" Time="10:11:12">
    <Point ID="1" File_Name="${xml(map)}_P1_Point_Export.xml" />
</Points>
`,
    [`${map}_P1_Point_Export.xml`]: `<Point ID="1" Date="01/02/20" Time="10:11:12">
    <Annotations StartTime="600100" Reference_Annotation="2000" Map_Annotation="1958" />
    <WOI From="-100" To="100" />
    <Voltages Unipolar="2.5" Bipolar="0.25" MaxMicroBipolar="-10000" MaxMicroBipolarSourceChannelID="0" />
    <Positions>
        <Connector CS_CONNECTOR="${xml(track)}.txt" />
        <Connector CS_CONNECTOR="${xml(track)}_OnAnnotation.txt" />
    </Positions>
    <Impedances Rate="100" Number="2" StartTime="600100">
        <Impedance NUM="0" Time="-7490" Value="101.5" />
        <Impedance NUM="1" Time="-7440" Value="-10000" />
    </Impedances>
    <ECG FileName="${xml(map)}_P1_ECG_Export.txt" />
    <ContactForce FileName="${xml(map)}_P1_ContactForce.txt" />
</Point>
`,
    [`${map}_P1_ECG_Export.txt`]: ecg(),
    [`${track}.txt`]:
      'Eleclectrode_Positions_2.0\nElectrode#\tTime\tX\tY\tZ\t\n1\t4\t0.5\t0.25\t-0.125\t\n2\t4\t1.5\t0.25\t1e-05\t\n\n',
    [`${map}_P1_ContactForce.txt`]: `${map}_P1_ContactForce.txt_2.0
Rate=50\tNumber =2\tDate:01/02/20\tPoint Time:10:11:12\tSystem Time:10:11:12\t
Mode=0
IntervalGraph=100
602100\t5.5\t135\t26\t0\t0\t0\t
IntervalNonGraph=1000
602600\t6.25\t132\t26\t0\t0\t0\t
Index\tTime\tTimestamp\tForceValue\tAxialAngle\tLateralAngle\tMetalSeverity\tInAccurateSeverity\tNeedZeroing\t
1\t-7460\t592640\t5.25\t-238\t24\t0\t0\t0\t
2\t-7410\t592690\t-6.5\t-227\t18\t0\t0\t0\t
`,
    [`RF_${map}_1.txt`]: `PiuTimeStamp\tIrrigation\tPower Mode\tAblTime1\tPower1\tImpedance1\tDistalTemperature1\tProximalTemperature1\t
       700100\t         -1\t          0\t     100\t     8\t       114\t                33\t                   0\t
       700200\t         -1\t          0\t     200\t    10\t       113\t                34\t                   0\t
`,
    [`ContactForceInRF_${map}_1.txt`]: `TimeStamp\tForceValue\tAxialAngle\tLateralAngle\tMetalSeverity\tInAccurateSeverity\tNeedZeroing\t
   700100\t  4,250125\t         0\t           0\t            0\t                 0\t          0\t
`,
  };
}

/** Without impedances, with the channels in the point's own file, and a file that is referred to but missing. */
function newMap(map: string): Record<string, string> {
  return {
    [`${map}_car.txt`]: `VERSION_6_0 ${map}\n${['P', 0, 7, 0, 1, 2, 3, 0, 0, 0, 1, 0.5, 12, 99, 0, -1, 1, 'A', 0, 7001, ...new Array(26).fill(0)].join('\t')}\n`,
    [`${map}_Points_Export.xml`]: `<Points Map_Name="${xml(map)}" Map_Index="8102" Date="01/02/20" Time="10:11:12">
    <Point ID="7" File_Name="${xml(map)}_P7_Point_Export.xml" />
</Points>
`,
    [`${map}_P7_Point_Export.xml`]: `<Point ID="7" Date="01/02/20" Time="10:11:12">
    <Annotations StartTime="650000" Reference_Annotation="2000" Map_Annotation="-8000" />
    <WOI From="-50" To="50" />
    <Voltages Unipolar="1" Bipolar="0.5" />
    <Positions>
        <Connector CS_CONNECTOR="${xml(map)}_CS_CONNECTOR_Sensor_Positions_650000.txt" />
    </Positions>
    <ECG FileName="${xml(map)}_ECG_Export_650000.txt" UnipolarMappingChannel="M1" BipolarMappingChannel="20A_3-4" ReferenceChannel="CS1-CS2" />
</Point>
`,
    [`${map}_ECG_Export_650000.txt`]: `ECG_Export_4.1
Raw ECG to MV (gain) = 0.003000
   MC Bipolar 1(1)         RV Probe(2)
                 5                 -6
`,
  };
}

function ecg(): string {
  return `ECG_Export_4.0
Raw ECG to MV (gain) = 0.003000
Unipolar Mapping Channel=M1 Bipolar Mapping Channel=M1-M2 Reference Channel=I
${['M1(1)', 'M1-M2(92)', 'I(110)'].map((name) => name.padEnd(12)).join('')}
${[12, -34, 0].map((count) => String(count).padEnd(12)).join('')}
${[-1, 7, 12345].map((count) => String(count).padEnd(12)).join('')}
`;
}

function visiTag({ preset, comment }: TinyNames): Record<string, string> {
  const row = (cells: readonly (string | number)[], width = 20) =>
    `${cells.map((cell) => ` ${cell}`.padStart(width)).join('')}${' '.repeat(19)}\n`;
  const setting = (key: string, value: string | number) => `${`${key}=`.padStart(40)}${String(value).padStart(40)}\n`;
  const settings = setting('PresetId', 1) + setting('PresetName', preset) + setting('FPTIMinThreshold', '350.000');
  const formula = '11111111-2222-4333-8444-555555555555';
  return {
    'VisiTagExport/Sites.txt':
      row(
        'Session ChannelID SiteIndex X Y Z DurationTime AverageForce MaxTemperature MaxPower BaseImpedance ImpedanceDrop FTI RFIndex TagIndexStatus'.split(
          ' ',
        ),
      ) +
      row([
        9300,
        0,
        1,
        '-10.250',
        '30.750',
        '12.375',
        '12.250',
        '7.125',
        '41.500',
        '35.250',
        '120.125',
        '9.500',
        '87.000',
        '401.125',
        1,
      ]),
    'VisiTagExport/AblationSites.txt':
      row(
        'Session ChannelID SiteIndex FirstPosTimeStamp FirstPosPassedFilterTimeStamp LastPosTimeStamp'.split(' '),
        30,
      ) + row([9300, 0, 1, 700000, 703000, 710400], 30),
    'VisiTagExport/VisiTagSessions.txt':
      row('SessionId StartTs EndTs PresetName PresetId Comment'.split(' ')) +
      row([9300, 699990, 710500, preset, 1, comment]),
    'VisiTagExport/AblationData.txt':
      row('TimeStamp Session ChannelID Polarity Impedance Power DistalTemperature ProximalTemperature'.split(' ')) +
      row([700100, 9300, 0, 'UNI', '121.250', '30.125', '38.500', '0.000']) +
      row([700200, 9300, 0, 'UNI', '120.750', '34.875', '39.125', '0.000']),
    'VisiTagExport/Grids.txt':
      row('UniqID X Y Z MaxTime TotalTime MaxImpedance MaxTemperature MaxPower MaxAverageForce'.split(' ')) +
      row([512530489, '-10.500', '30.500', '12.500', '1.5', '1.5', '111.5', '52.5', '24.5', '3.5']) +
      row([987654321, '-9.500', '30.500', '12.500', '1.5', '1.5', '111.5', '52.5', '24.5', '3.5']),
    'VisiTagExport/VisiTagPresets.txt': `${settings}\n${setting('PresetId', 2)}${setting('PresetName', 'Narrow')}`,
    'VisiTagExport/VisiTagSettings.txt': settings + setting('FPTIFormulaGUID', formula) + setting('Operator', 'nobody'),
    'VisiTagExport/fpti-formulas.xml': `<?xml version="1.0" ?>
<FPTI><Version></Version><Formulas><Formula><GUID>${formula}</GUID><Name># Tag Index</Name><Type>2</Type>
<Coefficients><overallCoefficient>975.00</overallCoefficient></Coefficients></Formula></Formulas></FPTI>
`,
  };
}

function crlf(files: Readonly<Record<string, string | Buffer>>): Record<string, string | Buffer> {
  const entries = Object.entries(files).map(([path, content]) => {
    if (typeof content === 'string') return [path, content.replaceAll('\n', '\r\n')];
    return [path, Buffer.from(content.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')];
  });
  return Object.fromEntries(entries);
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
