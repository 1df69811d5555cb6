import type { Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { describe, type Log } from '../../../core/log.ts';
import type { EventEvidence } from '../event-evidence.ts';
import { Listener, type ListenerSettings } from '../listener.ts';
import { serveAssociation } from './association.ts';
import { answers, change, creation, isOurs, type Step } from './meaning.ts';

export interface MppsSettings extends ListenerSettings {
  readonly aeTitle: string;
  readonly callers: readonly string[];
  /** This room: AE title, station name or location of its modalities. */
  readonly stations: readonly string[];
  readonly freeMinutes: number;
}

interface Deps {
  readonly settings: MppsSettings;
  readonly evidence: EventEvidence;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}

/** Steps of other rooms that are known, so that their ends can be answered; more are forgotten, oldest first. */
const mostForeign = 256;

/**
 * DICOM Modality Performed Procedure Step: a step in progress is busy for a lifetime; its end takes back that step's own
 * evidence and nothing else. Nothing is kept but a digest of the step's UID and when it came.
 */
export function mppsSource(deps: Deps): Listener {
  const { settings, evidence, clock, log, onChange } = deps;
  const server = new MppsServer(deps);
  return new Listener({
    ...{ settings, evidence, clock, log, onChange, name: 'mpps' },
    serve: (socket) => server.serve(socket),
  });
}

class MppsServer {
  readonly #deps: Deps;
  readonly #foreign = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  serve(socket: Socket): void {
    const { aeTitle, callers } = this.#deps.settings;
    serveAssociation(socket, {
      ...{ aeTitle, callers },
      created: (uid, attribute) => this.#answer(() => this.#created(uid, stepOf(attribute))),
      changed: (uid, attribute) => this.#answer(() => this.#changed(uid, stepOf(attribute).status)),
    });
  }

  #created(uid: string, step: Step): keyof typeof answers {
    const { evidence, settings } = this.#deps;
    const verdict = creation(step);
    if (verdict !== 'success') return verdict;
    const key = evidence.digestOf(uid);
    if (this.#isKnown(key)) return 'duplicate';
    if (!isOurs(step, settings)) {
      this.#remember(key);
      return 'success';
    }
    evidence.began(key, 'a procedure step in this room is in progress');
    return 'success';
  }

  #changed(uid: string, status: string): keyof typeof answers {
    const { evidence, settings } = this.#deps;
    const key = evidence.digestOf(uid);
    const turn = change(status);
    if (turn === undefined) return 'invalidValue';
    if (this.#foreign.has(key)) return 'success';
    if (!this.#isKnown(key)) return 'noSuchInstance';
    if (turn === 'goes on') evidence.began(key, 'a procedure step in this room is in progress');
    else evidence.ended(key);
    if (turn === 'completed')
      evidence.free('a procedure step in this room was completed', settings.freeMinutes * 60_000);
    return 'success';
  }

  /** Decides, works the gate, makes it durable, and only then answers. */
  #answer(decide: () => keyof typeof answers): number {
    const { evidence, log, onChange } = this.#deps;
    try {
      const verdict = decide();
      onChange();
      evidence.save();
      return answers[verdict];
    } catch (error) {
      log.error({ source: 'mpps', error: describe(error) }, 'step not taken');
      return answers.processingFailure;
    }
  }

  #isKnown(key: string): boolean {
    return this.#foreign.has(key) || this.#deps.evidence.statements.some((said) => said.key === key);
  }

  #remember(key: string): void {
    this.#foreign.add(key);
    for (const oldest of this.#foreign) {
      if (this.#foreign.size <= mostForeign) return;
      this.#foreign.delete(oldest);
    }
  }
}

function stepOf(attribute: (name: string) => string): Step {
  return {
    status: attribute('PerformedProcedureStepStatus'),
    stationAeTitle: attribute('PerformedStationAETitle'),
    stationName: attribute('PerformedStationName'),
    location: attribute('PerformedLocation'),
  };
}
