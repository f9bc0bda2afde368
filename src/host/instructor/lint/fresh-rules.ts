// The iptables rules of a node right after the start of its cluster, as far as checks of services can tell.
import type { ClusterSpec } from '../../../api/cluster.ts';
import { cidrAddress } from '../../../api/scalars.ts';
import { nodeAddress } from '../../plan/links.ts';

/** What `iptables-save` prints: kube-proxy's chains, and the services of the API server and of the cluster DNS. */
export const freshRules = (cluster: ClusterSpec): string => {
  const plane = nodeAddress(
    cluster,
    cluster.nodes.findIndex(({ role }) => role === 'control-plane'),
  );
  const ports = [
    {
      name: 'default/kubernetes:https',
      ip: cidrAddress(cluster.serviceCidr, 1),
      port: 443,
      to: 6443,
      hash: 'NPX46M4PTMTKRN6Y',
    },
    { name: 'kube-system/kube-dns:dns-tcp', ip: cluster.dnsAddress, port: 53, to: 53, hash: 'ERIFXISQEP7F7OF4' },
    { name: 'kube-system/kube-dns:metrics', ip: cluster.dnsAddress, port: 9153, to: 9153, hash: 'JD5MR3NA4I4DYORP' },
  ];
  const chains = ports.flatMap(({ hash }) => [`:KUBE-SVC-${hash} - [0:0]`, `:KUBE-SEP-${hash} - [0:0]`]);
  const rules = ports.flatMap(({ name, ip, port, to, hash }) => {
    const match = `-d ${ip}/32 -p tcp -m comment --comment "${name} cluster IP" -m tcp --dport ${port}`;
    return [
      `-A KUBE-SERVICES ${match} -j KUBE-SVC-${hash}`,
      `-A KUBE-SVC-${hash} ! -s ${cluster.podCidr} ${match} -j KUBE-MARK-MASQ`,
      `-A KUBE-SVC-${hash} -m comment --comment "${name} -> ${plane}:${to}" -j KUBE-SEP-${hash}`,
      `-A KUBE-SEP-${hash} -s ${plane}/32 -m comment --comment "${name}" -j KUBE-MARK-MASQ`,
      `-A KUBE-SEP-${hash} -p tcp -m comment --comment "${name}" -m tcp -j DNAT --to-destination ${plane}:${to}`,
    ];
  });
  return `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-SERVICES - [0:0]
${chains.join('\n')}
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
${rules.join('\n')}
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
COMMIT
`;
};
