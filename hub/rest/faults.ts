import { codeOf } from '../../core/errors.ts';

/** How a refused REST call is told: HTTP status, and IoT Hub's error name and number. */
export interface Fault {
  readonly status: number;
  readonly name: string;
  readonly number: number;
}

// biome-ignore format: the columns are the documentation
const faults: Readonly<Record<string, Fault>> = {
  ARGUMENT_INVALID:    { status: 400, name: 'ArgumentInvalid',                          number: 400004 },
  NOT_AN_OBJECT:       { status: 400, name: 'ArgumentInvalid',                          number: 400004 },
  VALUE_REFUSED:       { status: 400, name: 'ArgumentInvalid',                          number: 400004 },
  BAD_ID:              { status: 400, name: 'ArgumentInvalid',                          number: 400004 },
  UNAUTHORIZED:        { status: 401, name: 'IotHubUnauthorizedAccess',                 number: 401002 },
  TOO_MANY_UPLOADS:    { status: 403, name: 'DeviceMaximumActiveFileUploadLimitExceeded', number: 403006 },
  DEVICE_NOT_FOUND:    { status: 404, name: 'DeviceNotFound',                           number: 404001 },
  UNKNOWN_DEVICE:      { status: 404, name: 'DeviceNotFound',                           number: 404001 },
  DEVICE_NOT_ONLINE:   { status: 404, name: 'DeviceNotOnline',                          number: 404103 },
  UPLOAD_NOT_FOUND:    { status: 404, name: 'NotFound',                                 number: 404000 },
  NOT_FOUND:           { status: 404, name: 'NotFound',                                 number: 404000 },
  DEVICE_EXISTS:       { status: 409, name: 'DeviceAlreadyExists',                      number: 409001 },
  PRECONDITION_FAILED: { status: 412, name: 'PreconditionFailed',                       number: 412001 },
  ETAG_MISMATCH:       { status: 412, name: 'PreconditionFailed',                       number: 412001 },
  TOO_LARGE:           { status: 413, name: 'RequestEntityTooLarge',                    number: 413001 },
  BAD_DEVICE_RESPONSE: { status: 502, name: 'BadDeviceResponse',                        number: 502001 },
  STARTING:            { status: 503, name: 'ServiceUnavailable',                       number: 503001 },
  DEVICE_TIMEOUT:      { status: 504, name: 'GatewayTimeout',                           number: 504101 },
};

const internal: Fault = { status: 500, name: 'ServerError', number: 500001 };

/** The fault that an error is told as. `known` is false for what is a defect or a broken machine, and must be logged. */
export function faultOf(error: unknown): Fault & { readonly known: boolean; readonly message: string } {
  const fault = faults[codeOf(error) ?? ''];
  if (fault && error instanceof Error) return { ...fault, known: true, message: error.message };
  const status = statusOf(error);
  if (status !== undefined && status >= 400 && status < 500) {
    return { status, name: 'ArgumentInvalid', number: status * 1000, known: true, message: 'the request is malformed' };
  }
  return { ...internal, known: false, message: 'the hub could not do this; try again' };
}

/** Body of an error answer, in the one form that the service SDK reads. */
export function faultBody(fault: Fault & { readonly message: string }, trackingId: string): object {
  const message = fault.message.replaceAll(';', ',');
  return {
    Message: `ErrorCode:${fault.name};E${fault.number} ${message}`,
    ExceptionMessage: `Tracking ID:${trackingId}`,
  };
}

/** Fastify's own refusals (malformed JSON, body too large) carry a status. */
function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
