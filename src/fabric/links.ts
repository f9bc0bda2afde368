// Parses the output of `ip -json` into facts. Pure. Used by facts.ts.
import type { LinkFact, RouteFact } from '../api/facts.ts';
import { cleanJson } from './tool-text.ts';

interface IpLink {
  ifindex: number;
  ifname: string;
  link_index?: number;
  link_netnsid?: number;
  flags?: string[];
  mtu: number;
  address?: string;
  master?: string;
  linkinfo?: { info_kind?: string };
  addr_info?: { family: string; local?: string; prefixlen: number }[];
}

/** From `ip -details -json address`. */
export const parseLinks = (json: string): readonly LinkFact[] =>
  (JSON.parse(cleanJson(json) || '[]') as IpLink[])
    // A filter of ip leaves empty objects in its lists.
    .filter((link) => link.ifname !== undefined)
    .map((link) => ({
      ifindex: link.ifindex,
      name: link.ifname,
      kind: link.linkinfo?.info_kind ?? '',
      up: link.flags?.includes('UP') ?? false,
      mac: link.address ?? '',
      mtu: link.mtu,
      ...(link.master === undefined ? {} : { master: link.master }),
      ...(link.link_index === undefined ? {} : { peerIndex: link.link_index }),
      addresses: (link.addr_info ?? [])
        .filter(({ local }) => local !== undefined)
        .map(({ family, local, prefixlen }) => ({
          address: local ?? '',
          prefix: prefixlen,
          family: family === 'inet6' ? 'inet6' : 'inet',
        })),
    }));

interface IpRoute {
  type?: string;
  dst: string;
  gateway?: string;
  dev?: string;
  protocol?: string;
  prefsrc?: string;
}

/** From `ip -details -json route show table main`. */
export const parseRoutes = (json: string): readonly RouteFact[] =>
  (JSON.parse(cleanJson(json) || '[]') as IpRoute[]).map((route) => ({
    destination: route.dst,
    type: route.type ?? 'unicast',
    ...(route.gateway === undefined ? {} : { gateway: route.gateway }),
    ...(route.dev === undefined ? {} : { device: route.dev }),
    ...(route.protocol === undefined ? {} : { protocol: route.protocol }),
    ...(route.prefsrc === undefined ? {} : { source: route.prefsrc }),
  }));
