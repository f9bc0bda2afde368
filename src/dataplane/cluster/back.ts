// The way back: whether the answer to a packet comes to its sender.
import type { Flow } from '../node/conntrack.ts';
import type { SentPacket } from '../node/packet.ts';
import type { Cluster } from './model.ts';
import { walkCluster } from './walk.ts';
import type { Way, WayEnd } from './way.ts';

/** What becomes of the answer to a packet. If it can take several ways, the worst of them. */
export type Answer =
  | { readonly kind: 'returns' }
  /** It does not come to the sender's machine. */
  | { readonly kind: 'lost'; readonly way: Way }
  /** It comes with other addresses than those of the connection, so the sender's socket does not take it. */
  | {
      readonly kind: 'strange';
      readonly way: Way;
      readonly wanted: { readonly address: string; readonly port: number };
    }
  | { readonly kind: 'unknown'; readonly way: Way; readonly reasons: readonly string[] };

/**
 * Follows the answer of the receiver. Each machine on the way has the connection that the packet made there.
 * @param way ends with `delivered`
 * @throws TraceLimitError when there are too many ways or rules
 */
export const answerTo = (cluster: Cluster, way: Way): Answer => {
  // Without conntrack, IPVS has a table of its own, which nobody reads.
  const ipvs = way.hops.find(({ steps, connection }) => !connection && steps.some(({ kind }) => kind === 'ipvs'));
  if (ipvs) return { kind: 'unknown', way, reasons: [`${ipvs.machine} translates answers by IPVS without conntrack`] };
  const back = walkBack(cluster, way);
  const unknown = back.flatMap((each) => (each.end.kind === 'unknown' ? [{ way: each, end: each.end }] : []));
  const [first] = unknown;
  if (first) return { kind: 'unknown', way: first.way, reasons: first.end.reasons };
  const lost = back.find(({ end }) => !isDeliveredTo(way.hops[0]?.machine, end));
  if (lost) return atTimes(lost) ?? { kind: 'lost', way: lost };
  const { source, sourcePort, destination, destinationPort = 0 } = senderOf(way);
  const strange = back.find(
    ({ headers }) =>
      headers.source !== destination ||
      headers.sourcePort !== destinationPort ||
      headers.destination !== source ||
      headers.destinationPort !== sourcePort,
  );
  if (strange)
    return (
      atTimes(strange) ?? { kind: 'strange', way: strange, wanted: { address: destination, port: destinationPort } }
    );
  return { kind: 'returns' };
};

/** An answer that a limit lets through at times only. */
const atTimes = (way: Way): Answer | undefined =>
  way.conditions.length === 0
    ? undefined
    : { kind: 'unknown', way, reasons: way.conditions.map(({ text }) => `depending on ${text}`) };

const walkBack = (cluster: Cluster, { headers, hops, end }: Way): readonly Way[] => {
  const flows = new Map<string, readonly Flow[]>();
  for (const { machine, connection } of hops)
    if (connection) flows.set(machine, [...(flows.get(machine) ?? []), { ...connection, replied: false, mark: 0 }]);
  const { source, sourcePort, destination, destinationPort, protocol } = headers;
  const answer: SentPacket = {
    source: destination,
    destination: source,
    protocol,
    tcpFlags: [end.kind === 'delivered' && end.listening === false ? 'rst' : 'syn', 'ack'],
    ...(destinationPort === undefined ? {} : { sourcePort: destinationPort }),
    ...(sourcePort === undefined ? {} : { destinationPort: sourcePort }),
  };
  return walkCluster(cluster, answer, { machine: end.machine, flows });
};

const isDeliveredTo = (machine: string | undefined, end: WayEnd): boolean =>
  end.kind === 'delivered' && end.machine === machine;

/** The addresses of the sender's socket: those before any NAT in its machine. */
const senderOf = ({ hops: [first], headers }: Way) => first?.connection?.original ?? first?.after ?? headers;
