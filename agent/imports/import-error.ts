import { GatewayError } from '../../core/errors.ts';

/**
 * - `IMPORT_NOTHING`: there is no export and no container
 * - `IMPORT_UNREADABLE`: it is not there, or the service may not read it
 * - `IMPORT_TOO_MANY`: it holds more names, or more exports, than are gone through
 * - `IMPORT_OWN_FOLDER`: it is, or holds, or lies in the data folder or an inbox
 */
export class ImportError extends GatewayError<
  'IMPORT_NOTHING' | 'IMPORT_UNREADABLE' | 'IMPORT_TOO_MANY' | 'IMPORT_OWN_FOLDER'
> {}
