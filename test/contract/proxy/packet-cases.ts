// What kube-proxy must do with packets, as data: services, and for each way to them who answers and whom the endpoint sees. Expected is
// what the original does; where its modes differ by design, the case says so.
import type { ModeName } from './modes.ts';
import { addresses, bridge, type Family, type Place } from './places.ts';
import { balancerIp, clusterIp, externalIp, nodePort, type Sketch } from './sketch.ts';

/** `client`: the address that the packet came from; `node`: one of the node's. */
export type Sees = 'client' | 'node';

export type Want =
  | { readonly lands: readonly Place[]; readonly sees: Sees }
  | {
      /** refused: told at once. lost: never told. closed: accepted, and closed without a word. */
      readonly fails: 'refused' | 'lost' | 'closed';
    };

export type Entry = 'cluster' | 'nodePort' | 'bridgeNodePort' | 'localhost' | 'external' | 'balancer';

export interface PacketCase {
  readonly name: string;
  readonly to: string;
  readonly by: Entry;
  readonly from: Place;
  readonly want: Want;
  /** Modes in which it is otherwise, and why it may be. */
  readonly except?: Partial<Record<ModeName, Want>>;
  /** Of one family only. */
  readonly only?: Family;
  /** 1: the service's second port. */
  readonly port?: 0 | 1;
}

const lands = (...places: Place[]) => ({
  seeing: (sees: Sees): Want => ({ lands: places, sees }),
});
const kept = (...places: Place[]): Want => lands(...places).seeing('client');
const masked = (...places: Place[]): Want => lands(...places).seeing('node');
const refused: Want = { fails: 'refused' };
const lost: Want = { fails: 'lost' };
/** The userspace mode is a program that connects itself: endpoints see the node, and it learns too late that there are none. */
const relayed = (...places: Place[]) => ({ userspace: masked(...places) });
const relayedInVain = { userspace: { fails: 'closed' } } as const;

/** The rules of iptables for external addresses look at what comes in and what is forwarded, not at what the node sends. */
const unseen = { 'iptables-nft': lost, 'iptables-legacy': lost };

const nodePortType = { type: 'NodePort' } as const;
const balancerType = { type: 'LoadBalancer' } as const;
const draining = { conditions: { ready: false, serving: true, terminating: true } };
const dead = { conditions: { ready: false, serving: false, terminating: true } };
const zone = (name: string) => ({ hints: { forZones: [{ name }] } });
const everyExternal = (number: number) => ({ externalIPs: [externalIp(number).IPv4, externalIp(number).IPv6] });

/** The node is in zone-a. */
export const sketches: readonly Sketch[] = [
  { name: 'near', number: 1, endpoints: ['p1', 'p2'] },
  { name: 'wide', number: 2, endpoints: ['p1', 'r1'] },
  { name: 'port', number: 3, spec: nodePortType, endpoints: ['p1', 'r1'] },
  { name: 'ext', number: 4, spec: everyExternal(4), endpoints: ['p1', 'r1'] },
  { name: 'balanced', number: 5, spec: balancerType, endpoints: ['p1', 'r1'] },
  {
    name: 'guarded',
    number: 6,
    spec: {
      ...balancerType,
      loadBalancerSourceRanges: [`${addresses.outside.IPv4}/32`, `${addresses.outside.IPv6}/128`],
    },
    endpoints: ['p1', 'r1'],
  },
  { name: 'proxied', number: 7, spec: balancerType, ipMode: 'Proxy', endpoints: ['p1'] },
  { name: 'self', number: 8, spec: nodePortType, endpoints: ['p1'] },
  {
    name: 'local',
    number: 9,
    spec: { ...balancerType, ...everyExternal(9), externalTrafficPolicy: 'Local' },
    endpoints: ['p1', 'r1'],
  },
  {
    name: 'elsewhere',
    number: 10,
    spec: { ...balancerType, externalTrafficPolicy: 'Local' },
    endpoints: ['r1'],
  },
  { name: 'inner', number: 11, spec: { internalTrafficPolicy: 'Local' }, endpoints: ['p1', 'r1'] },
  { name: 'inner-elsewhere', number: 12, spec: { internalTrafficPolicy: 'Local' }, endpoints: ['r1'] },
  {
    name: 'hinted',
    number: 13,
    endpoints: [
      { at: 'p1', ...zone('zone-a') },
      { at: 'r1', ...zone('zone-b') },
    ],
  },
  {
    name: 'draining',
    number: 14,
    endpoints: [
      { at: 'p1', ...draining },
      { at: 'r1', ...dead },
    ],
  },
  { name: 'draining-one', number: 15, endpoints: [{ at: 'p1', ...draining }, 'p2'] },
  { name: 'empty', number: 16, spec: { ...balancerType, ...everyExternal(16) }, endpoints: [] },
  { name: 'double', number: 17, spec: nodePortType, second: true, endpoints: ['p1'] },
  { name: 'unready', number: 18, endpoints: [{ at: 'p1', conditions: { ready: false } }] },
];

