import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { mintUploadSas, type StorageAccount } from '../blob/sas.ts';
import { HubError } from '../errors.ts';
import { judgeCertificate, peerOf } from '../identity/certificate.ts';
import type { Registry } from '../registry/registry.ts';
import { uploadContainer } from '../settings.ts';
import type { Uploads } from '../state/uploads.ts';
import { checked } from './checked.ts';
import type { HttpsApp } from './server.ts';

const deviceParams = z.object({ deviceId: z.string().min(1).max(128) });

/** ASCII: the device SDK counts the body in characters and would cut anything else short. No `.` or `..` segments. */
const openBody = z.object({
  blobName: z
    .string()
    .regex(/^(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~!$'()*,;=:@+-]+(?:\/(?!$)|$))+$/)
    .max(900),
});

const notifyBody = z.object({
  correlationId: z.string().max(100).optional(),
  isSuccess: z.boolean(),
  statusCode: z.number().optional(),
  statusDescription: z.string().nullish(),
});

export interface UploadRouteDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
  readonly uploads: Uploads;
  readonly authorities: readonly X509Certificate[];
  readonly account: StorageAccount;
  /** Host of the blob endpoint as devices reach it, with `:port` unless it is 443. */
  readonly blobHost: () => string;
}

/** The device's side of file upload: it opens one, gets a token for one blob, and says how it went. */
export function addUploadRoutes(app: HttpsApp, deps: UploadRouteDeps): void {
  app.post('/devices/:deviceId/files', async (request) => {
    const deviceId = requireDevice(request, deps);
    const blobName = `${deviceId}/${checked(openBody, request.body).blobName}`;
    const { correlationId, expiresAt } = deps.uploads.open(deviceId, blobName);
    deps.log.info({ event: 'upload-opened', device: deviceId, upload: correlationId });
    return {
      correlationId,
      hostName: deps.blobHost(),
      containerName: `${deps.account.name}/${uploadContainer}`,
      blobName,
      sasToken: mintUploadSas(deps.account, blobName, expiresAt),
    };
  });

  for (const url of [
    '/devices/:deviceId/files/notifications',
    '/devices/:deviceId/files/notifications/:correlationId',
  ]) {
    app.post(url, async (request, reply) => {
      const deviceId = requireDevice(request, deps);
      const params = checked(z.object({ correlationId: z.string().max(100).optional() }), request.params);
      const body = checked(notifyBody, request.body);
      const correlationId = params.correlationId ?? body.correlationId;
      if (correlationId === undefined) throw new HubError('ARGUMENT_INVALID', 'correlationId is missing');
      deps.uploads.close(deviceId, correlationId, body.isSuccess);
      deps.log.info({ event: 'upload-closed', device: deviceId, upload: correlationId, succeeded: body.isSuccess });
      return reply.code(204).send();
    });
  }
}

/** The device whose certificate the connection carries; throws unless it is the one of the address and may connect. */
function requireDevice(request: FastifyRequest, deps: UploadRouteDeps): string {
  const { deviceId } = checked(deviceParams, request.params);
  const judgement = judgeCertificate(peerOf(request.raw.socket as TLSSocket), deps.authorities, deps.clock.now());
  const reason = refusalOf(judgement, deviceId, deps.registry);
  if (reason === undefined) return deviceId;
  deps.log.warn({ event: 'upload-refused', reason, peer: request.ip });
  throw new HubError('UNAUTHORIZED', 'the certificate is not one of this device');
}

function refusalOf(
  judgement: ReturnType<typeof judgeCertificate>,
  deviceId: string,
  registry: Registry,
): string | undefined {
  if (!judgement.ok) return judgement.reason;
  if (judgement.certificate.commonName !== deviceId) return 'certificate-of-another-device';
  return registry.mayConnect(deviceId) ? undefined : 'unknown-or-disabled-device';
}
