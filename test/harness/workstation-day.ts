import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { ProcedureStatus } from '../../protocol/control.ts';
import { Site } from './site.ts';
import { until } from './until.ts';

/**
 * Run inside the appliance's network namespace (see `workstation.ts`): a day beside a workstation that is on the same
 * network, with intake and delivery. Prints how many packets reached the workstation in it, and how many after one was
 * sent on purpose: a counter that cannot count proves nothing.
 */
const [, , other = '', card = '', address = ''] = process.argv;
const ip = (...args: readonly string[]) => execFileSync('ip', args, { encoding: 'utf8' });
const received = () => {
  const [link] = JSON.parse(ip('-n', other, '-s', '-j', 'link', 'show', 'dev', 'w0')) as [
    { readonly stats64: { readonly rx: { readonly packets: number } } },
  ];
  return link.stats64.rx.packets;
};

/** The workstation speaks, so the kernel learns of it, answers, and after a while is sure of it. */
async function speak(): Promise<void> {
  ip('netns', 'exec', other, 'bash', '-c', 'echo > /dev/udp/192.0.2.1/9');
  const isSure = () => ip('neigh', 'show', 'dev', card).includes('REACHABLE');
  await until(async () => isSure(), 'a neighbour that is reachable', 30_000);
}

const site = await Site.create();
try {
  site.configure((config) => {
    config.procedure = { ...config.procedure, neighbours: { addresses: [address], lifetimeMinutes: 1 } };
  });
  await speak();
  const before = received();
  await site.start();
  const state = async () =>
    (JSON.parse((await site.vestibule('procedure', 'status', '--json')).stdout) as ProcedureStatus).state;
  await until(async () => (await state()) === 'suspected', 'a workstation that is seen');
  await site.simulate(41, 2);
  await site.appliance.stop();
  // It is switched off: the entry goes, and a starting daemon has not seen it.
  ip('neigh', 'flush', 'dev', card);
  await site.startAppliance();
  await site.reached('delivered', 1);
  const day = received() - before;
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send('x', 9, address, resolve));
  socket.close();
  await until(async () => received() > before + day, 'the packet that is sent on purpose', 10_000);
  console.log(JSON.stringify({ day, onPurpose: received() - before - day }));
} finally {
  await site.close();
}
