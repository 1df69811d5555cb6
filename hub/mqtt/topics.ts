/** What a device may publish (docs of IoT Hub's MQTT endpoint); everything else closes its connection. */
export type DevicePublish =
  | { readonly kind: 'event'; readonly bag: string }
  | { readonly kind: 'twin-get'; readonly rid: string }
  | { readonly kind: 'twin-report'; readonly rid: string }
  | { readonly kind: 'method-response'; readonly rid: string; readonly status: number };

/** What a device may subscribe to, by what it is for. */
export type DeviceSubscription = 'messages' | 'twin-responses' | 'desired' | 'methods';

export type DpsPublish =
  | { readonly kind: 'register'; readonly rid: string }
  | { readonly kind: 'operation'; readonly rid: string; readonly operationId: string };

export const dpsResponses = '$dps/registrations/res/#';

/** Request ids are echoed into topics, so only what cannot change a topic's meaning is taken. */
const rid = `(?<rid>[A-Za-z0-9_-]{1,64})`;
const twinGet = new RegExp(String.raw`^\$iothub/twin/GET/\?\$rid=${rid}$`);
const twinReport = new RegExp(String.raw`^\$iothub/twin/PATCH/properties/reported/\?\$rid=${rid}$`);
const methodResponse = new RegExp(String.raw`^\$iothub/methods/res/(?<status>-?\d{1,9})/\?\$rid=${rid}$`);
const dpsRegister = new RegExp(String.raw`^\$dps/registrations/PUT/iotdps-register/\?\$rid=${rid}$`);
const dpsOperation = new RegExp(
  String.raw`^\$dps/registrations/GET/iotdps-get-operationstatus/\?\$rid=${rid}&operationId=(?<operation>[A-Za-z0-9._-]{1,100})$`,
);

export function readDevicePublish(deviceId: string, topic: string): DevicePublish | undefined {
  const events = `devices/${deviceId}/messages/events`;
  if (topic === events) return { kind: 'event', bag: '' };
  if (topic.startsWith(`${events}/`)) return { kind: 'event', bag: topic.slice(events.length + 1).replace(/\/$/, '') };
  const get = twinGet.exec(topic)?.groups;
  if (get) return { kind: 'twin-get', rid: get.rid as string };
  const report = twinReport.exec(topic)?.groups;
  if (report) return { kind: 'twin-report', rid: report.rid as string };
  const response = methodResponse.exec(topic)?.groups;
  if (response) return { kind: 'method-response', rid: response.rid as string, status: Number(response.status) };
  return undefined;
}

export function readDeviceSubscription(deviceId: string, filter: string): DeviceSubscription | undefined {
  if (filter === `devices/${deviceId}/messages/devicebound/#`) return 'messages';
  if (filter === '$iothub/twin/res/#') return 'twin-responses';
  if (filter === '$iothub/twin/PATCH/properties/desired/#') return 'desired';
  if (filter === '$iothub/methods/POST/#') return 'methods';
  return undefined;
}

export function readDpsPublish(topic: string): DpsPublish | undefined {
  const register = dpsRegister.exec(topic)?.groups;
  if (register) return { kind: 'register', rid: register.rid as string };
  const operation = dpsOperation.exec(topic)?.groups;
  if (operation) {
    return { kind: 'operation', rid: operation.rid as string, operationId: operation.operation as string };
  }
  return undefined;
}

export const hubTopics = {
  twinResponse: (status: number, id: string, version?: number) =>
    `$iothub/twin/res/${status}/?$rid=${id}${version === undefined ? '' : `&$version=${version}`}`,
  desired: (version: number) => `$iothub/twin/PATCH/properties/desired/?$version=${version}`,
  method: (name: string, id: string) => `$iothub/methods/POST/${name}/?$rid=${id}`,
  dpsResponse: (status: number, id: string, retryAfterSeconds?: number) =>
    `$dps/registrations/res/${status}/?$rid=${id}${retryAfterSeconds === undefined ? '' : `&retry-after=${retryAfterSeconds}`}`,
};
