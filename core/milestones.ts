/**
 * Milestones: what a person who watches the start wants to read, one line each. A daemon announces them on stdout,
 * readable or as JSON lines; `scripts/start` passes them on. Ids, counts and addresses only.
 */
export interface Milestone {
  readonly event: string;
  /** One sentence for people. */
  readonly text: string;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export type Announce = (milestone: Milestone) => void;

/** Writes milestones to stdout: the sentence, or `{event, text, at, ...details}` with `--json`. */
export function announceOnStdout(json: boolean, now: () => Date): Announce {
  return ({ event, text, details }) => {
    const line = json ? JSON.stringify({ event, text, at: now().toISOString(), ...details }) : text;
    process.stdout.write(`${line}\n`);
  };
}
