import { GatewayError } from '../../core/errors.ts';

/**
 * `BAD_NAME`: a name that can be no file name; `BAD_OPTION`: a number or word out of range; `EXISTS`: the export is there
 * already; `NOT_PACKED`: the container could not be made.
 */
export type SimulatorErrorCode = 'BAD_NAME' | 'BAD_OPTION' | 'EXISTS' | 'NOT_PACKED';

export class SimulatorError extends GatewayError<SimulatorErrorCode> {}
