import { createHmac } from 'node:crypto';

const lifeSeconds = 3600;

/**
 * The value of an `Authorization` header for the hub's service API: a shared access signature over the hub's name and
 * the expiry, by the key of the policy `service` (Azure, "Control access to IoT Hub using shared access signatures").
 */
export function serviceToken(host: string, serviceKey: string, now: Date): string {
  const resource = encodeURIComponent(host);
  const expiry = Math.floor(now.getTime() / 1000) + lifeSeconds;
  const key = Buffer.from(serviceKey, 'base64');
  const signature = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&skn=service&se=${expiry}`;
}
