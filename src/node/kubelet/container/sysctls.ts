// The kernel parameters that a pod may set. Pure.

/** Parameters of the pod's own namespaces that cannot harm others: Kubernetes v1.32 calls them safe. */
const safe: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

/** Parameters that belong to a namespace. No configuration can allow others, because they would change the node. */
const namespaced = /^(net\.|kernel\.(shm|msg|sem)|fs\.mqueue\.)/;

/** @returns the name with dots: `net/ipv4/tcp_syncookies` means `net.ipv4.tcp_syncookies` */
export const sysctlName = (name: string): string => {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== '/') return name;
  // In the form with slashes, a dot is part of a name, such as that of a VLAN's interface.
  return [...name].map((character) => ({ '/': '.', '.': '/' })[character] ?? character).join('');
};

/** @param unsafe the names that the kubelet's configuration allows, or their beginnings with `*` at the end */
export const isAllowedSysctl = (given: string, unsafe: readonly string[]): boolean => {
  const name = sysctlName(given);
  if (safe.has(name)) return true;
  if (!namespaced.test(name)) return false;
  return unsafe.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(sysctlName(pattern.slice(0, -1))) : name === sysctlName(pattern),
  );
};
