import { sep } from 'node:path';

/** The mount that a path lies on, as /proc/self/mountinfo has it. Reading it touches no file system, a dead one least. */
export interface Place {
  /** What tells one mount from another: device and mount point. */
  readonly id: string;
  readonly isNetwork: boolean;
}

/** File systems that report no changes that others make, and that may stop answering. */
const network =
  /^(nfs4?|cifs|smb3?|smbfs|fuse(\..*)?|fuseblk|9p|virtiofs|ceph|glusterfs|lustre|afs|coda|ncpfs|vboxsf|drvfs|davfs)$/;

/** Where a path lies by `mountinfo` (proc(5)); of two mounts on one point the later one is on top. Undefined: nowhere. */
export function placeOf(path: string, mountinfo: string): Place | undefined {
  let best: { readonly point: string; readonly place: Place } | undefined;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , device = '', , rawPoint = ''] = before.split(' ');
    const [type = ''] = after.split(' ');
    const point = unescaped(rawPoint);
    if (type === '' || !isWithin(path, point) || (best && point.length < best.point.length)) continue;
    best = { point, place: { id: `${device} ${point}`, isNetwork: network.test(type) } };
  }
  return best?.place;
}

/** Whether `path` is `folder` or lies below it, by their names alone. */
export function isWithin(path: string, folder: string): boolean {
  const ended = folder.endsWith(sep) ? folder : folder + sep;
  return path === folder || path.startsWith(ended);
}

/** Blanks and the like stand there as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
