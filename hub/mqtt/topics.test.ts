import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPropertyBag } from './property-bag.ts';
import { readDevicePublish, readDeviceSubscription, readDpsPublish } from './topics.ts';
import { isHostOf, readUserName } from './username.ts';

test('what a device may publish', () => {
  const read = (topic: string) => readDevicePublish('dev1', topic);
  assert.deepEqual(read('devices/dev1/messages/events/'), { kind: 'event', bag: '' });
  assert.deepEqual(read('devices/dev1/messages/events'), { kind: 'event', bag: '' });
  assert.deepEqual(read('devices/dev1/messages/events/%24.mid=1&a=b/'), { kind: 'event', bag: '%24.mid=1&a=b' });
  assert.deepEqual(read('$iothub/twin/GET/?$rid=a-1'), { kind: 'twin-get', rid: 'a-1' });
  assert.deepEqual(read('$iothub/twin/PATCH/properties/reported/?$rid=2'), { kind: 'twin-report', rid: '2' });
  assert.deepEqual(read('$iothub/methods/res/200/?$rid=f'), { kind: 'method-response', rid: 'f', status: 200 });
  for (const topic of [
    'devices/dev10/messages/events/',
    'devices/dev1/modules/m/messages/events/',
    'devices/dev1/messages/eventsx',
    '$iothub/twin/GET/?$rid=',
    '$iothub/twin/GET/?$rid=a/b',
    '$iothub/twin/res/200/?$rid=1',
    '$iothub/methods/POST/x/?$rid=1',
    '$iothub/methods/res/2e2/?$rid=1',
    '',
  ]) {
    assert.equal(read(topic), undefined, topic);
  }
});

test('what a device may subscribe to', () => {
  const read = (filter: string) => readDeviceSubscription('dev1', filter);
  assert.equal(read('devices/dev1/messages/devicebound/#'), 'messages');
  assert.equal(read('$iothub/twin/res/#'), 'twin-responses');
  assert.equal(read('$iothub/twin/PATCH/properties/desired/#'), 'desired');
  assert.equal(read('$iothub/methods/POST/#'), 'methods');
  for (const filter of [
    '#',
    '+/dev1/messages/devicebound/#',
    'devices/dev2/messages/devicebound/#',
    '$iothub/twin/res/+',
  ]) {
    assert.equal(read(filter), undefined, filter);
  }
});

test('what a registering device may publish', () => {
  assert.deepEqual(readDpsPublish('$dps/registrations/PUT/iotdps-register/?$rid=1'), { kind: 'register', rid: '1' });
  const operation = '$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=5.ab-c';
  assert.deepEqual(readDpsPublish(operation), { kind: 'operation', rid: '1', operationId: '5.ab-c' });
  assert.equal(readDpsPublish('$dps/registrations/res/200/?$rid=1'), undefined);
  assert.equal(readDpsPublish('devices/dev1/messages/events/'), undefined);
});

test('property bags', () => {
  assert.deepEqual(readPropertyBag(''), { properties: {} });
  assert.deepEqual(readPropertyBag('%24.mid=m%2F1&%24.ct=a%2Fb&%24.cid=c&k=v=w&flag'), {
    messageId: 'm/1',
    contentType: 'a/b',
    properties: { '$.cid': 'c', k: 'v=w', flag: '' },
  });
  assert.deepEqual(Object.keys(readPropertyBag('__proto__=x')?.properties ?? {}), ['__proto__']);
  assert.equal(readPropertyBag('a=%'), undefined);
  assert.equal(readPropertyBag('=x'), undefined);
});

test('user names', () => {
  const sdk = 'hub.test/dev1/?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.4%20(node%20v24)';
  assert.deepEqual(readUserName(sdk), { kind: 'device', host: 'hub.test', deviceId: 'dev1' });
  const dps = '0ne1/registrations/dev1/api-version=2019-03-31&ClientVersion=azure%2F1';
  assert.deepEqual(readUserName(dps), { kind: 'dps', idScope: '0ne1', registrationId: 'dev1' });
  for (const bad of [
    '',
    'a/b',
    'hub.test/dev1/',
    'hub.test/dev1/mod1/?api-version=1',
    '0ne1/registrations/dev1/x',
    '//?api-version=1',
  ]) {
    assert.equal(readUserName(bad), undefined, bad);
  }
});

test('host names, with and without a port', () => {
  assert.ok(isHostOf('Hub.Test:8883', ['hub.test']));
  assert.ok(isHostOf('127.0.0.1', ['hub.test', '127.0.0.1']));
  for (const host of ['hub.test.evil', 'evilhub.test', 'hub.test:', '', 'hub.test:123456']) {
    assert.equal(isHostOf(host, ['hub.test']), false, host);
  }
});
