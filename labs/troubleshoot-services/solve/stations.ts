import type { Service, SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  const service = await lab.object<Service>('service/tour/map');
  await lab.answer('service', service?.spec.clusterIP ?? '');
  const pod = await lab.kubectl('get', 'pod', 'map', '-n', 'tour', '-o', 'jsonpath={.status.podIP}');
  await lab.answer('endpoint', pod);
  const { iptables = '' } = await lab.node('node02').facts('iptables');
  const rule = iptables.split('\n').find((line) => line.includes('tour/map') && line.includes('-j DNAT')) ?? '';
  await lab.answer('rule', /-A (\S+)/.exec(rule)?.[1] ?? '');
  const { routes = [] } = await lab.node('node02').facts('routes');
  const subnet = await lab.kubectl('get', 'node', 'node01', '-o', 'jsonpath={.spec.podCIDR}');
  await lab.answer('hop', routes.find(({ destination }) => destination === subnet)?.gateway ?? '');
  const { links: inPod = [] } = await lab.pod('tour/map').facts('links');
  const { links: onNode = [] } = await lab.node('node01').facts('links');
  const end = inPod.find(({ name }) => name === 'eth0')?.peerIndex;
  await lab.answer('veth', onNode.find(({ ifindex }) => ifindex === end)?.name ?? '');
};
