/** The numbers that the seal worker and its second thread share, by their place. */
export const words = {
  /** 1 while the second thread may be working; 0 while it waits for work, for room, or at the gate. */
  busy: 0,
  /** Grows whenever it has made something or stands still. */
  changes: 1,
  /** The first pack of the job that nobody has claimed. */
  next: 2,
  /** Bytes that it has made and that are not in an archive yet. */
  held: 3,
} as const;

export function sharedWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * Object.keys(words).length));
}
