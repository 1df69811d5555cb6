import { systemClock } from '../../core/clock.ts';
import { Gate } from '../../core/gate.ts';
import { WayBack } from '../way-back.ts';

/** What an endpoint needs beside its ticket, with a gate that is open. */
export function wayTo(caPem: string) {
  const gate = new Gate();
  gate.open();
  return { clock: systemClock, caPem, way: new WayBack({ clock: systemClock, gate, caPem }) };
}
