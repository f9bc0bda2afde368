// The rules that the CNI plugin `portmap` writes for the host ports of pods. It names a chain after the pod's sandbox,
// which the API does not know, so the rules are recognised one by one.
import type { Pod } from '../../../api/core-pods.ts';
import type { Change } from '../../../dataplane/compare.ts';

const shared: readonly RegExp[] = [
  /^-A (PREROUTING|OUTPUT) -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT$/,
  /^-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ$/,
  /^-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000\/0x2000 -j MASQUERADE$/,
  /^-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000\/0x2000$/,
  /^-A CNI-HOSTPORT-DNAT -p \w+ -m comment --comment "dnat name: .*" -m multiport --dports [\d,]+ -j CNI-DN-[0-9a-f]+$/,
  /^-A CNI-DN-[0-9a-f]+ -s [\d./]+ -p \w+ -m \w+ --dport \d+ -j CNI-HOSTPORT-SETMARK$/,
  /^chain CNI-(HOSTPORT-(DNAT|MASQ|SETMARK)|DN-[0-9a-f]+)$/,
];

/** @param pods of the node */
export const isPortMapping = (pods: readonly Pod[]): ((change: Change) => boolean) => {
  const mappings = new Set(
    pods.flatMap(({ spec, status }) =>
      spec.containers.flatMap(({ ports = [] }) =>
        ports.flatMap(({ hostPort, containerPort, protocol = 'TCP' }) =>
          hostPort ? [`${protocol.toLowerCase()} ${hostPort} ${status?.podIP}:${containerPort}`] : [],
        ),
      ),
    ),
  );
  return ({ how, tool, table, text }) => {
    if (how !== 'added' || tool !== 'iptables' || table !== 'nat') return false;
    if (shared.some((pattern) => pattern.test(text))) return true;
    const rule = /^-A CNI-DN-[0-9a-f]+ (?:-d \S+ )?-p (\w+) -m \w+ --dport (\d+) -j DNAT --to-destination (\S+)$/.exec(
      text,
    );
    return rule !== null && mappings.has(rule.slice(1).join(' '));
  };
};
