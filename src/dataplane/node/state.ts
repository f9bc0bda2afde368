// A packet at one moment on its way. A state is never changed in place, because ways split.
import type { FlowTable, Tracked, Tuple } from './conntrack.ts';
import type { Branch, Condition, Headers, NodeEnd, NodeStep } from './packet.ts';

/** A step with all steps before it. */
interface Link {
  readonly step: NodeStep;
  readonly before: Link | undefined;
}

export interface PacketState extends Headers {
  readonly tos: number;
  readonly length: number | undefined;
  readonly tcpFlags: readonly string[];
  readonly icmpType: number | undefined;
  readonly icmpCode: number | undefined;
  /** The link of each direction that the present hook shows to rules. Empty: none. */
  readonly iif: string;
  readonly oif: string;
  /** The ports of the bridge that carries the packet. */
  readonly physIn: string;
  readonly physOut: string;
  /** Where the routing decision sends the packet. */
  readonly route: Decision | undefined;
  /** The user of the sending process. Undefined: not known. */
  readonly user: number | undefined;
  readonly ofProcess: boolean;
  /** `none` before conntrack has seen the packet. An `invalid` packet has no connection, either. */
  readonly tracked: Tracked | 'none' | 'untracked' | 'invalid';
  /** Connections besides those of the namespace. */
  readonly flows: FlowTable | undefined;
  readonly wanted: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | undefined;
  /** Entries that rules added for this packet: `recent LIST ADDRESS`, `set NAME KEY`. */
  readonly added: readonly string[];
  readonly randomPort: boolean;
  readonly probability: number;
  readonly steps: Link | undefined;
  readonly unsure: readonly string[];
  readonly conditions: readonly Condition[];
  readonly end: NodeEnd | undefined;
}

/** A routing decision. */
export interface Decision {
  readonly type: 'local' | 'unicast' | 'broadcast';
  readonly link: string;
  readonly gateway: string | undefined;
  /** The source address that the kernel prefers for this route. */
  readonly source: string | undefined;
}

export const addStep = (packet: PacketState, step: NodeStep): PacketState => ({
  ...packet,
  steps: { step, before: packet.steps },
});

export const lastStep = ({ steps }: PacketState): NodeStep | undefined => steps?.step;

/** The steps, first one first. */
export const stepsOf = ({ steps }: PacketState): NodeStep[] => {
  const all: NodeStep[] = [];
  for (let link = steps; link; link = link.before) all.push(link.step);
  return all.reverse();
};

export const endPacket = (packet: PacketState, end: NodeEnd): PacketState => ({ ...packet, end });

/** Ends a packet that something outside of the rules drops. */
export const dropBy = (packet: PacketState, step: NodeStep, by: string): PacketState =>
  endPacket(addStep(packet, step), { kind: 'dropped', by, step });

export const unknown = (packet: PacketState, reason: string): PacketState =>
  endPacket(packet, { kind: 'unknown', reasons: [...new Set([...packet.unsure, reason])], perhaps: undefined });

/** NOTRACK changes nothing when the packet has a connection. */
export const notTracked = (packet: PacketState): PacketState =>
  packet.tracked === 'none' || packet.tracked === 'invalid' ? { ...packet, tracked: 'untracked' } : packet;

export const tupleOf = (packet: PacketState): Tuple => ({
  protocol: packet.protocol,
  source: packet.source,
  sourcePort: packet.sourcePort,
  destination: packet.destination,
  destinationPort: packet.destinationPort,
});

/** All that decides what happens to the packet from here on. */
export const fingerprint = (packet: PacketState): string => {
  const { steps: _, probability: __, unsure: ___, conditions: ____, tracked, ...rest } = packet;
  const connection = typeof tracked === 'string' ? tracked : { ...tracked, flow: undefined };
  return JSON.stringify([rest, connection]);
};

/** How a packet ends. What a packet that is stopped looked like does not matter; how its sender learns of it does. */
export const fateOf = (packet: PacketState): string => {
  const { end } = packet;
  if (end?.kind === 'dropped') return 'dropped';
  if (end?.kind === 'rejected') return `rejected with ${end.with}`;
  return fingerprint({ ...packet, end: end && ({ kind: end.kind } as PacketState['end']) });
};

export const branchOf = (packet: PacketState): Branch => {
  const end: NodeEnd = packet.end ?? { kind: 'unknown', reasons: ['the packet has no end'], perhaps: undefined };
  const { family, source, sourcePort, destination, destinationPort, protocol, mark, ttl, tracked } = packet;
  const reply: Tuple = {
    protocol,
    source: destination,
    sourcePort: destinationPort,
    destination: source,
    destinationPort: sourcePort,
  };
  return {
    end:
      packet.unsure.length > 0 && end.kind !== 'unknown'
        ? { kind: 'unknown', reasons: packet.unsure, perhaps: end }
        : end,
    headers: { family, source, sourcePort, destination, destinationPort, protocol, mark, ttl },
    ...(packet.added.length > 0 ? { remembered: packet.added } : {}),
    probability: packet.probability,
    conditions: packet.conditions,
    steps: stepsOf(packet),
    connection:
      typeof tracked === 'string' ? undefined : { original: tracked.original, reply: tracked.flow?.reply ?? reply },
    randomPort: packet.randomPort,
  };
};
