// `ipvsadm -Sn` → virtual services, and what they make of a packet.
import { joinEndpoint, splitEndpoint } from '../address.ts';
import { chance } from './engine.ts';
import { addStep, endPacket, type PacketState, unknown } from './state.ts';

export interface VirtualService {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly mark: number | undefined;
  readonly scheduler: string;
  readonly servers: readonly RealServer[];
  readonly text: string;
}

interface RealServer {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  /** `masq`, `direct` or `tunnel`. */
  readonly method: string;
}

const protocols: Readonly<Record<string, string>> = { '-t': 'tcp', '-u': 'udp', '--sctp-service': 'sctp' };

export const parseIpvs = (text: string): VirtualService[] => {
  const services = new Map<string, VirtualService & { readonly servers: RealServer[] }>();
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const [verb, kind = '', name = ''] = words;
    const option = (key: string): string | undefined => {
      const at = words.indexOf(key);
      return at < 0 ? undefined : words[at + 1];
    };
    const key = `${kind} ${name}`;
    if (verb === '-A') {
      const { address, port } = kind === '-f' ? { address: '', port: 0 } : splitEndpoint(name);
      const mark = kind === '-f' ? Number(name) : undefined;
      const scheduler = option('-s') ?? 'wlc';
      services.set(key, {
        protocol: protocols[kind] ?? '',
        address,
        port: port ?? 0,
        mark,
        scheduler,
        servers: [],
        text: line.trim(),
      });
    } else if (verb === '-a') {
      const { address, port } = splitEndpoint(option('-r') ?? '');
      const method = words.includes('-m') ? 'masq' : words.includes('-i') ? 'tunnel' : 'direct';
      services.get(key)?.servers.push({ address, port: port ?? 0, weight: Number(option('-w') ?? 1), method });
    }
  }
  return [...services.values()];
};

export const serviceFor = (services: readonly VirtualService[], packet: PacketState): VirtualService | undefined =>
  services.find(({ mark }) => mark !== undefined && mark !== 0 && mark === packet.mark) ??
  services.find(
    ({ mark, protocol, address, port }) =>
      mark === undefined &&
      protocol === packet.protocol &&
      address === packet.destination &&
      (port === 0 || port === packet.destinationPort),
  );

export interface Taken {
  readonly packet: PacketState;
  readonly server: RealServer | undefined;
}

/** The packet for each server that the service may choose. */
export const balance = (service: VirtualService, packet: PacketState, keepsConnection: boolean): PacketState[] => {
  const step = (effect: string): PacketState => addStep(packet, { kind: 'ipvs', text: service.text, effect });
  const servers = service.servers.filter(({ weight }) => weight > 0);
  if (servers.length === 0) {
    const rejected = step('no server: rejected');
    const end = {
      kind: 'rejected',
      with: 'icmp-port-unreachable',
      by: `IPVS has no server for ${service.text}`,
    } as const;
    return [endPacket(rejected, { ...end, step: rejected.steps?.step })];
  }
  if (servers.some(({ method }) => method !== 'masq'))
    return [unknown(step('forwards without NAT'), 'IPVS forwards without NAT (-g or -i)')];
  const weighted = service.scheduler.startsWith('w');
  const total = servers.reduce((sum, { weight }) => sum + (weighted ? weight : 1), 0);
  return servers.flatMap(({ address, port, weight }) => {
    const [share] = chance(packet, (weighted ? weight : 1) / total);
    if (!share) return [];
    const destinationPort = port === 0 ? packet.destinationPort : port;
    const sent = addStep(share.packet, {
      kind: 'ipvs',
      text: service.text,
      effect: `to server ${joinEndpoint(address, destinationPort)}`,
    });
    const { tracked } = packet;
    const connection =
      typeof tracked === 'string' || keepsConnection
        ? typeof tracked === 'string'
          ? tracked
          : { ...tracked, changed: { ...tracked.changed, destination: true } }
        : 'untracked';
    return [{ ...sent, destination: address, destinationPort, tracked: connection }];
  });
};
