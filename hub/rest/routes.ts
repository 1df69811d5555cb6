import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { HubError } from '../errors.ts';
import { addDeviceRoutes, type DeviceRouteDeps } from './device-routes.ts';
import { addEventRoutes, type EventRouteDeps } from './event-routes.ts';
import type { HttpsApp } from './server.ts';
import { isServiceCall, type ServiceKey } from './service-auth.ts';
import { addTwinRoutes, type TwinRouteDeps } from './twin-routes.ts';

export interface ServiceRouteDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly serviceKey: ServiceKey;
  readonly devices: DeviceRouteDeps;
  readonly twins: TwinRouteDeps;
  readonly events: EventRouteDeps;
}

/** Everything that a service may call, behind one check of its token. Register it in a scope of its own. */
export async function addServiceRoutes(app: HttpsApp, deps: ServiceRouteDeps): Promise<void> {
  app.addHook('onRequest', async (request) => {
    const path = (request.raw.url ?? '').split('?')[0] ?? '';
    if (isServiceCall(request.headers.authorization, path, deps.clock.now(), deps.serviceKey)) return;
    deps.log.warn({ event: 'service-call-refused', peer: request.ip });
    throw new HubError('UNAUTHORIZED', 'the shared access signature is missing, wrong or expired');
  });
  addDeviceRoutes(app, deps.devices);
  addTwinRoutes(app, deps.twins);
  addEventRoutes(app, deps.events);
}
