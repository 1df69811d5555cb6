/** What a performed procedure step says of itself, as far as is looked at. Texts as they came; absent ones empty. */
export interface Step {
  readonly status: string;
  readonly stationAeTitle: string;
  readonly stationName: string;
  readonly location: string;
}

/** This room, as steps name it. A step is ours when any of its three names is one of these. */
export interface Room {
  readonly stations: readonly string[];
}

/** DICOM status of the answer (PS3.7 annex C, PS3.4 F.7). */
export const answers = {
  success: 0x0000,
  invalidValue: 0x0106,
  processingFailure: 0x0110,
  duplicate: 0x0111,
  noSuchInstance: 0x0112,
  missingAttribute: 0x0120,
} as const;

export function isOurs(step: Step, room: Room): boolean {
  const own = room.stations.map(form);
  return [step.stationAeTitle, step.stationName, step.location].some((name) => own.includes(form(name)));
}

/** What N-CREATE has to say (PS3.4 F.7.2.1): a step begins in progress, and in no other way. */
export function creation(step: Step): keyof typeof answers {
  if (step.status === '') return 'missingAttribute';
  return form(step.status) === 'IN PROGRESS' ? 'success' : 'invalidValue';
}

/** What N-SET makes of a step: it goes on, or is over. Undefined when the status is none that there is. */
export function change(status: string): 'goes on' | 'completed' | 'discontinued' | undefined {
  switch (form(status)) {
    case '':
    case 'IN PROGRESS':
      return 'goes on';
    case 'COMPLETED':
      return 'completed';
    case 'DISCONTINUED':
      return 'discontinued';
    default:
      return undefined;
  }
}

const form = (text: string) => text.trim().toUpperCase();
