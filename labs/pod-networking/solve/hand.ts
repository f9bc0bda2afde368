// What the solutions share: they bring a network to the wanted state, whatever a student has made of it before.
import type { LabHandle } from 'kube-network-labs/lab';

/** Functions of the shell. Each one keeps what fits, and replaces the rest. */
const functions = `
lo_up() { ip netns add $1 2>/dev/null; ip -n $1 link set lo up; }
# NAMESPACE PORT: a veth pair, with eth0 in the namespace.
cable() {
  lo_up $1
  if ! ip -n $1 link show eth0 2>/dev/null | grep -q @ || ! ip link show $2 >/dev/null 2>&1; then
    ip -n $1 link delete eth0 2>/dev/null; ip link delete $2 2>/dev/null
    ip link add $2 type veth peer name eth0 netns $1
  fi
  ip link set $2 up; ip -n $1 link set eth0 up
}
# NAMESPACE ADDRESS/PREFIX
addressed() {
  [ "$(ip -n $1 -4 -oneline address show dev eth0 | awk '{print $4}')" = $2 ] && return
  ip -n $1 -4 address flush dev eth0; ip -n $1 address add $2 dev eth0
}
# BRIDGE ADDRESS/PREFIX
bridge_up() {
  ip -details link show $1 2>/dev/null | grep -q bridge_id || { ip link delete $1 2>/dev/null; ip link add $1 type bridge; }
  ip link set $1 up; ip address replace $2 dev $1
}
# NAMESPACE ADDRESS/PREFIX GATEWAY BRIDGE PORT: all of it.
pod() { cable $1 $5; addressed $1 $2; ip link set $5 master $4; ip -n $1 route replace default via $3; }
forward() { sysctl -qw net.ipv4.ip_forward=1; }
# NAME VNI REMOTE ADDRESS/PREFIX
tunnel() {
  ip -details link show $1 2>/dev/null | grep -q "vxlan id $2 remote $3 " || {
    ip link delete $1 2>/dev/null
    ip link add $1 type vxlan id $2 dstport 4789 remote $3 dev eth0
  }
  ip link set $1 up; ip address replace $4 dev $1
}
gone() { for name in "$@"; do ip netns delete $name 2>/dev/null; ip link delete $name 2>/dev/null; done; true; }
no_route() { ip route delete $1 2>/dev/null; true; }
`;

/** Runs a script of the shell on a machine, with the functions above. */
export const on = async (lab: LabHandle, machine: string, script: string): Promise<void> => {
  await lab.machine(machine).$({ input: `${functions}\n${script}\n` })`bash -s`;
};
