// Compares what the model says about a packet with what came out of the kernel.
import type { Branch, NodeEnd } from '../../../src/dataplane/node/packet.ts';
import { groundAddresses, groundLinks, type Probe } from './ground.ts';
import { six } from './six.ts';
import type { Seen } from './wire.ts';

/** What happened to a packet, in one word. `nothing` if nothing came out. */
export const observe = (seen: readonly Seen[]): string => {
  const packets = seen.filter(({ kind }) => kind === 'packet');
  if (packets.length > 1) return `seen ${packets.length} times: ${packets.map(describe).join(', ')}`;
  const [packet] = packets;
  if (packet) return describe(packet);
  const [answer] = seen;
  if (!answer) return 'nothing';
  return answer.kind === 'icmp' ? `rejected ${answer.icmp}` : 'rejected tcp-reset';
};

const describe = ({ place, source, sourcePort, destination, destinationPort }: Seen): string =>
  `${place} ${source}:${sourcePort ?? ''} > ${destination}:${destinationPort ?? ''}`;

const icmpCodes: Readonly<Record<string, string>> = {
  'icmp-net-unreachable': '3/0',
  'icmp-host-unreachable': '3/1',
  'icmp-prot-unreachable': '3/2',
  'icmp-port-unreachable': '3/3',
  'icmp-net-prohibited': '3/9',
  'icmp-host-prohibited': '3/10',
  'icmp-admin-prohibited': '3/13',
  'icmp-time-exceeded': '11/0',
  'icmp6-no-route': '1/0',
  'icmp6-adm-prohibited': '1/1',
  'icmp6-admin-prohibited': '1/1',
  'icmp6-addr-unreachable': '1/3',
  'icmp6-host-unreachable': '1/3',
  'icmp6-port-unreachable': '1/4',
  'icmp6-time-exceeded': '3/0',
};

const ownAddresses: ReadonlySet<string> = new Set(
  [
    '127.0.0.1',
    ...Object.values(groundAddresses).flatMap((list) => list.map((address) => address.replace(/\/.*/, ''))),
  ].flatMap((address) => [address, six(address)]),
);
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** What may be observed if the packet ends like this; undefined: anything. */
const expectedOf = (
  end: NodeEnd,
  { headers, randomPort, connection }: Branch,
  { entry, packet }: Probe,
  lossy: boolean,
): RegExp | undefined => {
  const port = (number: number | undefined): string => (/^icmp/.test(headers.protocol) ? '' : String(number));
  const literal = (text: string): string => text.replaceAll('.', '\\.');
  switch (end.kind) {
    case 'leaves':
    case 'delivered': {
      const place = end.kind === 'leaves' ? groundLinks[end.link as keyof typeof groundLinks] : 'local';
      const from = `${literal(headers.source)}:${randomPort ? '\\d*' : port(headers.sourcePort)}`;
      return new RegExp(`^${place} ${from} > ${literal(headers.destination)}:${port(headers.destinationPort)}$`);
    }
    case 'dropped':
      return /^nothing$/;
    case 'rejected': {
      const answer = end.with === 'tcp-reset' ? 'tcp-reset' : (icmpCodes[end.with] ?? end.with);
      // Policy rules, or a translated source, may leave the answer without a route. The answer to an address of the
      // node itself does not leave the node, nor does one from a loopback address. Rules may drop or reject the answer
      // to a packet without a connection.
      const lost =
        lossy ||
        headers.source !== packet.source ||
        (entry.kind === 'link' &&
          (ownAddresses.has(packet.source) || isLoopback(packet.destination) || isLoopback(headers.destination)));
      return connection && !lost ? new RegExp(`^rejected ${answer}$`) : /^(rejected .*|nothing)$/;
    }
    case 'unroutable':
      // A process gets an error of its system call. For other senders, the kernel limits how many errors it sends.
      return entry.kind === 'process' ? /^nothing$/ : /^(nothing|rejected (3\/(0|1|13)|1\/[013456]))$/;
    case 'unknown':
      return (
        end.perhaps &&
        expectedOf(end.perhaps, { headers, randomPort, connection } as Branch, { entry, packet } as Probe, lossy)
      );
  }
};

export interface Verdict {
  readonly observed: string;
  /** Whether the model allows it. */
  readonly agrees: boolean;
  /** Whether the model claimed to know. */
  readonly known: boolean;
}

/** @param lossy whether answers to packets may get lost */
export const judge = (probe: Probe, branches: readonly Branch[], seen: readonly Seen[], lossy: boolean): Verdict => {
  const observed = observe(seen);
  const agrees = branches.some((branch) => expectedOf(branch.end, branch, probe, lossy)?.test(observed) ?? true);
  return { observed, agrees, known: branches.every(({ end }) => end.kind !== 'unknown') };
};

/** The kind of an observation: for counting that each kind occurs. */
export const kindOf = (observed: string): string => (/^p\d/.test(observed) ? 'leaves' : (observed.split(' ')[0] ?? ''));

export const describeBranches = (branches: readonly Branch[]): string =>
  branches
    .map(({ end, headers, probability, steps }) => {
      const way = steps
        .map((step) => `    ${step.kind}: ${'text' in step ? `${step.text} ` : ''}→ ${step.effect}`)
        .join('\n');
      const { source, sourcePort, destination, destinationPort } = headers;
      return `  ${JSON.stringify({ ...end, step: undefined })} ${source}:${sourcePort} > ${destination}:${destinationPort} p=${probability}\n${way}`;
    })
    .join('\n');
