// The packet cases as data: for each way to a service, which endpoint must answer and which source it must see.
// The expectations follow the original kube-proxy. A case lists the modes that differ by design.
import type { ModeName } from './modes.ts';
import type { Entry } from './packet-services.ts';
import type { Family, Place } from './places.ts';

/** The source address that the endpoint sees: the client's, one of the node's, or that of the service. */
export type Sees = 'client' | 'node' | 'service';

export type Want =
  | { readonly lands: readonly Place[]; readonly sees: Sees }
  | {
      /** refused: error at once. lost: no answer. closed: accepted, then closed without an answer. */
      readonly fails: 'refused' | 'lost' | 'closed';
    };

interface Rest {
  /** Modes with another outcome. */
  readonly except?: Partial<Record<ModeName, Want>>;
  /** Run the case for this family only. */
  readonly only?: Family;
  /** Index of the service's port. */
  readonly port?: 0 | 1;
}

export interface PacketCase extends Rest {
  readonly name: string;
  readonly to: string;
  readonly by: Entry;
  readonly from: Place;
  readonly want: Want;
}

export const kept = (...lands: Place[]): Want => ({ lands, sees: 'client' });
export const masked = (...lands: Place[]): Want => ({ lands, sees: 'node' });
export const refused: Want = { fails: 'refused' };
export const lost: Want = { fails: 'lost' };
const closed: Want = { fails: 'closed' };

/**
 * IPVS decides by the destination address alone: a Local policy also applies to pods and to the node.
 * The node owns the service addresses. When it calls one, it uses that address as source, and nothing masquerades it
 * if the source is preserved.
 */
const keptByIpvs = (...lands: Place[]) => ({ except: { ipvs: kept(...lands) } });
const calledByNode = (...lands: Place[]) => ({ except: { ipvs: { lands, sees: 'service' } as const } });

/**
 * iptables mode rejects packets to external addresses in INPUT and FORWARD only, so packets from the node are lost.
 */
const lostFromNode = { 'iptables-nft': lost, 'iptables-legacy': lost };

/** The expected outcome of a case in a mode. */
export const wantIn = (mode: ModeName, { want, except, to }: PacketCase): Want =>
  except?.[mode] ?? (mode === 'userspace' ? relayed(want, to.startsWith('udp')) : want);

/** The relay of userspace mode connects to endpoints itself, and accepts even without an endpoint. */
const relayed = (want: Want, udp: boolean): Want => {
  if ('lands' in want) return masked(...want.lands);
  return want.fails === 'refused' ? (udp ? lost : closed) : want;
};

/** Makes one case for each place and way in the path, e.g. `from p1,p2 to SERVICE by nodePort,cluster`. */
const ways = (name: string, path: string, want: Want, rest: Rest = {}): PacketCase[] => {
  const [, froms = '', to = '', entries = ''] = /^from (\S+) to (\S+) by (\S+)$/.exec(path) ?? [];
  const places = froms.split(',') as Place[];
  return (entries.split(',') as Entry[]).flatMap((by) => places.map((from) => ({ name, to, by, from, want, ...rest })));
};

