import { addBlobRoutes } from './blob/routes.ts';
import type { HubDeps } from './hub.ts';
import { readCertificates } from './identity/certificate.ts';
import { Methods } from './methods/methods.ts';
import { Attendance } from './mqtt/attendance.ts';
import { Broker } from './mqtt/broker.ts';
import { DeviceLinks } from './mqtt/device-links.ts';
import { MqttListener } from './mqtt/listener.ts';
import { TwinRequests } from './mqtt/twin-requests.ts';
import { addServiceRoutes } from './rest/routes.ts';
import { createHttpsApp, type HttpsApp } from './rest/server.ts';
import { addUploadRoutes } from './rest/upload-routes.ts';
import { Sessions } from './state/sessions.ts';
import { Uploads } from './state/uploads.ts';
import type { Stores } from './stores.ts';
import { ServiceTwins } from './twins/service-twins.ts';
import { TwinStore } from './twins/twin-store.ts';

/** The moving parts of a hub, put together and not yet listening. */
export interface HubParts {
  readonly attendance: Attendance;
  readonly broker: Broker;
  readonly listener: MqttListener;
  readonly app: HttpsApp;
}

export interface HubConduct {
  readonly isServing: () => boolean;
  readonly stopping: AbortSignal;
  /** The bound port, once there is one. */
  readonly httpsPort: () => number;
}

/** Builds the hub's parts around its stores: the one place where they meet. */
export function assembleHub(deps: HubDeps, stores: Stores, conduct: HubConduct): HubParts {
  const { clock, log, settings } = deps;
  const { registry, events } = stores;
  const { limits, advertised, storageAccount: account } = settings;
  const authorities = readCertificates(settings.deviceCaPem);
  const hostNames = [settings.hostName, advertised.host];
  const tls = { ...settings.tls, clientCaPem: settings.deviceCaPem, maxConnections: limits.maxConnections };

  const links = new DeviceLinks(clock);
  const attendance = new Attendance({ clock, log, links, registry });
  const methods = new Methods({ links, clock });
  const sessions = new Sessions(stores.state);
  const twins = new TwinStore(stores.state, clock);
  const twinRequests = new TwinRequests({ registry, twins, clock });

  const broker = new Broker({
    log,
    links,
    attendance,
    isServing: conduct.isServing,
    sessions,
    publishes: { events, methods, twinRequests },
    admission: { registry, clock, authorities, hostNames, idScope: settings.idScope },
    dps: { registry, clock, assignedHub: advertised.host, retryAfterSeconds: limits.dpsRetryAfterSeconds },
  });

  const app = createHttpsApp({ ...tls, log, isServing: conduct.isServing });
  const uploads = new Uploads({ db: stores.state, clock, limits });
  const blobHost = () => {
    const port = advertised.httpsPort || conduct.httpsPort();
    return port === 443 ? advertised.host : `${advertised.host}:${port}`;
  };
  app.register(async (scope: HttpsApp) =>
    addUploadRoutes(scope, { clock, log, registry, uploads, authorities, account, blobHost }),
  );
  app.register(async (scope: HttpsApp) => addBlobRoutes(scope, { clock, log, account, limits, store: stores.blobs }));
  app.register(async (scope: HttpsApp) =>
    addServiceRoutes(scope, {
      clock,
      log,
      serviceKey: { key: settings.serviceKey, hostNames },
      devices: { registry, twins, sessions, attendance },
      twins: { registry, methods, twins: new ServiceTwins({ registry, twins, links }) },
      events: { events, stopping: conduct.stopping },
    }),
  );
  return { attendance, broker, listener: new MqttListener(tls, broker, log), app };
}
