import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRead, checkWrite } from './conditions.ts';
import { readRange } from './range.ts';
import { readBlobName } from './request.ts';
import { readBlockList, writeBlockLists, writeError } from './xml.ts';

test('ranges', () => {
  assert.deepEqual(readRange('bytes=0-0', 10), { start: 0, end: 1 });
  assert.deepEqual(readRange('bytes=5-', 10), { start: 5, end: 10 });
  assert.deepEqual(readRange('bytes=5-99', 10), { start: 5, end: 10 });
  for (const ignored of [undefined, '', 'bytes=-5', 'bytes=0-1,3-4', 'items=0-1', 'bytes=a-b']) {
    assert.equal(readRange(ignored, 10), undefined, ignored);
  }
  for (const [header, bytes] of [
    ['bytes=10-', 10],
    ['bytes=5-4', 10],
    ['bytes=0-', 0],
  ] as const) {
    assert.throws(() => readRange(header, bytes), { code: 'InvalidRange' });
  }
});

test('conditions of writes and reads', () => {
  const current = { etag: '"0x1"', modifiedAt: new Date('2030-01-01T00:00:00.900Z') };
  const [before, at] = ['Mon, 31 Dec 2029 23:59:59 GMT', 'Tue, 01 Jan 2030 00:00:00 GMT'];
  checkWrite({}, undefined);
  checkWrite({ ifNoneMatch: '*' }, undefined);
  checkWrite({ ifMatch: '"0x1"' }, current);
  checkWrite({ ifMatch: '0x1' }, current);
  checkWrite({ ifUnmodifiedSince: at }, current);
  assert.throws(() => checkWrite({ ifNoneMatch: '*' }, current), { code: 'BlobAlreadyExists' });
  assert.throws(() => checkWrite({ ifMatch: '"0x2"' }, current), { code: 'ConditionNotMet' });
  assert.throws(() => checkWrite({ ifMatch: '*' }, undefined), { code: 'ConditionNotMet' });
  assert.throws(() => checkWrite({ ifUnmodifiedSince: before }, current), { code: 'ConditionNotMet' });
  assert.equal(checkRead({}, current), 'send');
  assert.equal(checkRead({ ifNoneMatch: '"0x2", "0x1"' }, current), 'not-modified');
  assert.equal(checkRead({ ifModifiedSince: at }, current), 'not-modified');
  assert.equal(checkRead({ ifModifiedSince: before }, current), 'send');
  assert.throws(() => checkRead({ ifMatch: '"0x2"' }, current), { code: 'ConditionNotMet' });
});

test('block lists are read as written, in order', () => {
  const xml =
    '<?xml version="1.0"?>\n<BlockList>\n <Latest>QQ==</Latest><Committed>Qg==</Committed> <Uncommitted>QQ==</Uncommitted></BlockList>';
  assert.deepEqual(readBlockList(xml), [
    { from: 'latest', blockId: 'QQ==' },
    { from: 'committed', blockId: 'Qg==' },
    { from: 'uncommitted', blockId: 'QQ==' },
  ]);
  assert.deepEqual(readBlockList('<BlockList/>'), []);
  for (const bad of [
    '',
    'x',
    '<BlockList><Latest><Latest>a</Latest></Latest></BlockList>',
    '<a/>',
    '<BlockList></BlockList><x/>',
  ]) {
    assert.throws(() => readBlockList(bad), { code: 'InvalidXmlDocument' }, bad);
  }
  const many = `<BlockList>${'<Latest>QQ==</Latest>'.repeat(50_001)}</BlockList>`;
  assert.throws(() => readBlockList(many), { code: 'BlockListTooLong' });
});

test('what is written is XML, whatever is in it', () => {
  assert.match(writeError('A<B', 'x & y'), /<Code>A&lt;B<\/Code><Message>x &amp; y<\/Message>/);
  assert.match(
    writeBlockLists({ committed: [], uncommitted: [{ blockId: 'QQ==', bytes: 3 }] }),
    /<CommittedBlocks><\/CommittedBlocks><UncommittedBlocks><Block><Name>QQ==<\/Name><Size>3<\/Size>/,
  );
});

test('a blob name is taken from the raw path and decoded once', () => {
  const prefix = '/acc/uploads/';
  assert.equal(readBlobName('/acc/uploads/a/../b?x=1', prefix).name, 'a/../b');
  assert.equal(readBlobName('/acc/uploads/a%252e', prefix).name, 'a%2e');
  assert.equal(readBlobName('/acc/uploads/a?x=1&y=2', prefix).query.get('y'), '2');
  for (const bad of [
    '/acc/uploads/',
    '/acc/uploads/%',
    '/acc/uploads/a%00',
    '/other/uploads/a',
    `/acc/uploads/${'x'.repeat(1025)}`,
  ]) {
    assert.throws(() => readBlobName(bad, prefix), { code: 'InvalidResourceName' }, bad);
  }
});