export const cases: readonly PacketCase[] = [
  // Cluster IP
  ...(['p3', 'r2'] as const).map(
    (from): PacketCase => ({
      name: 'a pod reaches a cluster IP, and is seen',
      to: 'near',
      by: 'cluster',
      from,
      want: kept('p1', 'p2'),
      except: relayed('p1', 'p2'),
    }),
  ),
  {
    name: 'so it does an endpoint of another node',
    to: 'wide',
    by: 'cluster',
    from: 'p3',
    want: kept('p1', 'r1'),
    except: relayed('p1', 'r1'),
  },
  { name: 'the node reaches a cluster IP', to: 'wide', by: 'cluster', from: 'node', want: masked('p1', 'r1') },
  { name: 'who is no pod is masqueraded', to: 'wide', by: 'cluster', from: 'outside', want: masked('p1', 'r1') },
  // Node port
  ...(['p3', 'r2', 'node', 'outside'] as const).map(
    (from): PacketCase => ({
      name: 'a node port answers masqueraded',
      to: 'port',
      by: 'nodePort',
      from,
      want: masked('p1', 'r1'),
    }),
  ),
  {
    name: 'a node port answers at all addresses of the node, unless the mode has chosen its primary one',
    to: 'port',
    by: 'bridgeNodePort',
    from: 'p3',
    want: masked('p1', 'r1'),
    except: { nftables: refused },
  },
  {
    name: 'a node port answers on localhost where the mode can do it',
    to: 'port',
    by: 'localhost',
    from: 'node',
    only: 'IPv4',
    want: masked('p1', 'r1'),
    except: { nftables: refused, ipvs: refused },
  },
  {
    name: 'no mode can do that in IPv6',
    to: 'port',
    by: 'localhost',
    from: 'node',
    only: 'IPv6',
    want: refused,
    except: relayed('p1', 'r1'),
  },
  // External and load balancer addresses
  ...(['p3', 'node', 'outside'] as const).flatMap((from): PacketCase[] => [
    { name: 'an external IP answers masqueraded', to: 'ext', by: 'external', from, want: masked('p1', 'r1') },
    { name: 'a load balancer IP answers masqueraded', to: 'balanced', by: 'balancer', from, want: masked('p1', 'r1') },
  ]),
  ...(['p3', 'node'] as const).map(
    (from): PacketCase => ({
      name: 'where the load balancer is a proxy itself, nothing is done',
      to: 'proxied',
      by: 'balancer',
      from,
      want: lost,
    }),
  ),
  {
    name: 'source ranges let in whom they name',
    to: 'guarded',
    by: 'balancer',
    from: 'outside',
    want: masked('p1', 'r1'),
  },
  ...(['p3', 'r2', 'node'] as const).map(
    (from): PacketCase => ({
      name: 'source ranges keep out whom they do not name',
      to: 'guarded',
      by: 'balancer',
      from,
      want: lost,
      except: relayed('p1', 'r1'),
    }),
  ),
  {
    name: 'source ranges are for the load balancer IP alone',
    to: 'guarded',
    by: 'nodePort',
    from: 'r2',
    want: masked('p1', 'r1'),
  },
  // Hairpin
  { name: 'a pod reaches itself', to: 'self', by: 'cluster', from: 'p1', want: masked('p1') },
  { name: 'a pod reaches itself by the node port', to: 'self', by: 'nodePort', from: 'p1', want: masked('p1') },
  // Policies
  ...(['nodePort', 'external', 'balancer'] as const).flatMap((by): PacketCase[] => [
    {
      name: 'policy Local stays on the node, and the client is seen',
      to: 'local',
      by,
      from: 'outside',
      want: kept('p1'),
      except: relayed('p1', 'r1'),
    },
    {
      name: 'policy Local is not for pods of the cluster',
      to: 'local',
      by,
      from: 'p3',
      want: kept('p1', 'r1'),
      except: relayed('p1', 'r1'),
    },
    { name: 'policy Local is not for the node itself', to: 'local', by, from: 'node', want: masked('p1', 'r1') },
  ]),
  ...(['nodePort', 'balancer'] as const).flatMap((by): PacketCase[] => [
    {
      name: 'policy Local drops where it has nobody',
      to: 'elsewhere',
      by,
      from: 'outside',
      want: lost,
      except: relayed('r1'),
    },
    {
      name: 'policy Local without anybody here sends pods elsewhere',
      to: 'elsewhere',
      by,
      from: 'p3',
      want: kept('r1'),
      except: relayed('r1'),
    },
    {
      name: 'policy Local without anybody here sends the node elsewhere',
      to: 'elsewhere',
      by,
      from: 'node',
      want: masked('r1'),
    },
  ]),
  {
    name: 'external policy Local is not for the cluster IP',
    to: 'local',
    by: 'cluster',
    from: 'outside',
    want: masked('p1', 'r1'),
  },
  {
    name: 'internal policy Local stays on the node',
    to: 'inner',
    by: 'cluster',
    from: 'p3',
    want: kept('p1'),
    except: relayed('p1', 'r1'),
  },
  {
    name: 'internal policy Local holds for the node itself',
    to: 'inner',
    by: 'cluster',
    from: 'node',
    want: masked('p1'),
    except: relayed('p1', 'r1'),
  },
  ...(['p3', 'node'] as const).map(
    (from): PacketCase => ({
      name: 'internal policy Local drops where it has nobody',
      to: 'inner-elsewhere',
      by: 'cluster',
      from,
      want: lost,
      except: relayed('r1'),
    }),
  ),
  // Which endpoints
  {
    name: 'hints keep traffic in the zone',
    to: 'hinted',
    by: 'cluster',
    from: 'p3',
    want: kept('p1'),
    except: relayed('p1', 'r1'),
  },
  {
    name: 'who terminates but serves is the last resort',
    to: 'draining',
    by: 'cluster',
    from: 'p3',
    want: kept('p1'),
    except: relayedInVain,
  },
  {
    name: 'who terminates gets nothing while somebody is ready',
    to: 'draining-one',
    by: 'cluster',
    from: 'p3',
    want: kept('p2'),
    except: relayed('p2'),
  },
  // Nobody there
  ...(['p3', 'node', 'outside'] as const).flatMap((from) =>
    (['cluster', 'nodePort', 'external', 'balancer'] as const).map(
      (by): PacketCase => ({
        name: 'without endpoints a client is told at once',
        to: 'empty',
        by,
        from,
        want: refused,
        except: { ...relayedInVain, ...(from === 'node' && (by === 'external' || by === 'balancer') ? unseen : {}) },
      }),
    ),
  ),
  {
    name: 'who is not ready counts for nobody',
    to: 'unready',
    by: 'cluster',
    from: 'p3',
    want: refused,
    except: relayedInVain,
  },
  // Two ports
  ...([0, 1] as const).flatMap((port): PacketCase[] => [
    {
      name: `port ${80 + port} leads to ${8080 + port}`,
      to: 'double',
      by: 'cluster',
      from: 'p3',
      port,
      want: kept('p1'),
      except: relayed('p1'),
    },
    {
      name: `the node port of port ${80 + port} leads to ${8080 + port}`,
      to: 'double',
      by: 'nodePort',
      from: 'outside',
      port,
      want: masked('p1'),
    },
  ]),
];

/** Where a case's packet is sent. */
export const target = ({ number }: Sketch, by: Entry, family: Family, port = 0): { host: string; port: number } => {
  const [service, node] = [80 + port, nodePort(number) + 100 * port];
  switch (by) {
    case 'cluster':
      return { host: clusterIp(number)[family], port: service };
    case 'external':
      return { host: externalIp(number)[family], port: service };
    case 'balancer':
      return { host: balancerIp(number)[family], port: service };
    case 'nodePort':
      return { host: addresses.node[family], port: node };
    case 'bridgeNodePort':
      return { host: bridge[family], port: node };
    case 'localhost':
      return { host: family === 'IPv4' ? '127.0.0.1' : '::1', port: node };
  }
};
