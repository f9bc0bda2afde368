// The hardware address of the node that has the address of the service tea.
import type { ExpectedScript } from 'kube-network-labs/lab';
import { linksWith, teaAddress } from './balancer.ts';

export const expected: ExpectedScript = async (lab) => (await linksWith(lab, teaAddress)).map(({ mac }) => mac);
