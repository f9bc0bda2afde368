// Helpers for the solutions: the fields of kube-proxy's configuration file on a node.
import type { LabHandle, SetupScript } from 'kube-network-labs/lab';

const configFile = '/etc/kubernetes/kube-proxy-config.yaml';

/** Waits until the mode runs and its rules are there. */
export const setMode = async (lab: LabHandle, node: string, mode: string): Promise<void> => {
  const { $ } = lab.node(node);
  const present = await $`curl -s localhost:10249/proxyMode`.nothrow();
  if (present.stdout.trim() === mode) return;
  await setField(lab, node, 'mode', mode);
  await lab.until({ en: `${node} runs in the mode ${mode}`, ko: `${node} 노드가 ${mode} 모드로 실행됨` }, async () => {
    const now = await $`curl -s localhost:10249/proxyMode`.nothrow();
    return now.stdout.trim() === mode;
  });
};

/** @param value undefined removes the field */
export const setField = async (lab: LabHandle, node: string, field: string, value?: string): Promise<void> => {
  const line = value === undefined ? '' : `${field}: ${value}`;
  await lab.node(node).$`sed -i ${`/^${field}:/d`} ${configFile}; [ -z ${line} ] || echo ${line} >> ${configFile}`;
  await restart(lab, node);
};

/** kube-proxy writes all its rules when it starts. Resolves when they are there. */
export const restart = async (lab: LabHandle, node: string): Promise<void> => {
  const { $, systemctl } = lab.node(node);
  await systemctl('restart', 'kube-proxy');
  await lab.until(
    { en: `kube-proxy on ${node} has synced`, ko: `${node} 노드의 kube-proxy가 규칙을 모두 만듦` },
    async () => {
      const { stdout } = await $`curl -s -o /dev/null -w ${'%{http_code}'} localhost:10256/livez`.nothrow();
      return stdout.trim() === '200';
    },
  );
};

/** Repairs every node before `labs goto` and `labs reset TASK`: a student may have stopped kube-proxy. */
export const restore: SetupScript = async (lab) => {
  for (const node of lab.nodes) await lab.node(node).systemctl('start', 'kube-proxy');
};
