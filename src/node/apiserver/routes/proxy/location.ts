// Where a request to pods/…/proxy, services/…/proxy or nodes/…/proxy goes: the pod, an endpoint of the service, or the
// node's kubelet. Names may have a scheme and a port: `web`, `web:8080`, `https:web:https`.
import { isIP } from 'node:net';
import type { Endpoints, Node, Service } from '../../../../api/core.ts';
import type { Pod } from '../../../../api/core-pods.ts';
import { endpoints, nodes, pods, services } from '../../../../api/resources.ts';
import { existing } from '../../admission/write.ts';
import { type Api, namespaceOf, type ResourceExchange } from '../../exchange/exchange.ts';
import { badRequest, serviceUnavailable } from '../../status.ts';
import { validateNonSpecialIp } from '../../validation/addresses.ts';
import { kubeletOf } from '../kubelet.ts';
import type { Backend } from '../relay.ts';

export type Location = Omit<Backend, 'path'>;

export type ProxyExchange = Pick<ResourceExchange, 'api' | 'info' | 'resource' | 'request' | 'url'>;

interface Wanted {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

/** @throws StatusError 400, 404, 503 */
export const locate = ({ api, info, resource }: ProxyExchange): Location => {
  const id = info.name ?? '';
  const wanted = splitName(id);
  if (!wanted) throw badRequest(`invalid ${resource.singular} request "${id}"`);
  const namespace = namespaceOf({ info, resource }) ?? '';
  if (resource === pods) return locatePod(api, wanted, namespace);
  return resource === services ? locateService(api, wanted, namespace) : locateNode(api, wanted);
};

/** `[scheme:]name[:port]`; with a scheme, the port may be empty. */
export const splitName = (id: string): Wanted | undefined => {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  const valid = parts.length <= 3 && name !== '' && ['', 'http', 'https'].includes(scheme);
  return valid ? { scheme, name, port } : undefined;
};

/** The certificates of pods are not checked, as in Kubernetes. */
const unchecked = { rejectUnauthorized: false };

const tlsFor = (scheme: string) => (scheme === 'https' ? unchecked : undefined);

const locatePod = (api: Api, { scheme, name, port }: Wanted, namespace: string): Location => {
  const pod = existing(api, pods, { name, namespace }) as Pod;
  const host = proxyable(pod.status?.podIP ?? '');
  const first = pod.spec.containers.find(({ ports = [] }) => ports.length > 0)?.ports?.[0]?.containerPort;
  return { host, port: portNumber(port) ?? first ?? (scheme === 'https' ? 443 : 80), tls: tlsFor(scheme) };
};

/** @throws StatusError 400 for an address at which the API server itself or its network could be reached */
const proxyable = (address: string): string => {
  if (isIP(address) === 0 || validateNonSpecialIp(address, '').length > 0) throw badRequest('address not allowed');
  return address;
};

/** @throws StatusError 400 for a port that is no number */
const portNumber = (text: string): number | undefined => {
  if (text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw badRequest(`invalid port "${text}"`);
};

const locateService = (api: Api, { scheme, name, port }: Wanted, namespace: string): Location => {
  const portName = /^\d+$/.test(port) ? nameOfPort(api, Number(port), { name, namespace }) : port;
  const { subsets = [] } = existing(api, endpoints, { name, namespace }) as Endpoints;
  const found = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const target = ports.find((candidate) => (candidate.name ?? '') === portName);
    return target ? addresses.map(({ ip }) => ({ host: ip, port: target.port })) : [];
  });
  const chosen = found[Math.floor(Math.random() * found.length)];
  if (!chosen) throw serviceUnavailable(`no endpoints available for service "${name}"`);
  return { host: proxyable(chosen.host), port: chosen.port, tls: tlsFor(scheme) };
};

/** A number means the service's own port. @throws StatusError 503 when the service has no such port */
const nameOfPort = (api: Api, number: number, key: { name: string; namespace: string }): string => {
  const service = existing(api, services, key) as Service;
  const port = service.spec.ports?.find((candidate) => candidate.port === number);
  if (!port) throw serviceUnavailable(`no service port ${number} found for service "${key.name}"`);
  return port.name ?? '';
};

/** Without a port, and with the kubelet's own port, the request goes to the kubelet with the server's certificate. */
const locateNode = (api: Api, { scheme, name, port }: Wanted): Location => {
  const kubelet = kubeletOf(existing(api, nodes, { name }) as Node, api.kubelet);
  const number = portNumber(port);
  if (number === undefined || number === kubelet.port) return kubelet;
  return { host: proxyable(kubelet.host), port: number, tls: tlsFor(scheme) };
};
