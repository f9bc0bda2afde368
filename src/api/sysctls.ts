// Names of kernel parameters of a network namespace, as `sysctl` takes them.

/**
 * `net.ipv4.ip_forward` → `net/ipv4/ip_forward`: the path below /proc/sys. As with `sysctl`, a slash stands for a dot
 * in the name of a link: `net.ipv4.conf.eth0/100.rp_filter`.
 * @returns undefined for a name that leads out of /proc/sys/net
 */
export const sysctlPath = (name: string): string | undefined => {
  const swapped: Readonly<Record<string, string>> = { '.': '/', '/': '.' };
  const path = /^[^./]*\//.test(name) ? name : name.replaceAll(/[./]/g, (separator) => swapped[separator] ?? '');
  const [first, ...segments] = path.split('/');
  const isSafe = segments.every((segment) => segment !== '..' && /^[-\w.:@+]+$/.test(segment) && segment !== '.');
  return first === 'net' && segments.length > 0 && isSafe ? path : undefined;
};