export const cases: readonly PacketCase[] = [
  ...ways('a pod reaches a cluster IP and keeps its source', 'from p3,r2 to near by cluster', kept('p1', 'p2')),
  ...ways(
    'a pod reaches an endpoint of another node and keeps its source',
    'from p3 to wide by cluster',
    kept('p1', 'r1'),
  ),
  ...ways('the node reaches a cluster IP', 'from node to wide by cluster', masked('p1', 'r1')),
  ...ways('a client outside reaches a cluster IP masqueraded', 'from outside to wide by cluster', masked('p1', 'r1')),

  ...ways('a node port masquerades its clients', 'from p3,r2,node,outside to port by nodePort', masked('p1', 'r1')),
  ...ways('a node port answers at every address of the node', 'from p3 to port by bridgeNodePort', masked('p1', 'r1'), {
    // In nftables mode, node ports answer at the primary address only.
    except: { nftables: refused },
  }),
  ...ways('a node port answers on localhost', 'from node to port by localhost', masked('p1', 'r1'), {
    only: 'IPv4',
    except: { nftables: refused, ipvs: refused },
  }),
  ...ways('a node port does not answer on localhost in IPv6', 'from node to port by localhost', refused, {
    only: 'IPv6',
    // The relay of userspace mode listens there.
    except: { userspace: masked('p1', 'r1') },
  }),

  ...ways('an external IP masquerades its clients', 'from p3,node,outside to ext by external', masked('p1', 'r1')),
  ...ways(
    'a load balancer IP masquerades its clients',
    'from p3,node,outside to balanced by balancer',
    masked('p1', 'r1'),
  ),
  ...ways('a load balancer IP with ipMode Proxy gets no rules', 'from p3,node to proxied by balancer', lost),
  ...ways('source ranges allow a client in the range', 'from outside to guarded by balancer', masked('p1', 'r1')),
  ...ways('source ranges drop clients outside the range', 'from p3,r2 to guarded by balancer', lost),
  ...ways('source ranges without the node drop its packets', 'from node to guarded by balancer', lost),
  ...ways('source ranges with the node allow its packets', 'from node to guarded-own by balancer', masked('p1', 'r1')),
  ...ways('source ranges with the node alone drop other clients', 'from outside to guarded-own by balancer', lost),
  ...ways('source ranges do not apply to the node port', 'from r2 to guarded by nodePort', masked('p1', 'r1')),

  ...ways('a pod reaches itself', 'from p1 to self by cluster,nodePort', masked('p1')),

  ...ways('external policy Local stays on the node', 'from outside to local by nodePort,external,balancer', kept('p1')),
  ...ways(
    'external policy Local does not apply to pods',
    'from p3 to local by nodePort,external,balancer',
    kept('p1', 'r1'),
    keptByIpvs('p1'),
  ),
  ...ways('external policy Local does not apply to the node', 'from node to local by nodePort', masked('p1', 'r1'), {
    except: { ipvs: masked('p1') },
  }),
  ...ways(
    'external policy Local does not apply to the node',
    'from node to local by external,balancer',
    masked('p1', 'r1'),
    calledByNode('p1'),
  ),
  ...ways(
    'external policy Local does not apply to the cluster IP',
    'from outside to local by cluster',
    masked('p1', 'r1'),
  ),
  ...ways(
    'external policy Local drops packets without a local endpoint',
    'from outside to elsewhere by nodePort,balancer',
    lost,
    {
      except: { userspace: closed },
    },
  ),
  ...ways(
    'external policy Local sends pods to another node without a local endpoint',
    'from p3 to elsewhere by nodePort,balancer',
    kept('r1'),
  ),
  ...ways(
    'external policy Local sends the node to another node without a local endpoint',
    'from node to elsewhere by nodePort',
    masked('r1'),
  ),
  ...ways(
    'external policy Local sends the node to another node without a local endpoint',
    'from node to elsewhere by balancer',
    masked('r1'),
    calledByNode('r1'),
  ),
  ...ways('internal policy Local stays on the node', 'from p3 to inner by cluster', kept('p1')),
  ...ways('internal policy Local also applies to the node', 'from node to inner by cluster', masked('p1')),
  ...ways(
    'internal policy Local drops packets without a local endpoint',
    'from p3,node to inner-elsewhere by cluster',
    lost,
    {
      except: { userspace: closed, ipvs: refused },
    },
  ),

  ...ways(
    'internal policy Local drops packets without a local endpoint, even if the service has a node port',
    'from p3 to inner-open by cluster',
    lost,
    { except: { userspace: closed, ipvs: kept('r1') } },
  ),

  ...ways('hints keep traffic in the zone', 'from p3 to hinted by cluster', kept('p1')),
  ...ways('a terminating endpoint serves when no endpoint is ready', 'from p3 to draining by cluster', kept('p1')),
  ...ways(
    'a terminating endpoint gets nothing while another is ready',
    'from p3 to draining-one by cluster',
    kept('p2'),
  ),

  ...ways(
    'a client of a service without endpoints is refused at once',
    'from p3,outside to empty by cluster,nodePort,external,balancer',
    refused,
  ),
  ...ways(
    'the node is refused at once by a service without endpoints',
    'from node to empty by cluster,nodePort',
    refused,
  ),
  ...ways(
    'the node is refused at external addresses of a service without endpoints',
    'from node to empty by external,balancer',
    refused,
    { except: lostFromNode },
  ),
  ...ways('a service with only unready endpoints refuses', 'from p3 to unready by cluster', refused),

  ...ways('port 80 leads to 8080', 'from p3 to double by cluster', kept('p1')),
  ...ways('port 81 leads to 8081', 'from p3 to double by cluster', kept('p1'), { port: 1 }),
  ...ways('each port of a service has its own node port', 'from outside to double by nodePort', masked('p1'), {
    port: 1,
  }),

  ...ways('UDP reaches a cluster IP', 'from p3 to udp by cluster', kept('p1', 'r1')),
  ...ways(
    'UDP reaches a cluster IP from the node and from outside',
    'from outside,node to udp by cluster',
    masked('p1', 'r1'),
  ),
  ...ways('UDP reaches a node port under policy Local', 'from outside to udp by nodePort', kept('p1')),
  ...ways(
    'UDP clients get an ICMP error from a service without endpoints',
    'from p3,node,outside to udp-empty by cluster,nodePort',
    refused,
  ),
];
