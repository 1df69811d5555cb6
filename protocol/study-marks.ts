/**
 * The marks of a study: short words that say which study an export is of, whatever it is called and whenever it was
 * exported. `map:…` for the index of a map, `session:…` for the id and start of an ablation session, `point:…` for map
 * index, id and start time of a point. Behind the colon stands a keyed digest: the numbers are workstation counters.
 */
export type StudyMark = `${'map' | 'session' | 'point'}:${string}`;

/** So many sessions and points in common, and this part of those of the smaller side, make two exports one study. */
const leastShared = 2;
const leastPart = 0.5;

/**
 * Whether two exports are of the same study: a map in common, and at least two sessions or points, and at least half of
 * the sessions and points of the side that has fewer. So a study is recognised that has grown, or has lost points.
 *
 * Maps alone never suffice: two workstations of one site count from the same numbers. A point or session in common
 * carries the millisecond at which it began on the study's own clock, which two studies share once in some millions;
 * two of them by chance, with the same map index, do not happen. On one workstation indices and ids are never reused, so
 * two of its studies have nothing in common. A study with fewer than two sessions and points is recognised by nothing: each
 * export of it is a study of its own.
 */
export function sameStudy(known: Iterable<StudyMark>, found: Iterable<StudyMark>): boolean {
  const [one, other] = [new Set(known), new Set(found)];
  const shared = [...one].filter((mark) => other.has(mark));
  const events = shared.filter(isEvent).length;
  const smaller = Math.min(count(one), count(other));
  return shared.length > events && events >= leastShared && events >= leastPart * smaller;
}

/** Sessions and points happened at a moment; maps only have a number. */
export function isEvent(mark: StudyMark): boolean {
  return !mark.startsWith('map:');
}

function count(marks: ReadonlySet<StudyMark>): number {
  return [...marks].filter(isEvent).length;
}
