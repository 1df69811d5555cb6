import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';

/**
 * The rival of the idle figure: what anybody would write with the SDK alone. Connects with X.509, gets the twin,
 * listens for desired properties and one method, and then only keeps alive.
 */
interface Settings {
  readonly host: string;
  readonly mqttPort: number;
  readonly deviceId: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const { host, mqttPort, deviceId, cert, key, ca } = JSON.parse(readFileSync(0, 'utf8')) as Settings;
const x509 = { cert, key };
const authentication = new device.X509AuthenticationProvider({
  host,
  deviceId,
  gatewayHostName: `${host}:${mqttPort}`,
  x509,
});
const client = device.Client.fromAuthenticationProvider(authentication, mqtt.Mqtt);
await client.setOptions({ cert, key, ca, keepalive: 30, http: { agent: new Agent() } } as never);
await client.open();
const twin = await client.getTwin();
twin.on('properties.desired', () => {});
client.onDeviceMethod('acknowledge', (_request, response) => void response.send(200));
process.stdout.write('connected\n');
setInterval(() => {}, 1 << 30);
