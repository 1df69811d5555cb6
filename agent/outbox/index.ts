export { OutboxError, outboxVerbs } from './outbox-verbs.ts';
export { TelemetryProducer } from './telemetry.ts';
