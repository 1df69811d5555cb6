import { type CodedName, type CounterName, type Grammar, grammars, oneOf, type Rule, type Rules } from './rule.ts';
import { indexSources, polarities, units } from './vocabulary.ts';

const keep = (as: Grammar): Rule => ({ do: 'keep', as });
const code = (as: CodedName): Rule => ({ do: 'code', as });
const map = (as: CounterName): Rule => ({ do: 'map', as });
const refer: Rule = { do: 'refer' };
const shift: Rule = { do: 'shift' };
const drop: Rule = { do: 'drop', typed: false };
const dropTyped: Rule = { do: 'drop', typed: true };

const measure = keep(grammars.measure);
const measures = keep(grammars.measures);
const threshold = keep(grammars.threshold);
const coefficient = keep(grammars.coefficient);
const ordinal = keep(grammars.ordinal);
const ordinals = keep(grammars.ordinals);
const pointId = keep(grammars.pointId);
const span = keep(grammars.span);
const clock = keep(grammars.studyClock);
const provedCount = keep(grammars.provedCount);
const truth = keep(grammars.boolean);
const nothing = keep(grammars.nothing);
const unit = keep(oneOf(units));
/** An element that is needed for its children. */
const element = nothing;

const track = { 'Electrode#': ordinal, 'Sensor#': ordinal, Time: clock, X: measure, Y: measure, Z: measure };

const force = {
  ForceValue: measure,
  AxialAngle: measure,
  LateralAngle: measure,
  MetalSeverity: measure,
  InAccurateSeverity: measure,
  NeedZeroing: ordinal,
};

const position = {
  TimeStamp: clock,
  Session: map('session'),
  ChannelID: map('channel'),
  X: measure,
  Y: measure,
  Z: measure,
  Valid: ordinal,
};

const settings = {
  PresetId: map('preset'),
  PresetName: code('preset'),
  useRespirationCompensation: ordinal,
  isLocationStabilityFilterEnabled: ordinal,
  isAvaialble: ordinal,
  locationStabilityThreshold: threshold,
  minimalAblationTimeThreshold: threshold,
  isImpedanceDropFilterEnabled: ordinal,
  impedanceDropThreshold: threshold,
  isContactForceFilterEnabled: ordinal,
  contactForcePercentThreshold: threshold,
  contactForceValueForPercentThreshold: threshold,
  isFPTIThresholdIndicationEnabled: ordinal,
  FPTIMinThreshold: threshold,
  FPTIMaxThreshold: threshold,
  FPTIFormulaGUID: code('formula-id'),
  isTemperatureFilterEnabled: ordinal,
  temperatureThreshold: threshold,
  'source of RF index': keep(oneOf(indexSources)),
};

/**
 * The whole of what may leave: kind by kind, field by field. A kind or field that is not here does not reach the
 * output.
 *
 * Fields of XML kinds: `Element@attribute`, `Element#text`, and `Element` for one that is kept for its children
 * or dropped with all that is in it.
 * Fields of tables: the names of the columns. Fields of `car`: the positions of the columns, from 0. Fields of a mesh:
 * the keys of its general attributes, the names of its sections, and `GroupID`. `#` at the end stands for digits, `@*`
 * for every attribute of an element, whose name is that of a connector.
 */
