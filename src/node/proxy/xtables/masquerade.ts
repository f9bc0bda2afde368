// Masquerading in the modes iptables and ipvs, in two steps: KUBE-MARK-MASQ marks a packet, KUBE-POSTROUTING gives a
// marked packet the node's address as its source. The replies then come back through this node.
import type { Rule } from './rule.ts';

/** The rule of KUBE-MARK-MASQ. @param mark one bit, e.g. 0x4000 (`--iptables-masquerade-bit` 14) */
export const markForMasquerade = (mark: number): Rule => ({ jump: `MARK --set-xmark ${hex(mark)}/${hex(mark)}` });

/** The last rules of KUBE-POSTROUTING. The mark is cleared because an encapsulated packet passes here a second time. */
export const masqueradeMarked = (mark: number): Rule[] => [
  { before: [`-m mark ! --mark ${hex(mark)}/${hex(mark)}`], jump: 'RETURN' },
  { jump: `MARK --set-xmark ${hex(mark)}/0x0` },
  { comment: 'kubernetes service traffic requiring SNAT', jump: 'MASQUERADE --random-fully' },
];

/** The last rules of KUBE-FORWARD: a host firewall that drops forwarded packets must not drop traffic to services. */
export const acceptForwarded = (mark: number): Rule[] => [
  { comment: 'kubernetes forwarding rules', modules: [`-m mark --mark ${hex(mark)}/${hex(mark)}`], jump: 'ACCEPT' },
  {
    comment: 'kubernetes forwarding conntrack rule',
    modules: ['-m conntrack --ctstate RELATED,ESTABLISHED'],
    jump: 'ACCEPT',
  },
];

const hex = (mark: number): string => `0x${mark.toString(16)}`;
