// The names of the lists in which node01 keeps the clients of lounge. Chance decides which of them has a client.
import type { ExpectedScript, LabHandle } from 'kube-network-labs/lab';

export const expected: ExpectedScript = async (lab) =>
  (await listsOf(lab)).flatMap((list) => [list, `/proc/net/xt_recent/${list}`]);

export const listsOf = async (lab: LabHandle): Promise<readonly string[]> => {
  const { iptables = '' } = await lab.node('node01').facts('iptables');
  const rules = iptables.split('\n').filter((rule) => /default\/lounge/.test(rule) && rule.includes('--set '));
  return rules.flatMap((rule) => /--name (KUBE-SEP\S+)/.exec(rule)?.[1] ?? []);
};
