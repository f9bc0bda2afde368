// The fact `ipvs` from a kernel that has IPVS. The contract test of facts runs on whatever the machine has.
import { expect, test } from 'vitest';
import { parseIpvs } from '../../../src/dataplane/node/ipvs.ts';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { startMachine } from '../../contract/fabric/machine.ts';

test('reads the virtual servers of the place', async () => {
  await using machine = await startMachine();
  await machine.sh(`ipvsadm -A -t 10.96.0.1:80 -s wrr
    ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.2:8080 -m -w 3
    ipvsadm -a -t 10.96.0.1:80 -r 10.244.1.3:8080 -m -w 0
    ipvsadm -A -u 10.96.0.10:53 -s rr`);
  const gather = createFacts(createProcessTable());
  const { ipvs } = await gather({ place: { machine: 'm', pid: machine.pid }, want: ['ipvs'] });
  expect(ipvs?.isSupported).toBe(true);
  expect(parseIpvs(ipvs?.saved ?? '')).toMatchObject([
    {
      protocol: 'tcp',
      address: '10.96.0.1',
      port: 80,
      scheduler: 'wrr',
      servers: [
        { address: '10.244.1.2', port: 8080, weight: 3, method: 'masq' },
        { address: '10.244.1.3', port: 8080, weight: 0, method: 'masq' },
      ],
    },
    { protocol: 'udp', address: '10.96.0.10', port: 53, scheduler: 'rr', servers: [] },
  ]);
});
