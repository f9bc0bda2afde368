// Turns the EndpointSlices of one service into its endpoints by port, for one address family. Every value of a slice is
// checked here: what no rule can hold is left out and logged, and the rest of the slice is used.
import { type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import { addressOf, isLabel, type Port, portOf } from '../scalars.ts';
import type { IpFamily, PortKey, ProxyEndpoint } from '../types.ts';
import { type Complain, flagOf, type Json, listOf, recordOf, shown, textOf } from './json.ts';
import { portKey, protocolOf, serviceNameOf } from './service-ports.ts';

/** An endpoint of a slice, without the port, which all endpoints of the slice share. */
type SliceEndpoint = Omit<ProxyEndpoint, 'address' | 'port'>;

/** The part of a slice from which rules are made. */
export interface CheckedSlice {
  readonly name: string;
  /** As `namespace/name`. */
  readonly service: string;
  readonly ports: readonly { readonly key: PortKey; readonly port: Port }[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface SliceReading {
  readonly family: IpFamily;
  readonly nodeName: string;
  readonly complain?: Complain;
}

/** The slice's own name, and its service as `namespace/name`. Undefined if the slice belongs to no service. */
export const identityOf = (slice: EndpointSlice): Pick<CheckedSlice, 'name' | 'service'> | undefined => {
  const { name, namespace, labels } = recordOf(recordOf(slice).metadata);
  const service = serviceNameOf(namespace, recordOf(labels)[serviceNameLabel]);
  return service === undefined ? undefined : { name: textOf(name) ?? '', service };
};

/** @returns undefined if the slice belongs to no service, or is of another address family */
export const checkSlice = (slice: EndpointSlice, reading: SliceReading): CheckedSlice | undefined => {
  const identity = identityOf(slice);
  const { addressType, ports, endpoints } = recordOf(slice);
  if (!identity || addressType !== reading.family) return undefined;
  const { service } = identity;
  const complain: Complain = (message, fields) => reading.complain?.(message, { service, ...fields });
  return {
    ...identity,
    ports: listOf(ports).flatMap((port) => checkPort(service, recordOf(port), complain) ?? []),
    endpoints: listOf(endpoints).flatMap((each) => checkEndpoint(recordOf(each), reading, complain) ?? []),
  };
};

const checkPort = (service: string, { name = '', protocol, port }: Json, complain: Complain) => {
  const [number, usedProtocol] = [portOf(port), protocolOf(protocol)];
  if (number !== undefined && usedProtocol !== undefined && (name === '' || isLabel(name)))
    return { key: portKey(service, textOf(name), usedProtocol), port: number };
  complain('Ignoring invalid endpoint port', { portName: shown(name), port: shown(port) });
  return undefined;
};

/** The first address counts. The others are for programs other than kube-proxy. */
const checkEndpoint = (
  { addresses, conditions, nodeName, hints }: Json,
  { family, nodeName: ownName }: SliceReading,
  complain: Complain,
): SliceEndpoint | undefined => {
  const [first] = listOf(addresses);
  if (first === undefined) {
    complain('Ignoring invalid endpoint port with empty address', {});
    return undefined;
  }
  const address = addressOf(first);
  if (address?.family !== family) {
    if (address) complain('Incorrect IP version', { field: 'endpointslice', value: shown(first) });
    else complain('Ignoring invalid endpoint address', { address: shown(first) });
    return undefined;
  }
  const { ready: isReady, serving, terminating } = recordOf(conditions);
  const ready = flagOf(isReady, true);
  return {
    ip: address.ip,
    local: nodeName === ownName,
    ready,
    serving: flagOf(serving, ready),
    terminating: flagOf(terminating, false),
    zoneHints: namesOf(recordOf(hints).forZones),
    nodeHints: namesOf(recordOf(hints).forNodes),
  };
};

const namesOf = (hints: unknown): string[] => listOf(hints).flatMap((hint) => textOf(recordOf(hint).name) ?? []);

/**
 * @param slices all slices of one service
 * @returns endpoints sorted by `address`; an endpoint in several slices appears once
 */
export const endpointsOf = (slices: Iterable<CheckedSlice>): Map<PortKey, ProxyEndpoint[]> => {
  const byPort = new Map<PortKey, Map<string, ProxyEndpoint>>();
  const sorted = [...slices].sort((a, b) => compare(a.name, b.name));
  for (const { ports, endpoints } of sorted) {
    for (const { key, port } of ports) {
      const known = byPort.get(key) ?? new Map<string, ProxyEndpoint>();
      byPort.set(key, known);
      for (const endpoint of endpoints) {
        const found = { address: hostPort(endpoint.ip, port), ...endpoint, port };
        if (isBetter(found, known.get(found.address))) known.set(found.address, found);
      }
    }
  }
  return new Map(
    [...byPort].map(([key, known]) => [key, [...known.values()].sort((a, b) => compare(a.address, b.address))]),
  );
};

const hostPort = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

export const sameEndpoints = (a: readonly ProxyEndpoint[], b: readonly ProxyEndpoint[]): boolean =>
  a.length === b.length && JSON.stringify(a) === JSON.stringify(b);

/**
 * Two slices can list the same address: while an endpoint moves between slices, or when a new pod gets the address of a
 * terminating pod. A non-terminating endpoint wins, then a ready one, then a local one.
 */
const isBetter = (candidate: ProxyEndpoint, known: ProxyEndpoint | undefined): boolean => {
  if (known === undefined) return true;
  if (candidate.terminating !== known.terminating) return known.terminating;
  if (candidate.ready !== known.ready) return candidate.ready;
  return candidate.local && !known.local;
};

/** Compares code units, as Go compares strings: `10.0.0.10:80` comes before `10.0.0.1:80`. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
