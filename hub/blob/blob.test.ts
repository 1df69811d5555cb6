import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import {
  BlobSASPermissions,
  type BlockBlobClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { blobClient, call } from '../testing/clients.ts';
import { World } from '../testing/world.ts';

let world: World;

before(async () => {
  world = await (
    await World.make({ limits: { maxBlockBytes: 1024 * 1024, maxPutBlobBytes: 2 * 1024 * 1024 } })
  ).start();
});

after(() => world.close());

interface SasOptions {
  readonly permissions?: string;
  readonly expiresInMs?: number;
  readonly startsInMs?: number;
  readonly blobName?: string;
  readonly key?: string;
  readonly container?: boolean;
}

function query(name: string, options: SasOptions = {}): string {
  const { account, key } = { account: world.settings.storageAccount.name, key: world.settings.storageAccount.key };
  const permissions = options.permissions ?? 'rcwd';
  const values = {
    containerName: 'uploads',
    ...(options.container ? {} : { blobName: options.blobName ?? name }),
    permissions: options.container ? ContainerSASPermissions.parse(permissions) : BlobSASPermissions.parse(permissions),
    ...(options.startsInMs === undefined ? {} : { startsOn: new Date(Date.now() + options.startsInMs) }),
    expiresOn: new Date(Date.now() + (options.expiresInMs ?? 600_000)),
  };
  return generateBlobSASQueryParameters(values, new StorageSharedKeyCredential(account, options.key ?? key)).toString();
}

const path = (name: string) => `/vestibule/uploads/${name}`;

function client(name: string, options: SasOptions = {}): BlockBlobClient {
  return blobClient(world, `https://localhost:${world.hub.httpsPort}${path(name)}?${query(name, options)}`);
}

const blockId = (n: number) => Buffer.from(`block-${String(n).padStart(4, '0')}`).toString('base64');

async function refused(work: Promise<unknown>, status: number, code: string): Promise<void> {
  await assert.rejects(work, (error: { statusCode?: number; code?: string; details?: { errorCode?: string } }) => {
    // The answer to HEAD has no body: the code is only in a header.
    assert.deepEqual([error.statusCode, error.code ?? error.details?.errorCode], [status, code]);
    return true;
  });
}

test('a blob is made of blocks in the order of the list; the upload can be resumed by what was staged', async () => {
  const blob = client('dev/one.bin');
  const pieces = [0, 1, 2].map(() => randomBytes(300_000));
  for (const n of [2, 0, 1]) await blob.stageBlock(blockId(n), pieces[n] as Buffer, 300_000);
  const staged = await blob.getBlockList('uncommitted');
  assert.deepEqual(
    staged.uncommittedBlocks?.map(({ name, size }) => [name, size]),
    [0, 1, 2].map((n) => [blockId(n), 300_000]),
  );
  await refused(blob.getProperties(), 404, 'BlobNotFound');
  const done = await blob.commitBlockList([0, 1, 2].map(blockId), {
    blobHTTPHeaders: { blobContentType: 'application/x-case' },
    metadata: { tier: 'review' },
  });
  assert.match(done.etag ?? '', /^"0x[0-9A-F]{16}"$/);
  const bytes = Buffer.concat(pieces);
  assert.ok((await blob.downloadToBuffer()).equals(bytes));
  const properties = await blob.getProperties();
  assert.equal(properties.contentLength, bytes.length);
  assert.equal(properties.contentType, 'application/x-case');
  assert.equal(properties.blobType, 'BlockBlob');
  assert.equal(properties.etag, done.etag);
  assert.deepEqual(properties.metadata, { tier: 'review' });
  const lists = await blob.getBlockList('all');
  assert.equal(lists.committedBlocks?.length, 3);
  assert.equal(lists.uncommittedBlocks?.length ?? 0, 0);
  assert.equal(lists.blobContentLength, bytes.length);
});

test('blocks of a blob may be used again, replaced and dropped; files of nothing do not stay', async () => {
  const blob = client('dev/two.bin');
  await blob.stageBlock(blockId(0), 'aaa', 3);
  await blob.stageBlock(blockId(1), 'bbb', 3);
  await blob.stageBlock(blockId(1), 'BBB', 3);
  await blob.stageBlock(blockId(2), 'unused', 6);
  await blob.commitBlockList([blockId(0), blockId(1), blockId(0)]);
  assert.equal((await blob.downloadToBuffer()).toString(), 'aaaBBBaaa');
  const before = (await readdir(join(world.hubFolder, 'blocks'))).length;
  await blob.stageBlock(blockId(3), 'ccc', 3);
  await blob.commitBlockList([blockId(3), blockId(1)]);
  assert.equal((await blob.downloadToBuffer()).toString(), 'cccBBB');
  assert.equal((await readdir(join(world.hubFolder, 'blocks'))).length, before);
  await refused(blob.commitBlockList([blockId(0)]), 400, 'InvalidBlockList');
  await blob.delete();
  assert.equal((await readdir(join(world.hubFolder, 'blocks'))).length, before - 2);
  await refused(blob.download(), 404, 'BlobNotFound');
  await refused(blob.delete(), 404, 'BlobNotFound');
  await refused(blob.getBlockList('all'), 404, 'BlobNotFound');
});

test('ranges, read as the SDK reads them', async () => {
  const blob = client('dev/three.bin');
  const bytes = randomBytes(10_000);
  for (const n of [0, 1, 2, 3]) await blob.stageBlock(blockId(n), bytes.subarray(n * 2500, (n + 1) * 2500), 2500);
  await blob.commitBlockList([0, 1, 2, 3].map(blockId));
  for (const [offset, count] of [
    [0, 1],
    [2499, 2],
    [1000, 7000],
    [9999, 1],
    [9000, 5000],
  ] as const) {
    const answer = await blob.download(offset, count, { rangeGetContentMD5: true });
    const end = Math.min(offset + count, bytes.length);
    assert.equal(answer.contentRange, `bytes ${offset}-${end - 1}/10000`);
    const got = await collect(answer.readableStreamBody as NodeJS.ReadableStream);
    assert.ok(got.equals(bytes.subarray(offset, end)), `${offset}+${count}`);
    assert.deepEqual(Buffer.from(answer.contentMD5 ?? []), createHash('md5').update(got).digest());
  }
  assert.ok(
    (await collect((await blob.download(4000)).readableStreamBody as NodeJS.ReadableStream)).equals(
      bytes.subarray(4000),
    ),
  );
  await refused(blob.download(10_000, 1), 416, 'InvalidRange');
});

test('Put Blob: whole, with its MD5, and an empty one', async () => {
  const blob = client('dev/four.bin');
  await blob.upload('hello', 5);
  const md5 = createHash('md5').update('hello').digest();
  assert.deepEqual(Buffer.from((await blob.getProperties()).contentMD5 ?? []), md5);
  await blob.upload('', 0);
  assert.equal((await blob.downloadToBuffer()).length, 0);
  await blob.commitBlockList([]);
  assert.equal((await blob.getProperties()).contentLength, 0);
});

test('conditions: create only, and only what was read', async () => {
  const blob = client('dev/five.bin');
  const first = await blob.upload('1', 1, { conditions: { ifNoneMatch: '*' } });
  await refused(blob.upload('2', 1, { conditions: { ifNoneMatch: '*' } }), 409, 'BlobAlreadyExists');
  await blob.stageBlock(blockId(0), 'x', 1);
  await refused(blob.commitBlockList([blockId(0)], { conditions: { ifNoneMatch: '*' } }), 409, 'BlobAlreadyExists');
  const second = await blob.upload('2', 1, { conditions: { ifMatch: first.etag as string } });
  await refused(blob.upload('3', 1, { conditions: { ifMatch: first.etag as string } }), 412, 'ConditionNotMet');
  await refused(blob.download(0, undefined, { conditions: { ifMatch: first.etag as string } }), 412, 'ConditionNotMet');
  await refused(blob.delete({ conditions: { ifMatch: first.etag as string } }), 412, 'ConditionNotMet');
  assert.equal((await blob.downloadToBuffer()).toString(), '2');
  const answer = await call(world, 'GET', `${path('dev/five.bin')}?${query('dev/five.bin')}`, {
    headers: { 'if-none-match': second.etag as string },
  });
  assert.deepEqual([answer.status, answer.text], [304, '']);
});

test('a token gives what it says, for the blob that it names, while it is valid', async () => {
  await client('dev/six.bin').upload('secret', 6);
  const read = (options: SasOptions) => client('dev/six.bin', options).downloadToBuffer();
  assert.equal((await read({ permissions: 'r' })).toString(), 'secret');
  assert.equal((await read({ permissions: 'r', container: true })).toString(), 'secret', 'one for the container');
  await refused(read({ permissions: 'cwd' }), 403, 'AuthorizationPermissionMismatch');
  await refused(read({ expiresInMs: -1000 }), 403, 'AuthenticationFailed');
  await refused(read({ startsInMs: 60_000 }), 403, 'AuthenticationFailed');
  await refused(read({ blobName: 'dev/five.bin' }), 403, 'AuthenticationFailed');
  await refused(read({ blobName: 'dev' }), 403, 'AuthenticationFailed');
  await refused(read({ key: randomBytes(64).toString('base64') }), 403, 'AuthenticationFailed');
  const only = (permissions: string, name = 'dev/six.bin') => client(name, { permissions });
  await refused(only('r').upload('x', 1), 403, 'AuthorizationPermissionMismatch');
  await refused(only('r').stageBlock(blockId(0), 'x', 1), 403, 'AuthorizationPermissionMismatch');
  await refused(only('c').upload('x', 1), 403, 'AuthorizationPermissionMismatch');
  await refused(only('rcw').delete(), 403, 'AuthorizationPermissionMismatch');
  await refused(only('w').getBlockList('all'), 403, 'AuthorizationPermissionMismatch');
  await only('c', 'dev/new.bin').upload('x', 1);
  assert.equal((await read({})).toString(), 'secret', 'refusals changed nothing');
});

test('a token that was tampered with, doubled, extended or is of another kind does not verify', async () => {
  const target = path('dev/six.bin');
  const get = (search: string) => call(world, 'GET', `${target}?${search}`);
  const good = query('dev/six.bin', { permissions: 'r' });
  assert.equal((await get(good)).status, 200);
  for (const [what, search] of [
    ['more permissions', good.replace('sp=r', 'sp=rw')],
    ['later expiry', good.replace(/se=20\d\d/, 'se=2099')],
    ['doubled', `${good}&sp=rwd`],
    ['old version', good.replace(/sv=[\d-]+/, 'sv=2018-11-09')],
    ['stored policy', `${good}&si=all`],
    ['prescribed header', `${good}&rsct=text/html`],
    ['short signature', good.replace(/sig=[^&]+/, 'sig=AAAA')],
  ] as const) {
    const answer = await get(search);
    assert.equal(answer.status, 403, what);
    assert.equal(answer.headers['x-ms-error-code'], 'AuthenticationFailed');
    assert.match(answer.text, /^<\?xml .*<Error><Code>AuthenticationFailed<\/Code><Message>/);
  }
  assert.equal((await get('')).status, 401);
});

test('malformed requests are refused in the words of Azure, before anything is stored', async () => {
  const name = 'dev/seven.bin';
  const put = (search: string, body: string, headers: Record<string, string> = {}) =>
    call(world, 'PUT', `${path(name)}?${search}&${query(name)}`, { body, headers });
  const block = `comp=block&blockid=${encodeURIComponent(blockId(0))}`;
  const files = (await readdir(join(world.hubFolder, 'blocks'))).length;
  const wrongMd5 = createHash('md5').update('other').digest('base64');
  for (const [answer, status, code] of [
    [await put('comp=block&blockid=%21%21', 'x'), 400, 'InvalidBlockId'],
    [await put('comp=block', 'x'), 400, 'InvalidBlockId'],
    [await put(block, 'x', { 'content-md5': wrongMd5 }), 400, 'Md5Mismatch'],
    [await put(block, 'x', { 'content-md5': 'abc' }), 400, 'InvalidMd5'],
    [await put(block, 'x'.repeat(1024 * 1024 + 1)), 413, 'RequestBodyTooLarge'],
    [await put('comp=blocklist', '<BlockList><Latest>AAAA</Latest>'), 400, 'InvalidXmlDocument'],
    [await put('comp=blocklist', '<!DOCTYPE a [<!ENTITY b "c">]><BlockList/>'), 400, 'InvalidXmlDocument'],
    [await put('comp=blocklist', '<BlockList><Other>AAAA</Other></BlockList>'), 400, 'InvalidXmlDocument'],
    [await put('comp=blocklist', '<BlockList><Latest>AAAA</Latest></BlockList>'), 400, 'InvalidBlockList'],
    [await put('comp=lease', ''), 501, 'NotImplemented'],
    [await put('x=y', 'body'), 409, 'InvalidBlobType'],
    [await put('x=y', 'x', { 'x-ms-blob-type': 'BlockBlob', 'content-md5': wrongMd5 }), 400, 'Md5Mismatch'],
    [await call(world, 'PUT', `/vestibule/other/x?${query('x')}`, { body: 'x' }), 404, 'ResourceNotFound'],
  ] as const) {
    assert.deepEqual([answer.status, answer.headers['x-ms-error-code']], [status, code]);
    assert.ok(answer.headers['x-ms-request-id'] && answer.headers['x-ms-version']);
    assert.doesNotMatch(answer.text, /at .*\.ts:|node_modules|Error:/);
  }
  assert.equal((await call(world, 'GET', `/vestibule/uploads/%E0%A4%A?${query('x')}`)).status, 400);
  assert.equal((await readdir(join(world.hubFolder, 'blocks'))).length, files, 'nothing is left of refused bodies');
  await client(name).stageBlock(blockId(0), 'x', 1);
  await refused(client(name).stageBlock(Buffer.from('a').toString('base64'), 'x', 1), 400, 'InvalidBlobOrBlock');
});

test('a name is a key and never a path', async () => {
  for (const name of ['a/../../etc/x', '../x', 'a b/ü', 'a%2fb', '.', 'x'.repeat(1000)]) {
    const url = `${path(encodeURIComponent(name))}?${query(name)}`;
    const headers = { 'x-ms-blob-type': 'BlockBlob' };
    assert.equal((await call(world, 'PUT', url, { body: name, headers })).status, 201, name);
    assert.equal((await call(world, 'GET', url)).text, name);
  }
  assert.deepEqual(
    (await readdir(world.hubFolder)).filter((entry) => !/^(blocks|\w+\.db(-wal|-shm)?)$/.test(entry)),
    [],
  );
});

test('an upload that is cut off leaves no block and no file', async () => {
  const name = 'dev/cut.bin';
  const files = (await readdir(join(world.hubFolder, 'blocks'))).length;
  const cut = new AbortController();
  const body = Readable.from(
    (async function* () {
      yield Buffer.alloc(100_000);
      setTimeout(() => cut.abort(), 50);
      await new Promise((resolve) => setTimeout(resolve, 500));
      yield Buffer.alloc(100_000);
    })(),
  );
  await assert.rejects(client(name).stageBlock(blockId(0), () => body, 200_000, { abortSignal: cut.signal }));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await readdir(join(world.hubFolder, 'blocks'))).length, files);
  await refused(client(name).getBlockList('uncommitted'), 404, 'BlobNotFound');
});

