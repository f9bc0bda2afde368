// Texts of a node as `ip -json` prints them, from short descriptions.
import type { NodeTexts } from '../../../src/dataplane/node/texts.ts';

/** `eth0: ['10.0.0.1/24']` */
export type Links = Readonly<Record<string, readonly string[]>>;

const scopeOf = (address: string): string => (address.startsWith('127.') || address === '::1' ? 'host' : 'global');

/**
 * `ip -details -json address` for links that are up. Each has a local and a connected route.
 * @param details more fields of a link, by name
 */
export const textsOf = (
  links: Links,
  routes: readonly object[] = [],
  rest: Partial<NodeTexts> = {},
  details: Readonly<Record<string, object>> = {},
): NodeTexts => {
  const all: Links = { lo: ['127.0.0.1/8'], ...links };
  const addresses = Object.entries(all).map(([ifname, list], index) => ({
    ifindex: index + 1,
    ifname,
    flags: ifname === 'lo' ? ['LOOPBACK', 'UP', 'LOWER_UP'] : ['BROADCAST', 'UP', 'LOWER_UP'],
    address: `02:00:00:00:00:0${index}`,
    ...details[ifname],
    addr_info: list.map((each) => {
      const [local = '', length = ''] = each.split('/');
      return {
        family: local.includes(':') ? 'inet6' : 'inet',
        local,
        prefixlen: Number(length),
        scope: scopeOf(local),
      };
    }),
  }));
  const own = Object.entries(all).flatMap(([dev, list]) =>
    list.flatMap((each) => {
      const [dst = ''] = each.split('/');
      const local = { type: 'local', dst, dev, table: 'local', scope: 'host', prefsrc: dst, flags: [] };
      const network = each.replace(/\.\d+\/24$/, '.0/24');
      const connected = network === each ? [] : [{ dst: network, dev, scope: 'link', prefsrc: dst, flags: [] }];
      return dev === 'lo' ? [{ ...local, dst: '127.0.0.0/8' }] : [local, ...connected];
    }),
  );
  return {
    addresses: JSON.stringify(addresses),
    routes: JSON.stringify([...own, ...routes]),
    sysctls: 'net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\n',
    ...rest,
  };
};

/** `iptables-save` with these rules, and chains that they name. Lines before the first `*` belong to `filter`. */
export const saved = (rules: string): string => {
  const tables = new Map<string, string[]>();
  let table = 'filter';
  for (const line of rules.split('\n').map((each) => each.trim())) {
    if (line.startsWith('*')) table = line.slice(1);
    else if (line !== '') tables.set(table, [...(tables.get(table) ?? []), line]);
  }
  return [...tables]
    .map(([name, lines]) => {
      const policies = new Map(
        lines.flatMap((line) => (line.startsWith(':') ? [[line.slice(1).split(' ')[0], line]] : [])),
      );
      const builtIn = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']
        .filter((chain) => !policies.has(chain))
        .map((chain) => `:${chain} ACCEPT [0:0]`);
      return [`*${name}`, ...builtIn, ...lines, 'COMMIT', ''].join('\n');
    })
    .join('');
};
