// The rules and the kube-proxy of a node: repairs both, and waits for rules.
import type { LabHandle, SetupScript } from '../../../src/api/lab.ts';

/** Waits until a node's rules contain a text, or no longer contain it. */
export const untilRules = (lab: LabHandle, node: string, text: string, present: boolean): Promise<void> => {
  const condition = {
    en: `the rules of ${node} ${present ? 'contain' : 'no longer contain'} ${text}`,
    ko: `${node}의 규칙에 ${text} ${present ? '있음' : '없음'}`,
  };
  return lab.until(condition, async () => {
    const { iptables = '' } = await lab.facts(`node/${node}`, 'iptables');
    return iptables.includes(text) === present;
  });
};

/**
 * Runs kube-proxy on a node with its own rules only, whatever a student did: stopped or disabled the unit, overrode a
 * part of it, deleted or added rules. Rules of CNI plugins stay. Other stopped components of the node start, too.
 */
export const restoreProxy = async (lab: LabHandle, node: string): Promise<void> => {
  await lab.sh(node, restoreScript);
  await untilRules(lab, node, 'default/kubernetes:https ->', true);
};

/** Repairs every node before `labs goto` and `labs reset TASK`. */
export const restore: SetupScript = async (lab) => {
  await Promise.all(lab.nodes.map((node) => restoreProxy(lab, node)));
};

const restoreScript = `
systemctl stop kube-proxy || true
pkill -KILL -x kube-proxy || true
for table in mangle nat filter; do
  saved=$(iptables-save -t $table)
  { echo "*$table"
    sed -n 's/^:\\([A-Z]*\\) [A-Z]* .*/:\\1 ACCEPT [0:0]/p' <<< "$saved"
    grep -E '^(:CNI-|-A .*CNI-)' <<< "$saved" || true
    echo COMMIT
  } | iptables-restore
done
rm -rf /etc/systemd/system/kube-proxy.service.d /run/systemd/system/kube-proxy.service*
systemctl daemon-reload
systemctl enable --quiet kube-proxy
systemctl reset-failed kube-proxy || true
systemctl start kube-proxy $(cd /etc/systemd/system/labs.target.wants && ls)
`;
