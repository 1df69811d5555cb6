import { z } from 'zod';

const port = z.int().min(0).max(65_535);
const seconds = z.int().positive();
const mebibyte = 1024 * 1024;

const limitsSchema = z.strictObject({
  /** Connections at a time, for each of the two listeners. */
  maxConnections: z.int().positive().default(2000),
  /** File uploads a device may have open at a time (IoT Hub: 10). */
  maxOpenUploads: z.int().positive().default(10),
  /** Life of the SAS of a file upload, and with it of the upload's place among the open ones. */
  uploadSasSeconds: seconds.default(3600),
  maxBlockBytes: z
    .int()
    .positive()
    .default(100 * mebibyte),
  maxPutBlobBytes: z
    .int()
    .positive()
    .default(256 * mebibyte),
  /** Blocks of a blob that is never committed are removed this long after the last one was staged (Azure: 7 days). */
  uncommittedKeepSeconds: seconds.default(7 * 24 * 3600),
  /**
   * Blobs are removed this long after they were committed, as a lifecycle rule does on Azure: a receiver that works
   * has its own copy by then, and one that misses a blob makes the device send it again.
   */
  committedKeepSeconds: seconds.default(30 * 24 * 3600),
  /** What a registering device is told to wait before it asks for its assignment. */
  dpsRetryAfterSeconds: seconds.default(1),
  /** How soon a change of the registry by another process takes hold of connected devices. */
  registryPollMs: z.int().positive().default(500),
});

const pem = (what: string) => z.string().startsWith(`-----BEGIN ${what}`);

/** Settings of the embedded hub; `hub/README.md` describes the wire. */
export const hubSettingsSchema = z.strictObject({
  /** The name that devices and services connect to; part of user names and tokens. */
  hostName: z.hostname().or(z.ipv4()),
  /** Address to listen on. */
  listen: z.ipv4().default('127.0.0.1'),
  /** 0: any free port, readable from the running hub. */
  mqttPort: port,
  httpsPort: port,
  /** What DPS and file upload answer, seen from the devices: proxies may stand between. Port 0: the one listened on. */
  advertised: z.strictObject({ host: z.hostname().or(z.ipv4()), mqttPort: port, httpsPort: port }),
  tls: z.strictObject({ certPem: pem('CERTIFICATE-----'), keyPem: pem('') }),
  /** The operational CA (one or more certificates): nothing that another CA issued is a device. */
  deviceCaPem: pem('CERTIFICATE-----'),
  /** DPS id scope. */
  idScope: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** Key of the shared access policy `service`, base64. */
  serviceKey: z.base64().min(44),
  /** Account of the blob endpoint; the key (base64) signs SAS tokens. */
  storageAccount: z.strictObject({ name: z.string().regex(/^[a-z0-9]{3,24}$/), key: z.base64().min(44) }),
  limits: limitsSchema.prefault({}),
});

export type HubSettings = z.infer<typeof hubSettingsSchema>;
export type HubLimits = HubSettings['limits'];

/** The one container of the blob endpoint. */
export const uploadContainer = 'uploads';

/** The one shared access policy. */
export const servicePolicy = 'service';
