import type { Hl7Message } from './message.ts';

/** Where the room of a message may stand. PV1-3 and AIL-3 are what most systems fill. */
export const roomFields = ['PV1-3', 'AIL-3', 'ORC-13', 'OBR-18', 'OBR-19', 'OBR-20', 'OBR-21'] as const;
export type RoomField = (typeof roomFields)[number];

/**
 * What a message means for the room. `id` is what its end will name; an empty one can only run out.
 * - `began`   a procedure runs
 * - `over`    it is over: takes back what was said under that id, and the room is free
 * - `dropped` it was given up: takes back, says nothing about the room
 * - `arrived` a patient is in the room: weak
 * - `left`    and is not any more: takes that back
 * - `nothing` another room, or nothing that says anything about a procedure (an admission is none)
 */
export interface Meaning {
  readonly kind: 'began' | 'over' | 'dropped' | 'arrived' | 'left' | 'nothing';
  readonly id: string;
}

const nothing: Meaning = { kind: 'nothing', id: '' };

interface Room {
  readonly rooms: readonly string[];
  readonly fields: readonly RoomField[];
}

/** What one message means, given the names of this room. Pure. */
export function meaningOf(message: Hl7Message, room: Room): Meaning {
  const type = message.value('MSH', 9).toUpperCase();
  const event = message.value('MSH', 9, 2).toUpperCase();
  if (type === 'ADT') return presence(message, event, room);
  if (!isOurs(message, room)) return nothing;
  if (type === 'ORM' || type === 'OMG' || type === 'OMI') return order(message);
  if (type === 'SIU') return appointment(message, event);
  return nothing;
}

/** HL7 table 0038, order status. */
const orderStatus: Readonly<Record<string, Meaning['kind']>> = {
  IP: 'began',
  CM: 'over',
  CA: 'dropped',
  DC: 'dropped',
};
/** HL7 table 0119, order control: the ones that end an order whatever its status says. */
const endingControls = ['CA', 'OC', 'CR', 'DC', 'OD', 'DR'];

function order(message: Hl7Message): Meaning {
  const id = firstOf(
    message.value('ORC', 3),
    message.value('OBR', 3),
    message.value('ORC', 2),
    message.value('OBR', 2),
  );
  const control = message.value('ORC', 1).toUpperCase();
  if (endingControls.includes(control)) return { kind: 'dropped', id };
  return { kind: orderStatus[message.value('ORC', 5).toUpperCase()] ?? 'nothing', id };
}

/** HL7 table 0278, filler status of an appointment. A booked one is a plan: the timetable's business. */
const appointmentStatus: Readonly<Record<string, Meaning['kind']>> = {
  STARTED: 'began',
  COMPLETE: 'over',
  CANCELLED: 'dropped',
  DC: 'dropped',
  DELETED: 'dropped',
  NOSHOW: 'dropped',
};
const endingEvents = ['S15', 'S16', 'S17', 'S26'];

function appointment(message: Hl7Message, event: string): Meaning {
  const id = firstOf(message.value('SCH', 2), message.value('SCH', 1));
  if (endingEvents.includes(event)) return { kind: 'dropped', id };
  return { kind: appointmentStatus[message.value('SCH', 25).toUpperCase()] ?? 'nothing', id };
}

/** Transfers and tracking say where a patient is. A01 and A04 do not: an admission is not a procedure. */
function presence(message: Hl7Message, event: string, room: Room): Meaning {
  const id = message.value('PV1', 19);
  const isHere = room.rooms.some((name) => isRoom(message.parts(message.raw('PV1', 3)), name));
  const wasHere = room.rooms.some((name) => isRoom(message.parts(message.raw('PV1', 6)), name));
  if ((event === 'A02' || event === 'A10') && isHere) return { kind: 'arrived', id };
  if (event === 'A02' && wasHere) return { kind: 'left', id };
  if (event === 'A09' && (isHere || wasHere)) return { kind: 'left', id };
  if (event === 'A03' && isHere) return { kind: 'left', id };
  return nothing;
}

function isOurs(message: Hl7Message, { rooms, fields }: Room): boolean {
  return fields.some((place) => {
    const [segment = '', field = '0'] = place.split('-');
    return message
      .segments(segment)
      .some((found) => rooms.some((name) => isRoom(message.parts(found[Number(field)] ?? ''), name)));
  });
}

/** The site writes `point of care^room^bed^facility` as far as it needs; what it leaves empty matches anything. */
function isRoom(repetitions: readonly (readonly string[])[], name: string): boolean {
  const wanted = name.split('^').map((part) => part.trim().toUpperCase());
  return repetitions.some((found) =>
    wanted.every((part, at) => part === '' || found[at]?.trim().toUpperCase() === part),
  );
}

const firstOf = (...values: readonly string[]) => values.find((value) => value !== '') ?? '';

/**
 * MSH-7 as milliseconds since 1970: YYYYMMDDHHMM[SS[.S…]][+ZZZZ]. Without an offset it is the machine's own time zone.
 * Undefined when it is less exact than a minute, or no time.
 */
export function timeOf(text: string): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(?:([+-]\d\d)(\d\d))?$/.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second = '00', zoneHour, zoneMinute] = found;
  const zone = zoneHour ? `${zoneHour}:${zoneMinute}` : '';
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}
