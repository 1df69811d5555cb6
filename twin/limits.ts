/** Every wait of the link has an end, every queue a length. Milliseconds and bytes. */
export interface LinkLimits {
  readonly openMs: number;
  readonly twinMs: number;
  readonly eventMs: number;
  readonly uploadMs: number;
  readonly closeMs: number;
  /** How long a direct method's handler may think; below the 30 s that a caller waits by default. */
  readonly methodMs: number;
  readonly retryFirstMs: number;
  readonly retryCeilingMs: number;
  /** A connection that lived this long was a success: the next back-off starts afresh. */
  readonly steadyMs: number;
  /** Least time between two writes of reported properties. */
  readonly reportEveryMs: number;
  /** Seconds between keep-alive pings; a half-open link is noticed after twice that, half a minute at most. */
  readonly keepAliveSeconds: number;
  /** Events sent and not yet acknowledged by the hub. */
  readonly eventsInFlight: number;
  readonly maxEventBytes: number;
  readonly maxMethodBytes: number;
  /** Largest message the hub may send; larger ones are not parsed. */
  readonly maxInboundBytes: number;
}

export const defaultLimits: LinkLimits = {
  openMs: 30_000,
  twinMs: 30_000,
  eventMs: 60_000,
  uploadMs: 30_000,
  closeMs: 5_000,
  methodMs: 20_000,
  retryFirstMs: 200,
  retryCeilingMs: 300_000,
  steadyMs: 5_000,
  reportEveryMs: 10_000,
  keepAliveSeconds: 15,
  eventsInFlight: 4,
  maxEventBytes: 256 * 1024,
  maxMethodBytes: 128 * 1024,
  maxInboundBytes: 256 * 1024,
};
