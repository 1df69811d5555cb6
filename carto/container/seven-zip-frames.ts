/**
 * What goes over the one socket between us and the 7-Zip process: a kind, a length, that many bytes. It asks and waits;
 * nothing moves there before it was answered.
 */
export const frame = {
  /** It wants these bytes of the archive: at (float64), length (uint32). The answer is those bytes. */
  read: 1,
  /** 7-Zip's standard output. The answer is one byte: go on. */
  output: 2,
  /** 7-Zip's standard error; answered like output. */
  complaint: 3,
  /** The run is over: exit code (uint32), and 1 when memory was refused last. The answer is the next order. */
  end: 4,
  /** It has loaded, and waits for its first order. Empty, and the first frame of all. */
  ready: 5,
} as const;
export type FrameKind = (typeof frame)[keyof typeof frame];

export const frameHeadBytes = 5;

/** No frame and no answer is longer. */
export const maxFrameBytes = 256 * 1024;

/** The first line that the process gets, as JSON. */
export interface SevenZipTask {
  readonly archiveBytes: number;
  readonly maxHeapBytes: number;
}

/** Each further line: the arguments of one run, as JSON. They may hold the password, so they are no arguments of ours. */
export type SevenZipOrder = readonly string[];

/** Where 7-Zip finds the archive in its own little file system. */
export const archivePath = '/in/archive';
