import { readFile, stat } from 'node:fs/promises';
import { CalendarError } from './calendar.ts';

/** A room's calendar of several years is a few hundred kilobytes. */
const largestBytes = 2 * 1024 * 1024;
const withinMs = 20_000;

/** Text and date of a calendar. Throws when it cannot be had; no message names where it lies. */
export async function fetchCalendar(
  place: { readonly file: string } | { readonly url: string },
): Promise<{ readonly text: string; readonly datedMs: number }> {
  return 'file' in place ? fromFile(place.file) : fromServer(place.url);
}

async function fromFile(path: string): Promise<{ readonly text: string; readonly datedMs: number }> {
  const { size, mtimeMs } = await stat(path);
  if (size > largestBytes) throw tooLarge();
  return { text: await readFile(path, 'utf8'), datedMs: mtimeMs };
}

/** The server's clock dates it: a calendar without that date says nothing, and so does a redirect elsewhere. */
async function fromServer(url: string): Promise<{ readonly text: string; readonly datedMs: number }> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(withinMs) });
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > largestBytes) throw tooLarge();
    pieces.push(piece);
  }
  const datedMs = Date.parse(response.headers.get('date') ?? '');
  if (!response.ok || Number.isNaN(datedMs)) {
    throw new CalendarError('CALENDAR_UNREADABLE', `the server of the timetable answered ${response.status}`, {
      hint: 'Check procedure.timetable.url; the answer needs a Date header.',
    });
  }
  return { text: Buffer.concat(pieces).toString('utf8'), datedMs };
}

function tooLarge(): CalendarError {
  return new CalendarError('CALENDAR_UNREADABLE', `the timetable has more than ${largestBytes} bytes`, {
    hint: 'Export this room alone, and fewer years.',
  });
}
