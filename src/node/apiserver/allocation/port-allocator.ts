// Node ports from --service-node-port-range. Callers pass the node ports of the stored services as `taken`.

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface PortAllocator {
  readonly range: PortRange;
  /** The reason why a service can't have this port. Undefined when a service can have it. */
  refuse(port: number, taken: ReadonlySet<number>): string | undefined;
  /** A free port, chosen at random. Undefined when the range is full. */
  draw(taken: ReadonlySet<number>): number | undefined;
}

/** `30000-32767`. @throws Error on anything else */
export const parsePortRange = (text: string): PortRange => {
  const [first = Number.NaN, last = Number.NaN] = text
    .split('-')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (!(first >= 1 && last >= first && last <= 65_535))
    throw new Error(`invalid argument "${text}" for "--service-node-port-range" flag: it must be like 30000-32767`);
  return { first, last };
};

export const createPortAllocator = (range: PortRange): PortAllocator => {
  const { first, last } = range;
  const size = last - first + 1;
  // KEP-3668: the lower band is for ports that users choose.
  const band = size < 32 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128);
  const draw = (from: number, to: number, taken: ReadonlySet<number>): number | undefined => {
    const count = to - from + 1;
    const start = Math.floor(Math.random() * count);
    for (let step = 0; step < count; step += 1) {
      const port = from + ((start + step) % count);
      if (!taken.has(port)) return port;
    }
    return undefined;
  };
  return {
    range,
    refuse: (port, taken) => {
      if (port < first || port > last)
        return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
      return taken.has(port) ? 'provided port is already allocated' : undefined;
    },
    draw: (taken) => draw(first + band, last, taken) ?? draw(first, first + band - 1, taken),
  };
};