// biome-ignore format: the columns are the documentation
const table = {
  /** The parts of file names that people typed. The study's name and stamp are in the name of its XML. */
  'file-name': {
    study:                                  code('study'),
    map:                                    code('map'),
    shell:                                  code('shell'),
    connector:                              code('connector'),
    template:                               code('template'),
    table:                                  code('table'),
  },
  study: {
    'Study@name':                           code('study'),
    'Units@Distance':                       unit,
    'Units@Angle':                          unit,
    Enviroment:                             element,
    'Camera@Center':                        measures,
    'Camera@Scale':                         measure,
    'Camera@AspectRatio':                   measure,
    'ModelViewMatrix#text':                 measures,
    'ProjectionMatrix#text':                measures,
    ExternalObjs:                           drop, // names of icon files, which are not exported
    'Maps@Count':                           ordinal,
    'ColoringTable@Count':                  ordinal,
    'Coloring@Id':                          ordinal,
    'Coloring@Name':                        code('coloring'),
    'Coloring@TextureInvert':               ordinal,
    'Coloring@Propagation':                 ordinal,
    'Coloring@Units':                       unit,
    'SurfaceErrorTable@BadErrorColor':      measures,
    'SurfaceErrorTable@MedErrorColor':      measures,
    'SurfaceErrorTable@GoodErrorColor':     measures,
    'SurfaceErrorTable@BadErrorThreshold':  measure,
    'SurfaceErrorTable@MedErrorThreshold':  measure,
    'SurfaceErrorTable@GoodErrorThreshold': measure,
    'PasoTable@ShowPMMatchingAnyIS':        truth,
    'PasoTable@ISName':                     dropTyped,
    'CFAEColoringTable@IgnoreBelowColor':   measures,
    'CFAEColoringTable@IclMediumColor':     measures,
    'CFAEColoringTable@IclHighColor':       measures,
    'CFAEColoringTable@IgnoreBelowThreshold': threshold,
    'CFAEColoringTable@IclMediumThreshold': threshold,
    'CFAEColoringTable@IclHighThreshold':   threshold,
    'TagsTable@Count':                      ordinal,
    'Tag@ID':                               map('tag'),
    'Tag@Short_Name':                       code('tag'),
    'Tag@Full_Name':                        code('tag'),
    'Tag@Color':                            measures,
    'Tag@Radius':                           measure,
    'Map@Name':                             code('map'),
    'Map@Index':                            map('map'),
    'Map@Visible':                          truth,
    'Map@Type':                             nothing,
    'Map@NumFiles':                         ordinal,
    'Map@FileNames':                        refer,
    'Map@Volume':                           measure,
    'ColoringRangeTable@Count':             ordinal,
    'ColoringRange@Id':                     ordinal,
    'ColoringRange@Min':                    measure,
    'ColoringRange@Max':                    measure,
    'CartoPoints@Count':                    ordinal,
    'Point@Id':                             pointId,
    'Point@Position3D':                     measures,
    'Point@CathOrientation':                measures,
    'Point@Cath_Id':                        map('catheter'),
    'VirtualPoint@Position3D':              measures,
    'VirtualPoint@ProjectOnJunction':       ordinal,
    'VirtualPoint@ProjectionDistance':      measure,
    'Tags@Count':                           ordinal,
    'Tags#text':                            { do: 'map', as: 'tag', list: true },
    Anatomical_Tags:                        element,
    Anatomical_Tag:                         element,
    Perimiter:                              element,
    'LINE_LOOP#text':                       measures,
    'RefAnnotationConfig@Algorithm':        ordinal,
    'RefAnnotationConfig@Channel':          ordinal,
    'RefAnnotationConfig@SingleChannelCriterion': ordinal,
    'RefAnnotationConfig@Connector':        code('connector'),
    'Meshes@Count':                         ordinal,
    'RegistrationMatrix#text':              measures,
    'Mesh@FileName':                        refer,
    'Mesh@Visible':                         truth,
    LandMarks:                              element,
  },
  'points-index': {
    'Points@Map_Name':                      code('map'),
    'Points@Map_Index':                     map('map'),
    'Points@Date':                          drop,
    'Points@Time':                          drop,
    'Point@ID':                             pointId,
    'Point@File_Name':                      refer,
  },
  point: {
    'Point@ID':                             pointId,
    'Point@Date':                           drop,
    'Point@Time':                           drop,
    'Annotations@StartTime':                clock,
    'Annotations@Reference_Annotation':     measure,
    'Annotations@Map_Annotation':           measure,
    'WOI@From':                             measure,
    'WOI@To':                               measure,
    'Voltages@Unipolar':                    measure,
    'Voltages@Bipolar':                     measure,
    'Voltages@MaxMicroBipolar':             measure,
    'Voltages@MaxMicroBipolarSourceChannelID': ordinal,
    Positions:                              element,
    'Connector@*':                          refer,
    'Impedances@Rate':                      ordinal,
    'Impedances@Number':                    ordinal,
    'Impedances@StartTime':                 clock,
    'Impedance@NUM':                        ordinal,
    'Impedance@Time':                       measure,
    'Impedance@Value':                      measure,
    'ECG@FileName':                         refer,
    'ECG@UnipolarMappingChannel':           code('channel'),
    'ECG@BipolarMappingChannel':            code('channel'),
    'ECG@ReferenceChannel':                 code('channel'),
    'ContactForce@FileName':                refer,
    'ReferenceAnnotations@Beat#':           clock,
    'ReferenceAnnotations@CycleLength':     measure,
  },
  'fpti-formulas': {
    FPTI:                                   element,
    'Version#text':                         measure,
    Formulas:                               element,
    Formula:                                element,
    'GUID#text':                            code('formula-id'),
    'Name#text':                            code('formula'),
    'Type#text':                            ordinal,
    Coefficients:                           element,
    'overallCoefficient#text':              coefficient,
    'forceExponent#text':                   coefficient,
    'powerExponent#text':                   coefficient,
    'overallExponent#text':                 coefficient,
    'clampLowForceValueTo#text':            coefficient,
    TechnicalLimits:                        element,
    'minTechnicalForce#text':               coefficient,
    'maxTechnicalForce#text':               coefficient,
    'minTechnicalPower#text':               coefficient,
    'maxTechnicalPower#text':               coefficient,
    'minTechnicalDuration#text':            coefficient,
    'maxTechnicalDuration#text':            coefficient,
    'maxAllowedGapOfPower#text':            coefficient,
    'maxAllowedGapOfForce#text':            coefficient,
  },
  mesh: {
    MeshID:                                 map('mesh'),
    MeshName:                               dropTyped,
    NumVertex:                              provedCount,
    NumTriangle:                            provedCount,
    TopologyStatus:                         ordinal,
    MeshColor:                              measures,
    Matrix:                                 measures,
    NumVertexColors:                        ordinal,
    ColorsIDs:                              ordinals,
    ColorsNames:                            code('coloring'),
    GeneralAttributes:                      element,
    GroupID:                                keep(grammars.group),
    VerticesSection:                        measures,
    TrianglesSection:                       measures,
    VerticesColorsSection:                  measures,
    VerticesAttributesSection:              measures,
  },
  /** The first line is `map` and the version. From column 28 on only what is known of VERSION_6_0. */
  car: {
    map: code('map'),
    0: keep(oneOf(new Set(['P']))), 1: ordinal, 2: pointId, 3: ordinal,
    4: measure, 5: measure, 6: measure,     // x y z
    7: measure, 8: measure, 9: measure,     // alpha beta gamma
    10: measure, 11: measure, 12: measure, 13: measure, // unipolar, bipolar, LAT, impedance
    14: ordinal,                            // type of point
    15: map('tag'),
    16: measure,
    17: keep({ name: 'one letter', allows: (text) => /^[A-Z]?$/.test(text) }),
    18: measure,
    19: map('catheter'),
    20: measure, 21: measure, 22: measure, 23: measure, 24: measure, 25: measure, 26: measure,
    27: clock,
    32: measure, 33: measure,               // window of interest
    45: measure,                            // reference annotation
  },
  ecg: {
    channel:                                code('channel'),
    gain:                                   measure,
    samples:                                keep(grammars.samples),
  },
  'electrode-positions': track,
  'sensor-positions': track,
  /** `map`: the first line, which repeats the file's name. `…=` and `means`: the lines before the table. */
  'contact-force': {
    map:                                    code('map'),
    'Rate=':                                ordinal,
    'Number=':                              ordinal,
    'Date=':                                drop,
    'Point Time=':                          drop,
    'System Time=':                         drop,
    'Mode=':                                ordinal,
    'IntervalGraph=':                       ordinal,
    'IntervalNonGraph=':                    ordinal,
    means:                                  measures, // behind the time stamp
    Index:                                  ordinal,
    Time:                                   measure,
    Timestamp:                              clock,
    ...force,
  },
  rf: {
    PiuTimeStamp:                           clock,
    Irrigation:                             measure,
    'Power Mode':                           measure,
    'AblTime#':                             span,
    'Power#':                               measure,
    'Impedance#':                           measure,
    'DistalTemperature#':                   measure,
    'ProximalTemperature#':                 measure,
  },
  'contact-force-in-rf': {
    TimeStamp:                              clock,
    ...force,
  },
  sites: {
    Session:                                map('session'),
    ChannelID:                              map('channel'),
    SiteIndex:                              ordinal,
    X:                                      measure,
    Y:                                      measure,
    Z:                                      measure,
    DurationTime:                           measure,
    AverageForce:                           measure,
    MaxTemperature:                         measure,
    MaxPower:                               measure,
    BaseImpedance:                          measure,
    ImpedanceDrop:                          measure,
    FTI:                                    measure,
    RFIndex:                                measure,
    TagIndexStatus:                         ordinal,
  },
  'ablation-sites': {
    Session:                                map('session'),
    ChannelID:                              map('channel'),
    SiteIndex:                              ordinal,
    FirstPosTimeStamp:                      clock,
    FirstPosPassedFilterTimeStamp:          clock,
    LastPosTimeStamp:                       clock,
  },
  'visitag-sessions': {
    SessionId:                              map('session'),
    StartTs:                                clock,
    EndTs:                                  clock,
    PresetName:                             code('preset'),
    PresetId:                               map('preset'),
    Comment:                                dropTyped,
  },
  'ablation-data': {
    TimeStamp:                              clock,
    Session:                                map('session'),
    ChannelID:                              map('channel'),
    Polarity:                               keep(oneOf(polarities)),
    Impedance:                              measure,
    Power:                                  measure,
    DistalTemperature:                      measure,
    ProximalTemperature:                    measure,
  },
  'contact-force-data': {
    Time:                                   clock,
    Session:                                map('session'),
    ChannelID:                              map('channel'),
    Force:                                  measure,
    AxialAngle:                             measure,
    LateralAngle:                           measure,
    InAccurateSeverity:                     measure,
    MetalSeverity:                          measure,
    NeedZeroing:                            ordinal,
  },
  grids: {
    UniqID:                                 map('voxel'),
    X:                                      measure,
    Y:                                      measure,
    Z:                                      measure,
    MaxTime:                                measure,
    TotalTime:                              measure,
    MaxImpedance:                           measure,
    MaxTemperature:                         measure,
    MaxPower:                               measure,
    MaxAverageForce:                        measure,
  },
  'adjusted-positions': position,
  'end-expiriums': position,
  'raw-positions': position,
  'positions-data': {
    ...position,
    ForceTimeStamp:                         clock,
    Impedance:                              measure,
    ImpedanceDrop:                          measure,
    Temperature:                            measure,
    Power:                                  measure,
    Force:                                  measure,
    RFIndex:                                measure,
    Passed:                                 ordinal,
  },
  'all-positions-in-grids': {
    PosTimeStamp:                           clock,
    Session:                                map('session'),
    ChannelID:                              map('channel'),
    SiteIndex:                              ordinal,
    UniqID:                                 map('voxel'),
  },
  'visitag-presets': settings,
  'visitag-settings': settings,
  'visitag-display': {
    CurrentPresetId:                        map('preset'),
    isMultiConfigurationLocked:             ordinal,
    siteTagsColoringType:                   ordinal,
    enableGridColoring:                     ordinal,
    enableSiteTagColoring:                  ordinal,
    gridProjectionType:                     ordinal,
    showGrid:                               ordinal,
    showProjection:                         ordinal,
    showSiteTags:                           ordinal,
    showSiteTagsProjection:                 ordinal,
    projectionSize:                         measure,
    siteTagSize:                            measure,
  },
  'paso-configuration': {
    'IS-IS Correlation Threshold':          measure,
    'PM-IS Correlation Threshold':          measure,
    'IS-IS Minimum Correlated Channels':    ordinal,
    'PM-IS Minimum Correlated Channels':    ordinal,
    'IS Default Prefix Name':               code('template'),
    'PM Default Prefix Name':               code('template'),
  },
  /** `Year Month Day` and `hh:mm:ss` are one line. The time would tell what the study clock in `Timestamp` counts from. */
  'paso-template': {
    ID:                                     map('template'),
    Name:                                   code('template'),
    'Year Month Day':                       shift,
    'hh:mm:ss':                             drop,
    'Current Matched':                      measure,
    Best:                                   measure,
    'Current Matched/Best':                 measures,
    'Cycle Length':                         measure,
    Timestamp:                              clock,
    Interval:                               measures,
    'Current WOI':                          measures,
    'Reference IS':                         nothing,
    'Non-reference IS':                     nothing,
    channel:                                code('channel'),
    samples:                                keep(grammars.samples),
  },
  /** `lead`: a line for each, named by it. */
  'paso-correlations': {
    'Correlated to':                        map('template'),
    'User Average':                         measure,
    'User Defined Average':                 measure,
    'User Defined Channels':                measures,
    'User Defined WOI':                     measures,
    'System Average':                       measure,
    'System Channels':                      measures,
    'System WOI':                           measures,
    lead:                                   measure,
    WOI:                                    measures,
  },
  /** Kinds that the site's file names in `privacy.unsupported`. `column`: any other name, whose cells are `cell`. */
  'unsupported-table': {
    ...track,
    ...position,
    ...force,
    Timestamp:                              clock,
    PiuTimeStamp:                           clock,
    StartTs:                                clock,
    EndTs:                                  clock,
    FirstPosTimeStamp:                      clock,
    LastPosTimeStamp:                       clock,
    PosTimeStamp:                           clock,
    SessionId:                              map('session'),
    UniqID:                                 map('voxel'),
    PresetId:                               map('preset'),
    SiteIndex:                              ordinal,
    DurationTime:                           measure,
    Force:                                  measure,
    'Power#':                               measure,
    Power:                                  measure,
    'Impedance#':                           measure,
    Impedance:                              measure,
    Temperature:                            measure,
    column:                                 code('column'),
    cell:                                   measure,
  },
} as const satisfies Rules;

/** The same for whoever takes kinds and fields as they are found. */
export const rules: Rules = table;

/** A kind that has rules. Writers name no other: it would not compile. */
export type RuledKind = keyof typeof table;

/** A field that has a rule in every one of these kinds. */
export type FieldOf<Kind extends RuledKind> = `${Exclude<keyof (typeof table)[Kind], symbol>}`;
