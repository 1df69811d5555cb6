/** Largest body of a device-to-cloud message, properties not counted. */
export const maxEventBytes = 256 * 1024;

/** Largest MQTT frame: an event with the longest topic that MQTT can carry. */
export const maxFrameBytes = maxEventBytes + 65_535 + 16;

/** Largest CONNECT: two names of at most a few hundred bytes and an unused password. */
export const maxConnectBytes = 8 * 1024;

/** Longest keep-alive that IoT Hub accepts; also taken for a client that asks for none. */
export const maxKeepAliveSeconds = 1767;

/** How long a peer may take to finish TLS, and then to send its CONNECT. */
export const connectTimeoutMs = 15_000;
