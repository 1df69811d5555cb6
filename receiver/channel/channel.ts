/** One device-to-cloud event. `deviceId` and `enqueuedAt` are the hub's word, not the sender's. */
export interface DeviceEvent {
  /** Rises with every event of the hub's log. */
  readonly sequence: number;
  readonly deviceId: string;
  readonly messageId?: string;
  readonly contentType?: string;
  readonly properties: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly enqueuedAt: string;
  readonly body: Buffer;
}

export interface EventPage {
  readonly events: readonly DeviceEvent[];
  /** Numbers of events that the hub holds but that cannot be understood. */
  readonly unreadable: readonly number[];
  /** Number of the newest event of the log; below a known checkpoint it is another log. Undefined: not said. */
  readonly newest: number | undefined;
}

/** Events in, methods out: what a receiver needs of a hub. Everything rejects with a ReceiverError. */
export interface DeviceChannel {
  /** Events above `after`, oldest first. Waits up to `waitSeconds` for the first. */
  events(
    query: { readonly after: number; readonly limit: number; readonly waitSeconds: number },
    signal: AbortSignal,
  ): Promise<EventPage>;
  /** Says that events up to and including `through` are not needed again. */
  trim(through: number, signal: AbortSignal): Promise<void>;
  /** Calls a direct method and waits for its answer. Rejects with DEVICE_OFFLINE or DEVICE_TIMEOUT. */
  invoke(
    deviceId: string,
    call: { readonly method: string; readonly payload: unknown },
    signal: AbortSignal,
  ): Promise<MethodResult>;
}

export interface MethodResult {
  readonly status: number;
  readonly payload: unknown;
}

/** Where devices' uploads lie. */
export interface BlobSource {
  /** Opens a blob. Rejects with BLOB_MISSING when it is not there, HUB_UNAVAILABLE when that cannot be said. */
  open(blobName: string, signal: AbortSignal): Promise<OpenBlob>;
}

export interface OpenBlob {
  readonly bytes: number;
  /** Rejects when the connection breaks before all bytes came. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Gives it back unread, or read in part. */
  close(): void;
}
