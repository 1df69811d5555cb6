import { GatewayError } from '../core/errors.ts';

/**
 * What goes wrong around the cases, and may pass by itself or by an operator's hand.
 * - `HUB_UNAVAILABLE`: the hub cannot be reached, or answers 429 or 5xx
 * - `HUB_DENIED`: the hub does not accept the service key or the storage key
 * - `SERVER_NOT_TRUSTED`: what answers at the hub's address is not vouched for by the configured CA
 * - `HUB_PROTOCOL`: the hub's answer cannot be understood
 * - `DEVICE_OFFLINE`, `DEVICE_TIMEOUT`: a direct method did not reach the device, or it did not answer
 * - `BLOB_MISSING`: the blob that a manifest names is not there
 * - `DISK_FULL`: too little space for what would be stored
 * - `OBJECT_MISSING`: the store lacks an object
 * - `IN_USE`: somebody reads the catalogue as it was before an erasure
 * - `CATALOGUE_MISSING`: no receiver has ever run in this folder
 * - `CASE_UNKNOWN`, `CASE_AMBIGUOUS`, `CASE_EMPTY`, `CASE_ERASED`, `EXPORT_TARGET`: a case cannot be exported as asked
 */
export type ReceiverErrorCode =
  | 'HUB_UNAVAILABLE'
  | 'HUB_DENIED'
  | 'SERVER_NOT_TRUSTED'
  | 'HUB_PROTOCOL'
  | 'DEVICE_OFFLINE'
  | 'DEVICE_TIMEOUT'
  | 'BLOB_MISSING'
  | 'DISK_FULL'
  | 'OBJECT_MISSING'
  | 'IN_USE'
  | 'CATALOGUE_MISSING'
  | 'CASE_UNKNOWN'
  | 'CASE_AMBIGUOUS'
  | 'CASE_EMPTY'
  | 'CASE_ERASED'
  | 'EXPORT_TARGET';

export class ReceiverError extends GatewayError<ReceiverErrorCode> {}

/**
 * Why an event is not, and never will be, believed.
 * - `EVENT_TOO_LARGE`, `UNKNOWN_KIND`, `INBOX_FULL`: not even looked at
 * - `SIGNATURE_MALFORMED`: not a compact JWS with the agreed headers
 * - `ALGORITHM_REFUSED`: another algorithm than RS256
 * - `CERTIFICATE_REFUSED`: not a device certificate of the operational CA, or not valid when the event came
 * - `SIGNATURE_INVALID`: the bytes are not what that certificate's key signed
 * - `WRONG_DEVICE`: certificate, manifest and connection do not name the same device
 * - `MANIFEST_INVALID`: signed, but not a manifest
 */
export type EventRejectionCode =
  | 'EVENT_TOO_LARGE'
  | 'UNKNOWN_KIND'
  | 'INBOX_FULL'
  | 'SIGNATURE_MALFORMED'
  | 'ALGORITHM_REFUSED'
  | 'CERTIFICATE_REFUSED'
  | 'SIGNATURE_INVALID'
  | 'WRONG_DEVICE'
  | 'MANIFEST_INVALID';

export class EventRejected extends GatewayError<EventRejectionCode> {}

/**
 * Why a believed batch is refused for good; told to the device.
 * - `FOREIGN_BLOB`: it names a blob outside the device's own prefix
 * - `ARCHIVE_TOO_LARGE`: larger than this receiver takes
 * - `DIGEST_MISMATCH`: the blob is not the promised bytes
 * - `ARCHIVE_REFUSED`: the bytes are as promised, but not a sound case archive, or another one than promised
 * - `ARCHIVE_ID_REUSED`: an archive of this id is stored already, with other bytes
 * - `BASE_MISSING`: an archive stands on one that this receiver does not have of the device, or not as it says
 * - `BLOB_LOST`: the blob did not appear in the time that a receiver waits
 * - `RECEIPT_TOO_LARGE`: its receipt would not fit
 * - `ITEMS_UNREADABLE`: the blob of its items cannot be opened by this receiver, or holds something else
 * - `ITEMS_MISMATCH`: its items are not the promised list
 * - `ITEMS_REFUSED`: more items in it are refused than a receipt can name; in smaller batches it can
 * - `CASE_WITHDRAWN`: it brings a case that its device has had erased
 */
export type BatchRefusalCode =
  | 'FOREIGN_BLOB'
  | 'ARCHIVE_TOO_LARGE'
  | 'DIGEST_MISMATCH'
  | 'ARCHIVE_REFUSED'
  | 'ARCHIVE_ID_REUSED'
  | 'BASE_MISSING'
  | 'BLOB_LOST'
  | 'RECEIPT_TOO_LARGE'
  | 'ITEMS_UNREADABLE'
  | 'ITEMS_MISMATCH'
  | 'ITEMS_REFUSED'
  | 'CASE_WITHDRAWN'
  | 'MANIFEST_INVALID';

export class BatchRefused extends GatewayError<BatchRefusalCode> {}
