import { type Urgency, urgency } from '../protocol/outbox.ts';

/** How often each class had something to do while another was served; a class that is absent: never. */
export type PassedOver = ReadonlyMap<Urgency, number>;

export const nobodyPassedOver: PassedOver = new Map();

/** A class that was passed over so often counts as one class more urgent. */
export const turnsPerClass = 8;

/**
 * Classes in the order in which they are served. Ageing counts turns and not time, so that no clock that jumps changes
 * the order: a class of rank r is served within r × `turnsPerClass` turns and one for every other class.
 */
export function byUrgency(classes: readonly Urgency[], passedOver: PassedOver): readonly Urgency[] {
  const rank = (each: Urgency) => {
    const aged = urgency.indexOf(each) - Math.floor((passedOver.get(each) ?? 0) / turnsPerClass);
    return Math.max(0, aged);
  };
  const waited = (each: Urgency) => passedOver.get(each) ?? 0;
  return [...new Set(classes)].toSorted(
    (a, b) => rank(a) - rank(b) || waited(b) - waited(a) || urgency.indexOf(a) - urgency.indexOf(b),
  );
}

/** After a class was served: it starts again, and whoever else had something to do was passed over once more. */
export function afterTurn(passedOver: PassedOver, served: Urgency, waiting: Iterable<Urgency>): PassedOver {
  const next = new Map(passedOver);
  for (const each of waiting) next.set(each, (next.get(each) ?? 0) + 1);
  next.delete(served);
  return next;
}
