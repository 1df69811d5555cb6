type Done = () => void;

/**
 * The broker's message bus, cut through: nothing that one client publishes is ever routed to another. IoT Hub is no
 * broker; every topic name is shared by all devices, and each answer goes to one connection alone.
 */
export const noRouting = {
  current: 0,
  concurrency: 0,
  on(_topic: string, _notify: unknown, done?: Done) {
    if (done) setImmediate(done);
    return noRouting;
  },
  removeListener(_topic: string, _notify: unknown, done?: Done) {
    if (done) setImmediate(done);
    return noRouting;
  },
  emit(_packet: unknown, done?: Done) {
    if (done) setImmediate(done);
    return noRouting;
  },
  close(done?: Done) {
    if (done) setImmediate(done);
    return noRouting;
  },
};
