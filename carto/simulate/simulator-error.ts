import { GatewayError } from '../../core/errors.ts';

/** `BAD_NAME`: a name that can be no file name; `BAD_OPTION`: a number out of range; `EXISTS`: the export folder is there already. */
export type SimulatorErrorCode = 'BAD_NAME' | 'BAD_OPTION' | 'EXISTS';

export class SimulatorError extends GatewayError<SimulatorErrorCode> {}
