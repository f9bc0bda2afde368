// The sets of ipvs mode. Rules look up in them whether to masquerade, reject or accept a packet, which IPVS cannot
// decide. Names, types and comments are the original's.
import type { IpFamily } from '../types.ts';

export type SetType = 'hash:ip' | 'hash:ip,port' | 'hash:ip,port,ip' | 'hash:ip,port,net' | 'bitmap:port';

/**
 * Type and comment of each set, in the order in which members are added. Sets that accept packets come before sets that
 * reject them, so that no packet is rejected while members are being added.
 */
const sets = {
  'LOOP-BACK': ['hash:ip,port,ip', 'Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose'],
  'CLUSTER-IP': ['hash:ip,port', 'Kubernetes service cluster ip + port for masquerade purpose'],
  'EXTERNAL-IP': ['hash:ip,port', 'Kubernetes service external ip + port for masquerade and filter purpose'],
  'EXTERNAL-IP-LOCAL': ['hash:ip,port', 'Kubernetes service external ip + port with externalTrafficPolicy=local'],
  'LOAD-BALANCER-SOURCE-CIDR': [
    'hash:ip,port,net',
    'Kubernetes service load balancer ip + port + source cidr for packet filter purpose',
  ],
  'LOAD-BALANCER-SOURCE-IP': [
    'hash:ip,port,ip',
    'Kubernetes service load balancer ip + port + source IP for packet filter purpose',
  ],
  'LOAD-BALANCER-FW': ['hash:ip,port', 'Kubernetes service load balancer ip + port for load balancer with sourceRange'],
  'LOAD-BALANCER-LOCAL': [
    'hash:ip,port',
    'Kubernetes service load balancer ip + port with externalTrafficPolicy=local',
  ],
  'LOAD-BALANCER': ['hash:ip,port', 'Kubernetes service lb portal'],
  'NODE-PORT-LOCAL-TCP': ['bitmap:port', 'Kubernetes nodeport TCP port with externalTrafficPolicy=local'],
  'NODE-PORT-TCP': ['bitmap:port', 'Kubernetes nodeport TCP port for masquerade purpose'],
  'NODE-PORT-LOCAL-UDP': ['bitmap:port', 'Kubernetes nodeport UDP port with externalTrafficPolicy=local'],
  'NODE-PORT-UDP': ['bitmap:port', 'Kubernetes nodeport UDP port for masquerade purpose'],
  'NODE-PORT-LOCAL-SCTP-HASH': [
    'hash:ip,port',
    "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  ],
  'NODE-PORT-SCTP-HASH': [
    'hash:ip,port',
    "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'",
  ],
  'HEALTH-CHECK-NODE-PORT': ['bitmap:port', 'Kubernetes health check node port'],
  'IPVS-IPS': ['hash:ip', 'All addresses of services that this node takes as its own'],
} as const satisfies Readonly<Record<string, readonly [SetType, string]>>;

export type SetKey = keyof typeof sets;

export const setKeys = Object.keys(sets) as readonly SetKey[];

/** The kernel cuts names at this length. */
const longestName = 31;

export const setName = (key: SetKey, family: IpFamily): string =>
  (family === 'IPv6' ? `KUBE-6-${key}` : `KUBE-${key}`).slice(0, longestName);

export const setComment = (key: SetKey): string => sets[key][1];

/** The first words of a set in `ipset save`. A set with other words was made by another program. */
export const setHead = (key: SetKey, family: IpFamily): string => {
  const [type] = sets[key];
  return type === 'bitmap:port'
    ? 'bitmap:port range 0-65535'
    : `${type} family ${family === 'IPv6' ? 'inet6' : 'inet'}`;
};

/** Line of `ipset restore`. */
export const createLine = (key: SetKey, family: IpFamily): string => {
  const sizes = sets[key][0] === 'bitmap:port' ? '' : ' hashsize 1024 maxelem 65536';
  return `create ${setName(key, family)} ${setHead(key, family)}${sizes}`;
};

/** The sets with packets that are allowed. KUBE-IPVS-FILTER matches them before its rejecting rule. */
export const passSets = [
  'LOAD-BALANCER',
  'CLUSTER-IP',
  'EXTERNAL-IP',
  'EXTERNAL-IP-LOCAL',
  'HEALTH-CHECK-NODE-PORT',
] as const;
