// What a student can run to see what a check has seen at a place.
import { namespaceMachine } from '../../trace/lab.ts';
import type { Phrases } from '../say/en.ts';
import type { Place } from '../view/places.ts';

/** The images of pods lack most tools, so the node's tools look into the network namespaces of its pods. */
export const lookAt = ({ machine, podIp, netns }: Place, command: string, say: Phrases): string => {
  if (netns !== undefined) return say.onMachine(machine, `ip netns exec ${netns} ${command}`);
  return say.onMachine(machine, podIp === undefined ? command : `ip -all netns exec ${command}`);
};

/** @param to as `labs trace` takes it */
export const traceCommand = ({ machine, pod, netns }: Place, to: string, protocol: 'tcp' | 'udp' = 'tcp'): string => {
  const { namespace = 'default', name } = pod?.metadata ?? { name: machine };
  const own = netns === undefined ? name : namespaceMachine(machine, netns);
  const start = pod && namespace !== 'default' ? `${namespace}/${name}` : own;
  return `labs trace ${start} ${to}${protocol === 'udp' ? ' --udp' : ''}`;
};
