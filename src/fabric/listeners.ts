// Parses /proc/PID/net/{tcp,udp,tcp6,udp6}, the kernel's list of sockets. Pure. Used by facts.ts and api-server.ts.
import type { ListenerFact } from '../api/facts.ts';

const listening = '0A';
const unconnected = '07';

/** Sockets that accept traffic: TCP in state LISTEN, UDP without a peer. Format: proc_pid_net(5). */
export const parseListeners = (protocol: 'tcp' | 'udp', table: string): readonly ListenerFact[] =>
  table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/);
      if (state !== (protocol === 'tcp' ? listening : unconnected)) return [];
      const [address = '', port = ''] = local.split(':');
      return [{ protocol, address: addressOf(address), port: Number.parseInt(port, 16) }];
    });

/**
 * The inode of the socket whose other end is this one.
 * @param peer `address:port`, as `socket.localAddress` names the address
 */
export const socketWithPeer = (table: string, peer: string): string | undefined => {
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [address = '', port = ''] = (fields[2] ?? '').split(':');
    if (port === '' || `${addressOf(address)}:${Number.parseInt(port, 16)}` !== peer) continue;
    // A connection that is over has none.
    const inode = fields[9];
    if (inode !== undefined && inode !== '0') return inode;
  }
  return undefined;
};

/** The kernel prints each 32-bit word of the address as a number in host byte order, which is little-endian here. */
const addressOf = (hex: string): string => {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return dotted(bytes);
  if (/^0{20}ffff/i.test(bytes.join(''))) return dotted(bytes.slice(12));
  return compress(bytes);
};

const dotted = (bytes: readonly string[]): string => bytes.map((byte) => Number.parseInt(byte, 16)).join('.');

/** RFC 5952: the longest run of zero groups becomes `::`. */
const compress = (bytes: readonly string[]): string => {
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number.parseInt(`${bytes[index * 2]}${bytes[index * 2 + 1]}`, 16).toString(16),
  );
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const longest = runs[0];
  if (!longest) return groups.join(':');
  const text = groups.join(':');
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${text.slice(0, longest.index)}::${after}`;
};
