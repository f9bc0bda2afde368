// What a student can run to see what a check has seen at a place.
import type { Phrases } from '../say/en.ts';
import type { Place } from '../view/places.ts';

/** The images of pods lack most tools, so the node's tools look into the network namespaces of its pods. */
export const lookAt = ({ machine, podIp }: Place, command: string, say: Phrases): string =>
  say.onMachine(machine, podIp === undefined ? command : `ip -all netns exec ${command}`);

/** @param to as `labs trace` takes it */
export const traceCommand = ({ machine, pod }: Place, to: string, protocol: 'tcp' | 'udp' = 'tcp'): string => {
  const { namespace = 'default', name } = pod?.metadata ?? { name: machine };
  const start = pod && namespace !== 'default' ? `${namespace}/${name}` : name;
  return `labs trace ${start} ${to}${protocol === 'udp' ? ' --udp' : ''}`;
};
