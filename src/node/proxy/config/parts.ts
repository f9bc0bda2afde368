// Parses the values of the configuration that are more than a text or a number, and complains about wrong ones.
import { isIP } from 'node:net';
import { isCidr } from '../../../api/ip.ts';
import { type ProxyMode, proxyModes } from '../../../api/proxy-modes.ts';
import type { DetectLocalMode, DetectLocalOptions } from '../local-detector.ts';
import { familyOf } from '../types.ts';
import type { UserspaceConfig } from './config.ts';
import type { Lookup } from './lookup.ts';

const detectModes: readonly DetectLocalMode[] = ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'];

export const parseMode = (look: Lookup): ProxyMode =>
  oneOf(look, 'mode', proxyModes, (text, known) => `"${text}" is unknown; known are ${known}`);

const oneOf = <T extends string>(
  look: Lookup,
  path: string,
  known: readonly T[],
  problem: (text: string, known: string) => string,
): T => {
  const text = look.text(path, '');
  const found = known.find((value) => value === text);
  if (found === undefined && text !== '') look.complain(path, problem(text, known.join(', ')));
  return found ?? (known[0] as T);
};

export const parseLogFormat = (look: Lookup): 'text' | 'json' =>
  oneOf(look, 'logging.format', ['text', 'json'], (text) => `"${text}" is neither text nor json`);

/** Parses `proxier=4,config=2` into source file name → verbosity. */
export const parseVmodule = (look: Lookup): ReadonlyMap<string, number> => {
  const parts = look
    .text('logging.vmodule', '')
    .split(',')
    .filter((part) => part !== '');
  const pairs = parts.map((part) => /^([\w*?[\]-]+)=(\d+)$/.exec(part.trim()));
  if (pairs.includes(null)) look.complain('logging.vmodule', `it must be like proxier=4,config=2`);
  return new Map(pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', Number(pair[2])] as const] : [])));
};

export const parseExcludeCidrs = (look: Lookup): readonly string[] => {
  const cidrs = look.texts('ipvs.excludeCIDRs');
  for (const cidr of cidrs) if (!isCidr(cidr)) look.complain('ipvs.excludeCIDRs', `"${cidr}" is not a network`);
  return cidrs;
};

/** Parses `from-to`, `from+size` or one port. Empty or `0` means any port. */
export const parsePortRange = (look: Lookup): UserspaceConfig['portRange'] => {
  const text = look.text('portRange', '');
  if (text === '' || text === '0' || text === '0-0') return undefined;
  const [, first = '', sign, second = first] = /^(\d+)(?:([-+])(\d+))?$/.exec(text.trim()) ?? [];
  const from = Number(first || Number.NaN);
  const to = sign === '+' ? from + Number(second) : Number(second);
  if (from >= 1 && from <= to && to <= 65_535) return { from, to };
  look.complain('portRange', `"${text}" is not a range such as 40000-41000`);
  return undefined;
};

export const parseDetectLocal = (look: Lookup): DetectLocalOptions => {
  const mode = oneOf(look, 'detectLocalMode', detectModes, (text, known) => `"${text}" is none of ${known}`);
  const bridgeInterface = look.text('detectLocal.bridgeInterface', '');
  const interfaceNamePrefix = look.text('detectLocal.interfaceNamePrefix', '');
  const clusterCidr = look.text('clusterCIDR', '');
  checkClusterCidrs(look, clusterCidr);
  if (mode === 'BridgeInterface' && bridgeInterface === '') {
    look.complain('detectLocal.bridgeInterface', 'it must name the bridge');
  }
  if (mode === 'InterfaceNamePrefix' && interfaceNamePrefix === '') {
    look.complain('detectLocal.interfaceNamePrefix', 'it must not be empty');
  }
  return { mode, clusterCidr, bridgeInterface, interfaceNamePrefix };
};

const checkClusterCidrs = (look: Lookup, text: string): void => {
  const cidrs = text.split(',').filter((part) => part !== '');
  for (const cidr of cidrs) {
    if (!isCidr(cidr.trim())) look.complain('clusterCIDR', `"${cidr}" is not a network such as 10.244.0.0/16`);
  }
  if (cidrs.length > 2 || new Set(cidrs.map(familyOf)).size < cidrs.length) {
    look.complain('clusterCIDR', `"${text}" has more than one network of a family`);
  }
};

export const parseNodePortAddresses = (look: Lookup): readonly string[] => {
  const addresses = look.texts('nodePortAddresses');
  for (const text of addresses) {
    if (text === 'primary' ? addresses.length > 1 : !isCidr(text)) {
      look.complain('nodePortAddresses', `"${text}" is not a network; or give "primary" alone`);
    }
  }
  return addresses;
};

export const parseBindAddress = (look: Lookup): string => {
  const address = look.text('bindAddress', '') || '0.0.0.0';
  if (isIP(address) === 0) look.complain('bindAddress', `"${address}" is not an IP address`);
  return address;
};

interface Listening {
  readonly host: string;
  readonly port: number;
  /** The port from the older flag, which has no address; 0 turns the server off. */
  readonly flag: number | undefined;
  /** An empty flag turns the server off. In the file, empty means the default. */
  readonly off: boolean;
}

/** Parses `address:port`; the port may be missing. @returns an empty text for no server */
export const parseListening = (look: Lookup, path: string, { host, port, flag, off }: Listening): string => {
  if (flag === 0 || off) return '';
  const withHost = (address: string): string => (address.includes(':') ? `[${address}]` : address);
  const text = look.text(path, '') || `${withHost(host)}:${port}`;
  if (isIP(text) !== 0) return `${withHost(text)}:${flag ?? port}`;
  const [, address = '', , wanted] = /^(\[([^\]]*)\]|[^:]*):(\d+)$/.exec(text) ?? [];
  const bare = address.replace(/^\[|\]$/g, '');
  if (wanted === undefined || Number(wanted) > 65_535 || (bare !== '' && isIP(bare) === 0)) {
    look.complain(path, `"${text}" is not an address with a port, such as 0.0.0.0:${port}`);
  }
  return `${address}:${flag ?? wanted}`;
};

/** Like the original, except that without `minSyncPeriod` the pause adapts to the duration of syncs. */
export const parsePace = (look: Lookup, section: string) => {
  const syncPeriodMs = look.number(`${section}.syncPeriod`, 30_000) || 30_000;
  // kubeadm's file has 0, which means the program's own default, as in the original.
  const minSyncPeriodMs = (look.optional(`${section}.minSyncPeriod`) as number | undefined) || undefined;
  if ((minSyncPeriodMs ?? 0) > syncPeriodMs) {
    look.complain(`${section}.minSyncPeriod`, `it must not be longer than ${section}.syncPeriod`);
  }
  return { syncPeriodMs, minSyncPeriodMs };
};
