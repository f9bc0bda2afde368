// Sets the nodes back, whatever a student did to their rules and to kube-proxy.
import type { LabHandle, SetupScript } from 'kube-network-labs/lab';

/** Waits until a node's rules contain a text, or no longer contain it. */
const untilRules = (lab: LabHandle, node: string, text: string, present: boolean): Promise<void> => {
  const condition = {
    en: `the rules of ${node} ${present ? 'contain' : 'no longer contain'} ${text}`,
    ko: `${node}의 규칙에 ${text} ${present ? '있음' : '없음'}`,
  };
  return lab.until(condition, async () => {
    const { iptables = '' } = await lab.node(node).facts('iptables');
    return iptables.includes(text) === present;
  });
};

/**
 * Runs kube-proxy on a node with its own rules only, whatever a student did: stopped or disabled the unit, overrode a
 * part of it, deleted or added rules. Rules of CNI plugins stay. Other stopped components of the node start, too.
 */
const restoreProxy = async (lab: LabHandle, node: string): Promise<void> => {
  const { $, facts, restoreRules, systemctl } = lab.node(node);
  await systemctl('stop', 'kube-proxy').catch(() => {});
  await $`pkill -KILL -x kube-proxy || true
    rm -rf /etc/systemd/system/kube-proxy.service.d /run/systemd/system/kube-proxy.service*`;
  const { iptables = '' } = await facts('iptables');
  await restoreRules(onlyCni(iptables), { flush: true });
  await systemctl('daemon-reload');
  await systemctl('enable', 'kube-proxy');
  await systemctl('reset-failed', 'kube-proxy').catch(() => {});
  const units = await $`ls /etc/systemd/system/labs.target.wants`.lines();
  await systemctl('start', 'kube-proxy', ...units);
  await untilRules(lab, node, 'default/kubernetes:https ->', true);
};

/** Repairs every node before `labs goto` and `labs reset TASK`. */
export const restore: SetupScript = async (lab) => {
  await Promise.all(lab.nodes.map((node) => restoreProxy(lab, node)));
};

/** Empties all chains, and gives back to CNI plugins what is theirs. */
const onlyCni = (saved: string): string =>
  saved
    .split('\n')
    .filter((line) => /^(\*|COMMIT|:CNI-|-A .*CNI-)/.test(line) || /^:[A-Z]+ [A-Z]+ /.test(line))
    .map((line) => line.replace(/^:([A-Z]+) [A-Z]+ .*/, ':$1 ACCEPT [0:0]'))
    .join('\n')
    .concat('\n');
