// The fault: packets of 1500 bytes do not fit into the tunnel, and a rule drops the messages that say so.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

const bill = 'line of the bill\\n';

/** A web server in a namespace, which listens when this returns. */
const serve = (namespace: string) => `
ip netns pids ${namespace} | xargs -r kill 2>/dev/null; ip -n ${namespace} link set eth0 mtu 1500
setsid ip netns exec ${namespace} node -e '
  const text = "${bill}".repeat(3000);
  require("http").createServer((q, r) => r.end(q.url === "/" ? "ready\\n" : text + "end of the bill\\n")).listen(80);
' > /dev/null 2>&1 < /dev/null &
ip netns exec ${namespace} curl -s --retry 30 --retry-connrefused --retry-delay 1 -o /dev/null 127.0.0.1
`;

const rule = 'OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP';

const side = (namespace: string, own: number, other: number, remote: string) => `
forward; bridge_up br-pay 10.40.${own}.1/24
pod ${namespace} 10.40.${own}.2/24 10.40.${own}.1 br-pay veth-${namespace}
tunnel vxlan-pay 43 ${remote} 10.40.0.${own}/24
ip route replace 10.40.${other}.0/24 via 10.40.0.${other}
ip -n ${namespace} route flush cache
iptables -t mangle -F FORWARD
iptables -C ${rule} 2>/dev/null || iptables -A ${rule}
${serve(namespace)}`;

export const clear: SetupScript = async (lab) => {
  const drop = `while iptables -D ${rule} 2>/dev/null; do :; done; iptables -t mangle -F FORWARD`;
  for (const [host, namespace, other] of [
    ['host1', 'order', 3],
    ['host3', 'bill', 1],
  ] as const)
    await on(
      lab,
      host,
      `${drop}; ip netns pids ${namespace} 2>/dev/null | xargs -r kill\n` +
        `no_route 10.40.${other}.0/24; gone ${namespace} br-pay vxlan-pay`,
    );
};

export const setup: SetupScript = async (lab) => {
  await clear(lab);
  await on(lab, 'host1', side('order', 1, 3, '172.16.2.13'));
  await on(lab, 'host3', side('bill', 3, 1, '172.16.1.11'));
};

/** Builds all of it: after a stop, nothing of the colleague's network is left. */
export const solve: SolveScript = async (lab) => {
  await setup(lab);
  await on(lab, 'host1', 'ip -n order link set eth0 mtu 1450');
  await on(lab, 'host3', 'ip -n bill link set eth0 mtu 1450');
};

/** The address of the other side on the own loopback, with the right pages. */
export const cheat: SolveScript = (lab) => on(lab, 'host1', 'ip -n order address replace 10.40.3.2/32 dev lo');
