import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { addressOf, untilAnnounced } from './balancer.ts';
import { remakeService } from './objects.ts';

const spec = { type: 'LoadBalancer', selector: { app: 'coffee' } };

export const solve: SolveScript = async (lab) => {
  await remakeService(lab, {
    name: 'vip',
    spec: {
      ...spec,
      allocateLoadBalancerNodePorts: false,
      loadBalancerSourceRanges: ['192.168.56.100/32'],
      ports: [{ port: 80 }],
    },
  });
  await untilAnnounced(lab, await addressOf(lab, 'vip'));
  await lab.answer('anna', 'timeout');
};

export const clear: SetupScript = (lab) =>
  remakeService(lab, { name: 'vip', spec: { ...spec, ports: [{ port: 80, nodePort: 30400 }] } });
