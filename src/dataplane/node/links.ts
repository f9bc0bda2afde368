// `ip -details -json address` → the links of a namespace; `bridge -json fdb`, `ip -json neigh`.
import { json } from './json.ts';

export interface NodeLink {
  readonly index: number;
  readonly name: string;
  /** `bridge`, `veth`, `vxlan`, …; empty for a real device. */
  readonly kind: string;
  readonly up: boolean;
  readonly loopback: boolean;
  readonly mac: string;
  /** The bridge that the link is a port of. */
  readonly master: string | undefined;
  readonly addresses: readonly LinkAddress[];
  /** The other end of a veth: its index, and the id of its namespace as this namespace counts (absent: this one). */
  readonly peer: { readonly index: number; readonly namespace: number | undefined } | undefined;
  readonly vxlan: Vxlan | undefined;
  readonly hairpin: boolean;
  /** What the bridge `master` does with frames of this port, as `bridge link` shows it. */
  readonly port: BridgePort;
  readonly mtu: number;
}

export interface BridgePort {
  /** Frames pass in the state `forwarding` only. */
  readonly state: string;
  /** Frames do not go from one isolated port to another. */
  readonly isolated: boolean;
  readonly learns: boolean;
  /** Whether it sends frames to addresses that nobody has learned, and to all. */
  readonly floods: boolean;
  readonly broadcasts: boolean;
  /** Takes frames only from addresses that the bridge knows. */
  readonly locked: boolean;
}

export interface LinkAddress {
  readonly address: string;
  readonly length: number;
  readonly scope: number;
  readonly secondary: boolean;
  readonly deprecated: boolean;
  /** Made by the privacy extensions of IPv6. */
  readonly temporary: boolean;
}

export interface Vxlan {
  readonly id: number;
  readonly local: string | undefined;
  readonly remote: string | undefined;
  readonly port: number;
}

export interface FdbEntry {
  readonly mac: string;
  readonly link: string;
  /** The remote machine of a VXLAN's entry. */
  readonly remote: string | undefined;
  /** An entry of the link itself (VXLAN), not of its bridge. */
  readonly self: boolean;
  readonly master: string | undefined;
}

export interface Neighbour {
  readonly address: string;
  readonly link: string;
  readonly mac: string | undefined;
  readonly failed: boolean;
  readonly permanent: boolean;
}

const scopes: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };
export const scopeNumber = (scope: unknown): number =>
  typeof scope === 'string' ? (scopes[scope] ?? Number(scope)) : 0;

export const parseLinks = (text: string): NodeLink[] => {
  const entries = json.list(text);
  const indexOf = new Map(entries.map((entry) => [json.text(entry.ifname), json.number(entry.ifindex)]));
  return entries.map((entry) => {
    const info = json.object(entry.linkinfo);
    const data = json.object(info.info_data);
    const flags = json.array(entry.flags);
    const [peerName, peerIndex] = [entry.link, entry.link_index];
    const index = typeof peerIndex === 'number' ? peerIndex : indexOf.get(json.text(peerName));
    const namespace = entry.link_netnsid;
    return {
      index: json.number(entry.ifindex),
      name: json.text(entry.ifname),
      kind: json.text(info.info_kind),
      up: flags.includes('UP') && !flags.includes('NO-CARRIER'),
      loopback: flags.includes('LOOPBACK'),
      mac: json.text(entry.address),
      master: entry.master === undefined ? undefined : json.text(entry.master),
      addresses: json.array(entry.addr_info).map((each) => readAddress(json.object(each))),
      peer:
        index === undefined ? undefined : { index, namespace: typeof namespace === 'number' ? namespace : undefined },
      vxlan: json.text(info.info_kind) === 'vxlan' ? readVxlan(data) : undefined,
      hairpin: json.object(info.info_slave_data).hairpin === true,
      port: readPort(json.object(info.info_slave_data)),
      mtu: json.number(entry.mtu),
    };
  });
};

const readPort = (data: Record<string, unknown>): BridgePort => ({
  state: json.optionalText(data.state) ?? 'forwarding',
  isolated: data.isolated === true,
  learns: data.learning !== false,
  floods: data.flood !== false,
  broadcasts: data.bcast_flood !== false,
  locked: data.locked === true,
});

const readAddress = (entry: Record<string, unknown>): LinkAddress => ({
  address: json.text(entry.local),
  length: json.number(entry.prefixlen),
  scope: scopeNumber(entry.scope),
  secondary: entry.secondary === true && json.text(entry.family) === 'inet',
  deprecated: entry.deprecated === true || entry.tentative === true,
  temporary: entry.temporary === true,
});

const readVxlan = (data: Record<string, unknown>): Vxlan => ({
  id: json.number(data.id),
  local: json.optionalText(data.local ?? data.local6),
  remote: json.optionalText(data.remote ?? data.remote6),
  port: json.number(data.port),
});

export const parseFdb = (text: string): FdbEntry[] =>
  json.list(text).map((entry) => ({
    mac: json.text(entry.mac),
    link: json.text(entry.ifname),
    remote: json.optionalText(entry.dst),
    self: json.array(entry.flags).includes('self'),
    master: json.optionalText(entry.master),
  }));

export const parseNeighbours = (text: string): Neighbour[] =>
  json.list(text).map((entry) => {
    const states = json.array(entry.state);
    return {
      address: json.text(entry.dst),
      link: json.text(entry.dev),
      mac: json.optionalText(entry.lladdr),
      failed: states.includes('FAILED') || states.includes('INCOMPLETE'),
      permanent: states.includes('PERMANENT'),
    };
  });
