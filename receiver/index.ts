export type {
  ArchiveRow,
  CatalogueReader,
  DeviceRow,
  ItemQuery,
  ItemRow,
  ReceiptRow,
  RejectionRow,
} from './catalogue/catalogue.ts';
export {
  type BatchRefusalCode,
  BatchRefused,
  EventRejected,
  type EventRejectionCode,
  ReceiverError,
  type ReceiverErrorCode,
} from './errors.ts';
export { type Exported, type ExportOrder, exportCase } from './export.ts';
export { verifyReceipt } from './intake/receipts.ts';
export { createReceiverKeys, publicKeyOf, type ReceiverKeys } from './keys.ts';
export { Receiver, type ReceiverDeps } from './receiver.ts';
export {
  type PrivateKey,
  type ReceiverLimits,
  type ReceiverSettings,
  type ReceiverSettingsInput,
  receiverSettingsSchema,
} from './settings.ts';
export { openCatalogueReader } from './shelf.ts';
export { type Difference, type DifferenceCode, type Verification, verifyObjects } from './verify.ts';
