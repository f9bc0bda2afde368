// Service links: the environment variables that tell a container the addresses of services. Pure.
import type { Service } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';

/** @returns the variables for the services of the pod's namespace and for the API server */
export const serviceEnv = (pod: Pod, services: readonly Service[]): Map<string, string> => {
  const env = new Map<string, string>();
  const namespace = pod.metadata.namespace ?? 'default';
  for (const service of services) {
    const { name, namespace: home = 'default' } = service.metadata;
    const isApi = home === 'default' && name === 'kubernetes';
    if (isApi || (home === namespace && pod.spec.enableServiceLinks !== false)) addService(env, service);
  }
  return env;
};

const addService = (env: Map<string, string>, { metadata, spec }: Service): void => {
  const { clusterIP: ip = '', ports = [] } = spec;
  const [first] = ports;
  if (ip === '' || ip === 'None' || !first) return;
  const upper = (text: string): string => text.toUpperCase().replaceAll('-', '_');
  const name = upper(metadata.name);
  env.set(`${name}_SERVICE_HOST`, ip);
  env.set(`${name}_SERVICE_PORT`, String(first.port));
  for (const port of ports) if (port.name) env.set(`${name}_SERVICE_PORT_${upper(port.name)}`, String(port.port));
  ports.forEach(({ port, protocol = 'TCP' }, index) => {
    const url = `${protocol.toLowerCase()}://${ip}:${port}`;
    const prefix = `${name}_PORT_${port}_${protocol}`;
    if (index === 0) env.set(`${name}_PORT`, url);
    env.set(prefix, url);
    env.set(`${prefix}_PROTO`, protocol.toLowerCase());
    env.set(`${prefix}_PORT`, String(port));
    env.set(`${prefix}_ADDR`, ip);
  });
};
