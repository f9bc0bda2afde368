// All faults that a lab.yaml can name. docs/faults.md is made from this list.
import type { AnyFault } from './fault.ts';
import { componentStopped } from './library/component-stopped.ts';
import { dnsDown } from './library/dns-down.ts';
import { duplicateAddress } from './library/duplicate-address.ts';
import { flushedChain } from './library/flushed-chain.ts';
import { ipForwardOff } from './library/ip-forward-off.ts';
import { missingRoute } from './library/missing-route.ts';
import { mtu } from './library/mtu.ts';
import { policyTooTight } from './library/policy-too-tight.ts';
import { selectorTypo } from './library/selector-typo.ts';
import { tamperedRule } from './library/tampered-rule.ts';
import { unreadyEndpoint } from './library/unready-endpoint.ts';
import { wrongCidr } from './library/wrong-cidr.ts';
import { wrongFlag } from './library/wrong-flag.ts';
import { wrongKubeconfig } from './library/wrong-kubeconfig.ts';
import { wrongNameserver } from './library/wrong-nameserver.ts';
import { wrongTargetPort } from './library/wrong-target-port.ts';

/** From the objects to the path, and then what is beside it. */
export const faults: readonly AnyFault[] = [
  ...[selectorTypo, wrongTargetPort, unreadyEndpoint],
  ...[componentStopped, wrongFlag, wrongKubeconfig, tamperedRule, flushedChain],
  ...[missingRoute, wrongCidr, ipForwardOff, mtu, duplicateAddress],
  ...[dnsDown, wrongNameserver, policyTooTight],
];

export const findFault = (name: string): AnyFault | undefined => faults.find((fault) => fault.name === name);