test('a start sweeps what belongs to nothing and keeps everything else', async () => {
  await client('dev/kept.bin').upload('kept', 4);
  await client('dev/staged.bin').stageBlock(blockId(0), 'staged', 6);
  await writeFile(join(world.hubFolder, 'blocks', 'leftover.block'), 'x');
  const files = (await readdir(join(world.hubFolder, 'blocks'))).length;
  await world.restart();
  assert.equal((await readdir(join(world.hubFolder, 'blocks'))).length, files - 1);
  assert.equal((await client('dev/kept.bin').downloadToBuffer()).toString(), 'kept');
  await client('dev/staged.bin').commitBlockList([blockId(0)]);
  assert.equal((await client('dev/staged.bin').downloadToBuffer()).toString(), 'staged');
});

async function collect(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

test('a block that cannot be stored is answered, however large its body, and the next try goes through', async () => {
  const blob = client('dev/busy.bin');
  const block = randomBytes(1024 * 1024);
  await rm(join(world.hubFolder, 'blocks'), { recursive: true });
  await refused(blob.stageBlock(blockId(0), block, block.length), 503, 'ServerBusy');
  await blob.stageBlock(blockId(0), block, block.length);
  await blob.commitBlockList([blockId(0)]);
  assert.equal((await blob.getProperties()).contentLength, block.length);
});

test('a blob whose bytes were lost on disk is not there; its upload can begin again under the same name', async () => {
  const blob = client('dev/lost.bin');
  const block = randomBytes(1000);
  const upload = async () => {
    await blob.stageBlock(blockId(0), block, block.length);
    await blob.commitBlockList([blockId(0)]);
  };
  await upload();
  for (const file of await readdir(join(world.hubFolder, 'blocks'))) await rm(join(world.hubFolder, 'blocks', file));
  await refused(blob.download(), 404, 'BlobNotFound');
  await refused(blob.getBlockList('all'), 404, 'BlobNotFound');
  await upload();
  assert.deepEqual(await blob.downloadToBuffer(), block);
});
