import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBack } from './read-back.ts';

const { lines, study, files } = readBack({ seed: 33, points: 14 });
const map = study.maps[0]!.name;

function readPoint(id: number) {
  const xml = lines(`${map}_P${id}_Point_Export.xml`).join('\n');
  const number = (name: string) => Number(new RegExp(` ${name}="([^"]*)"`).exec(xml)![1]);
  const [version, gain, mapping, header, ...rows] = lines(`${map}_P${id}_ECG_Export.txt`);
  const names = [...header!.matchAll(/\s*(.+?)\((\d+)\)/g)].map((found) => found[1]!);
  const table = rows.map((row) => row.trim().split(/\s+/).map(Number));
  const channel = (name: string) => table.map((row) => row[names.indexOf(name)]!);
  return { number, version, gain, mapping, names, rows, table, channel };
}

const ids = study.maps[0]!.points.map((point) => point.id);
const range = (values: readonly number[]) => Math.max(...values) - Math.min(...values);

test('an ECG file has four header lines, 26 channels and 2500 rows of fixed width', () => {
  const point = readPoint(1);
  assert.equal(point.version, 'ECG_Export_4.0');
  assert.equal(point.gain, 'Raw ECG to MV (gain) = 0.003000');
  assert.equal(point.mapping, 'Unipolar Mapping Channel=M1 Bipolar Mapping Channel=M1-M2 Reference Channel=I');
  assert.deepEqual(
    point.names,
    'M1 M2 M3 M4 M7 M8 M9 M10 WCT_GND V1 V2 V3 V4 V5 V6 LA RA LL M1-M2 M3-M4 I II III aVL aVR aVF'.split(' '),
  );
  assert.equal(point.names.length, 26);
  assert.equal(point.rows.length, 2500);
  assert.ok(point.rows.every((row) => row.length === 26 * 30));
  assert.ok(point.table.every((row) => row.length === 26 && row.every(Number.isInteger)));
});

test('stored voltages are the peak-to-peak values in the window of interest', () => {
  for (const id of ids) {
    const point = readPoint(id);
    const reference = point.number('Reference_Annotation');
    const window = [reference + point.number('From'), reference + point.number('To') + 1] as const;
    const voltage = (name: string) => range(point.channel(name).slice(...window)) * 0.003;
    assert.ok(Math.abs(voltage('M1') - point.number('Unipolar')) < 1e-6, `point ${id}`);
    assert.ok(Math.abs(voltage('M1-M2') - point.number('Bipolar')) < 1e-6, `point ${id}`);
    const car = lines(`${map}_car.txt`)[id]!.split('\t');
    assert.deepEqual([car[10], car[11]].map(Number), [point.number('Unipolar'), point.number('Bipolar')]);
  }
});

test('derived leads agree with the leads they come from, but for rounding', () => {
  for (const id of ids.slice(0, 3)) {
    const { channel } = readPoint(id);
    const [one, two, three, m1, m2, pair] = ['I', 'II', 'III', 'M1', 'M2', 'M1-M2'].map(channel);
    for (let t = 0; t < 2500; t += 1) {
      assert.ok(Math.abs(three![t]! - (two![t]! - one![t]!)) <= 2);
      assert.ok(Math.abs(pair![t]! - (m1![t]! - m2![t]!)) <= 1);
    }
  }
});

test('every channel is alive: noise in each, heartbeats in the surface leads', () => {
  const { channel, names } = readPoint(2);
  for (const name of names) assert.ok(new Set(channel(name)).size > 6, `${name} is nearly flat`);
  for (const name of ['I', 'II', 'V2', 'V5']) {
    const mv = range(channel(name)) * 0.003;
    assert.ok(mv > 0.3 && mv < 4, `${name}: ${mv} mV`);
  }
});

test('the activation time lies in the window, and on the steepest fall of the unipolar signal', () => {
  const valid = ids.filter((id) => readPoint(id).number('Map_Annotation') > 0);
  assert.ok(valid.length >= 8 && valid.length < ids.length, 'points with and without an activation time');
  for (const id of ids) {
    const point = readPoint(id);
    const lat = Number(lines(`${map}_car.txt`)[id]!.split('\t')[12]);
    assert.equal(point.number('Map_Annotation'), 2000 + lat);
    if (lat === -10_000) continue;
    assert.ok(lat >= point.number('From') && lat <= point.number('To'));
    if (point.number('Unipolar') < 1) continue;
    const signal = point.channel('M1');
    const falls = Array.from({ length: 200 }, (_, n) => signal[1920 + n + 1]! - signal[1920 + n - 1]!);
    const steepest = 1920 + falls.indexOf(Math.min(...falls));
    assert.ok(Math.abs(steepest - 2000 - lat) <= 4, `point ${id}: ${steepest - 2000} against ${lat}`);
  }
});

test('every file that a point names is there, and force, sensor and index agree with it', () => {
  for (const id of ids) {
    const xml = lines(`${map}_P${id}_Point_Export.xml`).join('\n');
    const named = [...xml.matchAll(/(?:FileName|NAVISTAR_CONNECTOR)="([^"]+)"/g)].map((found) => found[1]!);
    assert.equal(named.length, 6);
    for (const name of named) assert.ok(files.has(name), name);
    const start = Number(/StartTime="(\d+)"/.exec(xml)![1]);
    const force = lines(`${map}_P${id}_ContactForce.txt`)
      .slice(8)
      .map((line) => line.split('\t').map(Number));
    assert.equal(force.length, 200);
    assert.ok(force.every((row) => row[2] === start + row[1]!));
    const sensor = lines(`${map}_P${id}_NAVISTAR_CONNECTOR_Sensor_Positions_OnAnnotation.txt`)[2]!.split('\t');
    assert.deepEqual(sensor.slice(2, 5), lines(`${map}_car.txt`)[id]!.split('\t').slice(4, 7));
  }
});
