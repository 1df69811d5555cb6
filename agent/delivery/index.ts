export { DeliveryWatch } from './delivery-watch.ts';
export type { Outside } from './owed.ts';
