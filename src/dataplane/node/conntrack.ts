// The table of connections: `conntrack -L` → flows, and the connection of a packet.

/** One direction of a connection. */
export interface Tuple {
  readonly source: string;
  readonly sourcePort: number | undefined;
  readonly destination: string;
  readonly destinationPort: number | undefined;
  readonly protocol: string;
}

/** An entry of the table. */
export interface Flow {
  readonly original: Tuple;
  /** As the reply arrives, before NAT turns it round. */
  readonly reply: Tuple;
  /** Whether a reply was seen. */
  readonly replied: boolean;
  readonly mark: number;
}

export const parseFlows = (text: string): Flow[] =>
  text.split('\n').flatMap((line) => {
    const flow = parseFlow(line);
    return flow ? [flow] : [];
  });

const parseFlow = (line: string): Flow | undefined => {
  const words = line.trim().split(/\s+/);
  if (words[0] === 'ipv4' || words[0] === 'ipv6') words.splice(0, 2);
  const protocol = words[0] === '1' ? 'icmp' : (words[0] ?? '');
  const values = words.flatMap((word) => {
    const [, key, value] = /^(src|dst|sport|dport|mark)=(.*)$/.exec(word) ?? [];
    return key === undefined ? [] : [[key, value ?? ''] as const];
  });
  const all = (key: string): string[] => values.filter(([each]) => each === key).map(([, value]) => value);
  const [sources, destinations, sports, dports] = [all('src'), all('dst'), all('sport'), all('dport')];
  const tuple = (at: number): Tuple => ({
    protocol: protocol === 'ipv6-icmp' ? 'icmpv6' : protocol,
    source: sources[at] ?? '',
    destination: destinations[at] ?? '',
    sourcePort: sports[at] === undefined ? undefined : Number(sports[at]),
    destinationPort: dports[at] === undefined ? undefined : Number(dports[at]),
  });
  if (sources.length < 2) return undefined;
  return {
    original: tuple(0),
    reply: tuple(1),
    replied: !words.includes('[UNREPLIED]'),
    mark: Number(all('mark')[0] ?? 0),
  };
};

const keyOf = (tuple: Tuple): string =>
  [tuple.protocol, tuple.source, tuple.sourcePort, tuple.destination, tuple.destinationPort].join(' ');

/** Finds the flow of a tuple, in both directions. */
export class FlowTable {
  readonly #flows = new Map<string, { readonly flow: Flow; readonly direction: 'original' | 'reply' }>();
  constructor(flows: readonly Flow[]) {
    for (const flow of flows) {
      this.#flows.set(keyOf(flow.reply), { flow, direction: 'reply' });
      this.#flows.set(keyOf(flow.original), { flow, direction: 'original' });
    }
  }
  find(tuple: Tuple): { readonly flow: Flow; readonly direction: 'original' | 'reply' } | undefined {
    return this.#flows.get(keyOf(tuple));
  }
}

/** What conntrack knows about the packet's connection. */
export interface Tracked {
  readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED';
  readonly direction: 'original' | 'reply';
  readonly original: Tuple;
  /** The flow's entry, if there was one before this packet. */
  readonly flow: Flow | undefined;
  readonly mark: number;
  /** Whether rules of the nat hooks were asked for each side. Only the first answer counts. */
  readonly asked: { readonly source: boolean; readonly destination: boolean };
  /** Which side NAT changed. */
  readonly changed: { readonly source: boolean; readonly destination: boolean };
}

export const replyOf = (protocol: string, now: Omit<Tuple, 'protocol'>): Tuple => ({
  protocol,
  source: now.destination,
  sourcePort: now.destinationPort,
  destination: now.source,
  destinationPort: now.sourcePort,
});
