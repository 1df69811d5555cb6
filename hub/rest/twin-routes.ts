import { z } from 'zod';
import { HubError } from '../errors.ts';
import { type Methods, maxMethodBytes } from '../methods/methods.ts';
import type { Registry } from '../registry/registry.ts';
import type { Json } from '../twins/json.ts';
import type { ServiceTwins } from '../twins/service-twins.ts';
import type { TwinChange } from '../twins/twin-store.ts';
import { callerLeft } from './caller.ts';
import { checked } from './checked.ts';
import { wantedEtag } from './etag.ts';
import type { HttpsApp } from './server.ts';

const deviceParams = z.object({ deviceId: z.string().min(1).max(128) });

const twinBody = z.object({
  tags: z.json().optional(),
  properties: z.object({ desired: z.json().optional() }).nullish(),
});

const methodBody = z.object({
  methodName: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  payload: z.json().default(null),
  responseTimeoutInSeconds: z.int().min(5).max(300).default(30),
  connectTimeoutInSeconds: z.int().min(0).max(300).default(0),
});

export interface TwinRouteDeps {
  readonly registry: Registry;
  readonly twins: ServiceTwins;
  readonly methods: Methods;
}

/** `/twins`: twins and direct methods of the service REST API. */
export function addTwinRoutes(app: HttpsApp, { registry, twins, methods }: TwinRouteDeps): void {
  app.get('/twins/:deviceId', async (request) => twins.get(checked(deviceParams, request.params).deviceId));

  for (const [method, kind] of [
    ['PATCH', 'patch'],
    ['PUT', 'replace'],
  ] as const) {
    app.route({
      method,
      url: '/twins/:deviceId',
      handler: async (request) => {
        const { deviceId } = checked(deviceParams, request.params);
        const etag = wantedEtag(request.headers['if-match']);
        return twins.change(deviceId, kind, readChange(request.body), etag);
      },
    });
  }

  app.post('/twins/:deviceId/methods', async (request, reply) => {
    const { deviceId } = checked(deviceParams, request.params);
    const body = checked(methodBody, request.body);
    if (Buffer.byteLength(JSON.stringify(body.payload)) > maxMethodBytes) {
      throw new HubError('TOO_LARGE', `the payload of a method has at most ${maxMethodBytes} bytes`);
    }
    if (!registry.device(deviceId)) throw new HubError('DEVICE_NOT_FOUND', 'no device with this id is registered');
    const call = {
      name: body.methodName,
      payload: body.payload as Json,
      connectTimeoutMs: body.connectTimeoutInSeconds * 1000,
      responseTimeoutMs: body.responseTimeoutInSeconds * 1000,
    };
    return methods.invoke(deviceId, call, callerLeft(reply));
  });
}

function readChange(body: unknown): TwinChange {
  const { tags, properties } = checked(twinBody, body);
  return {
    ...(tags === undefined ? {} : { tags: tags as Json }),
    ...(properties?.desired === undefined ? {} : { desired: properties.desired as Json }),
  };
}
