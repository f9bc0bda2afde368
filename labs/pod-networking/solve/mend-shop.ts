// The fault: cart's prefix length is 16, so cart takes the pods of host2 for its neighbours.
import type { LabHandle, SetupScript, SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

/** @param length of the prefix of cart's address */
const build = async (lab: LabHandle, length: 16 | 24): Promise<void> => {
  await on(
    lab,
    'host1',
    `forward; bridge_up br-shop 10.30.1.1/24; pod cart 10.30.1.2/${length} 10.30.1.1 br-shop veth-cart
    pod till 10.30.1.3/24 10.30.1.1 br-shop veth-till; ip route replace 10.30.2.0/24 via 172.16.1.12`,
  );
  await on(
    lab,
    'host2',
    `forward; bridge_up br-shop 10.30.2.1/24; pod stock 10.30.2.2/24 10.30.2.1 br-shop veth-stock
    ip route replace 10.30.1.0/24 via 172.16.1.11`,
  );
};

export const clear: SetupScript = async (lab) => {
  await on(lab, 'host1', 'gone cart till br-shop; no_route 10.30.2.0/24');
  await on(lab, 'host2', 'gone stock br-shop; no_route 10.30.1.0/24');
};

export const setup: SetupScript = async (lab) => {
  await clear(lab);
  await build(lab, 16);
};

/** Builds all of it: after a stop, nothing of the colleague's network is left. */
export const solve: SolveScript = async (lab) => {
  await clear(lab);
  await build(lab, 24);
};

/** host1 answers in the place of all machines that cart asks for. */
export const cheat: SolveScript = (lab) => on(lab, 'host1', 'sysctl -qw net.ipv4.conf.br-shop.proxy_arp=1');
