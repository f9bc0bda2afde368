// Calls do not fail any more, but all of them lead to one pod.
import type { CheatScript } from 'kube-network-labs/lab';
import { solve } from './tampered.ts';

export const cheat: CheatScript = async (lab) => {
  await solve(lab);
  const { $ } = lab.node('controlplane');
  const rules = await $`iptables-save -t nat`.lines();
  const [, chain = '', endpoint = ''] =
    rules.map((rule) => /^-A (KUBE-SVC-\S+) .*"default\/web -> .* -j (\S+)/.exec(rule)).find(Boolean) ?? [];
  await $`iptables -t nat -I ${chain} -j ${endpoint}`;
};
