import { z } from 'zod';
import { HubError } from '../errors.ts';
import type { Attendance } from '../mqtt/attendance.ts';
import type { Registry } from '../registry/registry.ts';
import type { Sessions } from '../state/sessions.ts';
import type { TwinStore } from '../twins/twin-store.ts';
import { checked } from './checked.ts';
import { deviceDocument } from './device-document.ts';
import { wantedEtag } from './etag.ts';
import type { HttpsApp } from './server.ts';

const deviceParams = z.object({ deviceId: z.string().min(1).max(128) });

const listQuery = z.object({ top: z.coerce.number().int().min(1).max(1000).default(1000) });

/** Devices of this hub authenticate by certificates of its CA; whoever asks for something else is told so. */
const deviceBody = z.object({
  deviceId: z.string().optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
  statusReason: z.string().max(128).nullish(),
  authentication: z.object({ type: z.literal('certificateAuthority') }),
});

export interface DeviceRouteDeps {
  readonly registry: Registry;
  readonly twins: TwinStore;
  readonly sessions: Sessions;
  readonly attendance: Attendance;
}

/** `/devices`: the identity registry of the service REST API. */
export function addDeviceRoutes(app: HttpsApp, { registry, twins, sessions, attendance }: DeviceRouteDeps): void {
  // The service SDK asks for the list with a slash at the end.
  for (const url of ['/devices', '/devices/']) {
    app.get(url, async (request) => {
      const { top } = checked(listQuery, request.query);
      return registry.devices().slice(0, top).map(deviceDocument);
    });
  }

  app.get('/devices/:deviceId', async (request) => {
    const device = registry.device(checked(deviceParams, request.params).deviceId);
    if (!device) throw new HubError('DEVICE_NOT_FOUND', 'no device with this id is registered');
    return deviceDocument(device);
  });

  app.put('/devices/:deviceId', async (request) => {
    const { deviceId } = checked(deviceParams, request.params);
    const body = checked(deviceBody, request.body);
    if (body.deviceId !== undefined && body.deviceId !== deviceId) {
      throw new HubError('ARGUMENT_INVALID', 'the device id of the body is not the one of the address');
    }
    const enabled = body.status !== 'disabled';
    const reason = body.statusReason ?? undefined;
    const ifMatch = request.headers['if-match'];
    if (ifMatch === undefined) {
      return deviceDocument(
        registry.createDevice(deviceId, { enabled, ...(reason === undefined ? {} : { statusReason: reason }) }),
      );
    }
    const device = registry.updateDevice(deviceId, enabled, reason, wantedEtag(ifMatch));
    attendance.enforce();
    return deviceDocument(device);
  });

  app.delete('/devices/:deviceId', async (request, reply) => {
    const { deviceId } = checked(deviceParams, request.params);
    registry.removeDevice(deviceId, wantedEtag(request.headers['if-match']));
    twins.remove(deviceId);
    sessions.clear(deviceId);
    attendance.enforce();
    return reply.code(204).send();
  });
}
