// The words from `-j` or `-g` to the end of the line → Target.
import type { NatAddress, Target } from './model.ts';
import { parseMarkValue, parsePortRange } from './parse-match.ts';
import { unquote } from './words.ts';

export const parseTarget = (words: readonly string[]): Target => {
  const [option, name = '', ...rest] = words.filter((word) => word !== '');
  const value = (...names: string[]): string | undefined => {
    const index = rest.findIndex((word) => names.includes(word));
    return index < 0 ? undefined : unquote(rest[index + 1] ?? '');
  };
  switch (name) {
    case 'ACCEPT':
      return { kind: 'accept', words };
    case 'DROP':
      return { kind: 'drop', words };
    case 'RETURN':
      return { kind: 'return', words };
    case 'REJECT':
      return { kind: 'reject', with: value('--reject-with') ?? 'icmp-port-unreachable', words };
    case 'DNAT':
      return natTarget('dnat', value('--to-destination') ?? '', words);
    case 'SNAT':
      return natTarget('snat', value('--to-source') ?? '', words);
    case 'MASQUERADE':
    case 'REDIRECT': {
      const ports = value('--to-ports');
      const kind = name === 'REDIRECT' ? 'redirect' : 'masquerade';
      return { kind, ...(ports === undefined ? {} : { ports: parsePortRange(ports, '-') }), words };
    }
    case 'MARK':
    case 'CONNMARK':
      return markTarget(name, value, words);
    default:
      return otherTargets.has(name)
        ? { kind: 'other', name, words }
        : { kind: 'jump', chain: unquote(name), goto: option === '-g', words };
  }
};

// Every other word is the name of a chain. iptables refuses a chain with the name of a target.
const otherTargets: ReadonlySet<string> = new Set([
  ...['AUDIT', 'CHECKSUM', 'CLASSIFY', 'CLUSTERIP', 'CONNSECMARK', 'CT', 'DNPT', 'DSCP', 'ECN', 'HL', 'HMARK'],
  ...['IDLETIMER', 'LED', 'LOG', 'NETMAP', 'NFLOG', 'NFQUEUE', 'NOTRACK', 'QUEUE', 'RATEEST', 'SECMARK', 'SET'],
  ...['SNPT', 'SYNPROXY', 'TCPMSS', 'TCPOPTSTRIP', 'TEE', 'TOS', 'TPROXY', 'TRACE', 'TTL', 'ULOG'],
]);

const natTarget = (kind: 'dnat' | 'snat', to: string, words: readonly string[]): Target => ({
  kind,
  to,
  address: parseNatAddress(to),
  words,
});

/** `10.244.1.2:3306`, `10.0.0.1-10.0.0.9`, `:8080`, `[fd00::1]:80`, `[fd00::1-fd00::9]:80`, `10.0.0.1:80-90`. */
const parseNatAddress = (text: string): NatAddress => {
  const ported = /^(.*?):(\d+(?:-\d+)?)$/.exec(text);
  const isPort =
    ported && (!text.includes('::') || text.startsWith('[')) && !/^[\da-f:]*:[\da-f:]*$/i.test(ported[1] ?? '');
  const onlyPort = /^:\d/.test(text);
  const hosts = isPort || onlyPort ? (ported?.[1] ?? '') : text;
  const ports = isPort || onlyPort ? parsePortRange(ported?.[2] ?? '', '-') : undefined;
  const [first = '', last] = hosts.replace(/[[\]]/g, '').split('-');
  return {
    ...(first === '' ? {} : { address: first }),
    ...(last === undefined ? {} : { lastAddress: last }),
    ...(ports ? { ports } : {}),
  };
};

const markTarget = (
  name: 'MARK' | 'CONNMARK',
  value: (...names: string[]) => string | undefined,
  words: readonly string[],
): Target => {
  const kind = name === 'MARK' ? 'mark' : 'connmark';
  const xmark = value('--set-xmark', '--set-mark');
  const or = value('--or-mark');
  const and = value('--and-mark');
  const xor = value('--xor-mark');
  if (xmark !== undefined) return { kind, ...parseMarkValue(xmark, 0xffffffff), words };
  if (or !== undefined) return { kind, value: Number(or), mask: Number(or), words };
  if (and !== undefined) return { kind, value: 0, mask: ~Number(and) >>> 0, words };
  if (xor !== undefined) return { kind, value: Number(xor), mask: 0, words };
  return { kind: 'other', name, words };
};
