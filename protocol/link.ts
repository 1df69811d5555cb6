/**
 * The appliance's link to the cloud as the rooms see it: `twin/` implements it over IoT Hub's protocols, `uploader/`
 * uses it, neither imports the other. Every call has a deadline and rejects with a GatewayError.
 */
export interface CloudLink {
  readonly state: 'offline' | 'connecting' | 'online';
  /** Resolves once the link is online; at once if it is. Rejects when `signal` aborts. */
  whenOnline(signal?: AbortSignal): Promise<void>;
  /** Opens an upload (IoT Hub allows 10 at a time per device). `blobName` is ASCII, without the device prefix. */
  requestUpload(blobName: string): Promise<UploadTicket>;
  /** Closes an upload: true after the blob was committed, false when it is abandoned. Frees its place among the 10. */
  finishUpload(correlationId: string, succeeded: boolean): Promise<void>;
  /** Sends one device-to-cloud event (QoS 1); resolves after the hub's PUBACK. */
  sendEvent(event: DeviceEvent): Promise<void>;
}

export interface DeviceEvent {
  readonly messageId: string;
  /** Becomes the application property `kind`. */
  readonly kind: string;
  readonly contentType: string;
  /** Text, because the SDK serialises buffers slowly. At most 256 KiB. */
  readonly body: string;
}

/** Where and with which right one blob may be written: the answer to a file-upload request. */
export interface UploadTicket {
  readonly correlationId: string;
  /** Host, with `:port` where it is not 443. */
  readonly hostName: string;
  readonly containerName: string;
  /** With the device prefix. */
  readonly blobName: string;
  /** Query string with leading `?`; `se` in it is the expiry. A secret: kept encrypted, never logged. */
  readonly sasToken: string;
}

/** Signs a payload as compact JWS with the device's operational key: RS256, headers `x5t#S256` and `x5c`. */
export type SignAsDevice = (payload: string) => Promise<string>;

/** Handler of one direct method: gets the payload, returns status (200 to 499) and payload. Must be quick. */
export type MethodHandler = (payload: unknown) => Promise<{ readonly status: number; readonly payload: unknown }>;
