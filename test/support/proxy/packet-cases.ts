// What kube-proxy must do with packets, as data: who answers on each way to a service, and whom the endpoint sees.
// Expected is what the original does; where its modes differ by design, the case says so.
import type { ModeName } from './modes.ts';
import type { Entry } from './packet-services.ts';
import type { Family, Place } from './places.ts';

/** `client`: the address that the packet came from; `node`: one of the node's; `service`: the one that was called. */
export type Sees = 'client' | 'node' | 'service';

export type Want =
  | { readonly lands: readonly Place[]; readonly sees: Sees }
  | {
      /** refused: told at once. lost: never told. closed: accepted, and closed without a word. */
      readonly fails: 'refused' | 'lost' | 'closed';
    };

interface Rest {
  /** Modes in which it is otherwise. */
  readonly except?: Partial<Record<ModeName, Want>>;
  /** Of one family only. */
  readonly only?: Family;
  /** 1: the service's second port. */
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
 * The rules of iptables for external addresses look at what comes in and what is forwarded, not at what the node sends.
 */
const unseen = { 'iptables-nft': lost, 'iptables-legacy': lost };

/** What to expect of a case in a mode. */
export const wantIn = (mode: ModeName, { want, except, to }: PacketCase): Want =>
  except?.[mode] ?? (mode === 'userspace' ? relayed(want, to.startsWith('udp')) : want);

/** Userspace mode connects itself: endpoints see the node's address, and it accepts even without an endpoint. */
const relayed = (want: Want, udp: boolean): Want => {
  if ('lands' in want) return masked(...want.lands);
  return want.fails === 'refused' ? (udp ? lost : closed) : want;
};

/** By path: `from p1,p2 to SERVICE by nodePort,cluster`. */
const ways = (name: string, path: string, want: Want, rest: Rest = {}): PacketCase[] => {
  const [, froms = '', to = '', entries = ''] = /^from (\S+) to (\S+) by (\S+)$/.exec(path) ?? [];
  const places = froms.split(',') as Place[];
  return (entries.split(',') as Entry[]).flatMap((by) => places.map((from) => ({ name, to, by, from, want, ...rest })));
};

export const cases: readonly PacketCase[] = [
  ...ways('a pod reaches a cluster IP, and is seen', 'from p3,r2 to near by cluster', kept('p1', 'p2')),
  ...ways('a pod reaches an endpoint of another node, and is seen', 'from p3 to wide by cluster', kept('p1', 'r1')),
  ...ways('the node reaches a cluster IP', 'from node to wide by cluster', masked('p1', 'r1')),
  ...ways('who is no pod is masqueraded', 'from outside to wide by cluster', masked('p1', 'r1')),

  ...ways('a node port answers masqueraded', 'from p3,r2,node,outside to port by nodePort', masked('p1', 'r1')),
  ...ways('all addresses of the node answer', 'from p3 to port by bridgeNodePort', masked('p1', 'r1'), {
    // There, only the primary one does.
    except: { nftables: refused },
  }),
  ...ways('a node port answers on localhost', 'from node to port by localhost', masked('p1', 'r1'), {
    only: 'IPv4',
    except: { nftables: refused, ipvs: refused },
  }),
  ...ways('a node port does not answer on localhost in IPv6', 'from node to port by localhost', refused, {
    only: 'IPv6',
    // Its relay listens there.
    except: { userspace: masked('p1', 'r1') },
  }),

  ...ways('an external IP answers masqueraded', 'from p3,node,outside to ext by external', masked('p1', 'r1')),
  ...ways('a load balancer IP answers masqueraded', 'from p3,node,outside to balanced by balancer', masked('p1', 'r1')),
  ...ways('a load balancer that is a proxy itself is left alone', 'from p3,node to proxied by balancer', lost),
  ...ways('source ranges let in whom they name', 'from outside to guarded by balancer', masked('p1', 'r1')),
  ...ways('source ranges keep out whom they do not name', 'from p3,r2 to guarded by balancer', lost),
  ...ways('source ranges keep the node out', 'from node to guarded by balancer', lost),
  ...ways('source ranges let in the node that they name', 'from node to guarded-own by balancer', masked('p1', 'r1')),
  ...ways('source ranges that name the node let nobody else in', 'from outside to guarded-own by balancer', lost),
  ...ways('source ranges are for the load balancer IP alone', 'from r2 to guarded by nodePort', masked('p1', 'r1')),

  ...ways('a pod reaches itself', 'from p1 to self by cluster,nodePort', masked('p1')),

  ...ways('external policy Local stays on the node', 'from outside to local by nodePort,external,balancer', kept('p1')),
  ...ways('it is not for pods', 'from p3 to local by nodePort,external,balancer', kept('p1', 'r1'), keptByIpvs('p1')),
  ...ways('it is not for the node', 'from node to local by nodePort', masked('p1', 'r1'), {
    except: { ipvs: masked('p1') },
  }),
  ...ways('it is not for the node', 'from node to local by external,balancer', masked('p1', 'r1'), calledByNode('p1')),
  ...ways('it is not for the cluster IP', 'from outside to local by cluster', masked('p1', 'r1')),
  ...ways('it drops where it has nobody', 'from outside to elsewhere by nodePort,balancer', lost, {
    except: { userspace: closed },
  }),
  ...ways('it sends pods to another node then', 'from p3 to elsewhere by nodePort,balancer', kept('r1')),
  ...ways('it sends the node to another node then', 'from node to elsewhere by nodePort', masked('r1')),
  ...ways(
    'it sends the node to another node then',
    'from node to elsewhere by balancer',
    masked('r1'),
    calledByNode('r1'),
  ),
  ...ways('internal policy Local stays on the node', 'from p3 to inner by cluster', kept('p1')),
  ...ways('it holds for the node, too', 'from node to inner by cluster', masked('p1')),
  ...ways('it drops where it has nobody', 'from p3,node to inner-elsewhere by cluster', lost, {
    except: { userspace: closed, ipvs: refused },
  }),

  ...ways('hints keep traffic in the zone', 'from p3 to hinted by cluster', kept('p1')),
  ...ways('who terminates but serves is the last resort', 'from p3 to draining by cluster', kept('p1')),
  ...ways('who terminates gets nothing while another is ready', 'from p3 to draining-one by cluster', kept('p2')),

  ...ways(
    'a client is told at once that there is nobody',
    'from p3,outside to empty by cluster,nodePort,external,balancer',
    refused,
  ),
  ...ways('the node is told at once, too', 'from node to empty by cluster,nodePort', refused),
  ...ways('so it is of external addresses', 'from node to empty by external,balancer', refused, { except: unseen }),
  ...ways('who is not ready counts for nobody', 'from p3 to unready by cluster', refused),

  ...ways('port 80 leads to 8080', 'from p3 to double by cluster', kept('p1')),
  ...ways('port 81 leads to 8081', 'from p3 to double by cluster', kept('p1'), { port: 1 }),
  ...ways('each port has its node port', 'from outside to double by nodePort', masked('p1'), { port: 1 }),

  ...ways('UDP reaches a cluster IP', 'from p3 to udp by cluster', kept('p1', 'r1')),
  ...ways('UDP reaches a cluster IP from elsewhere', 'from outside,node to udp by cluster', masked('p1', 'r1')),
  ...ways('UDP reaches a node port under policy Local', 'from outside to udp by nodePort', kept('p1')),
  ...ways(
    'UDP clients are told by ICMP that there is nobody',
    'from p3,node,outside to udp-empty by cluster,nodePort',
    refused,
  ),
];
