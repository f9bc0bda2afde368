// What faults read and change on a node: rules, units, parameters of the kernel, routes and addresses.
import type { LabHandle } from '../../api/script.ts';

/** The lines of iptables-save on a node that have all these texts. */
export const rulesWith = async (lab: LabHandle, node: string, ...texts: readonly string[]): Promise<string[]> => {
  const { iptables = '' } = await lab.node(node).facts('iptables');
  return iptables.split('\n').filter((line) => texts.every((text) => line.includes(text)));
};

/** Waits until a node's rules contain a text. */
export const untilRule = (lab: LabHandle, node: string, text: string): Promise<void> =>
  lab.until(
    { en: `the rules of ${node} contain ${text}`, ko: `${node}의 규칙에 ${text} 있음` },
    async () => (await rulesWith(lab, node, text)).length > 0,
  );

/** Starts a unit, or restarts it with its files as they are now, whatever a student did to it. */
export const startUnit = async (lab: LabHandle, node: string, unit: string): Promise<void> => {
  const { systemctl } = lab.node(node);
  await systemctl('daemon-reload');
  await systemctl('enable', unit);
  await systemctl('reset-failed', unit).catch(() => {});
  await systemctl('restart', unit);
};

/** The folder of changes to kube-proxy's unit. */
const dropIns = '/etc/systemd/system/kube-proxy.service.d';

/** Gives kube-proxy's command line one more flag. */
export const addProxyFlag = async (lab: LabHandle, node: string, flag: string): Promise<void> => {
  const { $ } = lab.node(node);
  const edit = `s|^  --alsologtostderr$|  --alsologtostderr \\\\\\n  ${flag}|`;
  await $`sed -i ${edit} /etc/systemd/system/kube-proxy.service`;
  await startUnit(lab, node, 'kube-proxy');
};

/** Takes the flag away, and whatever overrides the unit. */
export const dropProxyFlag = async (lab: LabHandle, node: string, flag: string): Promise<void> => {
  const { $ } = lab.node(node);
  // The line before the flag ends with a backslash.
  await $`perl -0pi -e ${`s{ \\\\\\n  \\Q${flag}\\E}{}g`} /etc/systemd/system/kube-proxy.service; rm -rf ${dropIns}`;
  await startUnit(lab, node, 'kube-proxy');
};

const kubeconfig = '/etc/kubernetes/kube-proxy.conf';

/** Sets the port of the API server in kube-proxy's kubeconfig, and restarts kube-proxy. */
export const setApiPort = async (lab: LabHandle, node: string, port: number): Promise<void> => {
  const address = '(server: https://[^:]*):[0-9]+';
  await lab.node(node).$`sed -E -i ${`s|${address}|\\1:${port}|`} ${kubeconfig}`;
  await startUnit(lab, node, 'kube-proxy');
};

const kubeletConfig = '/etc/kubernetes/kubelet-config.yaml';

/** Sets the name server that the kubelet gives to new pods, however the file is written, and restarts the kubelet. */
export const setClusterDns = async (lab: LabHandle, node: string, address: string): Promise<void> => {
  const list = `clusterDNS:\n  - ${address}\n`;
  const edit = `s{^clusterDNS:.*\\n(?:[ \\t]*-.*\\n)*}{}mg; $_ .= qq{${list}};`;
  await lab.node(node).$`perl -0pi -e ${edit} ${kubeletConfig}`;
  await startUnit(lab, node, 'kubelet');
};

/** The name servers that the kubelet of a node gives to new pods now, by its own word. */
export const clusterDnsOf = async (lab: LabHandle, node: string): Promise<readonly string[]> => {
  const text = await lab.kubectl('get', '--raw', `/api/v1/nodes/${node}/proxy/configz`);
  const { kubeletconfig } = JSON.parse(text) as { kubeletconfig: { clusterDNS?: readonly string[] } };
  return kubeletconfig.clusterDNS ?? [];
};

/** The address of the service of the cluster DNS. */
export const dnsAddressOf = (lab: LabHandle): Promise<string> =>
  lab.kubectl('get', 'service', 'kube-dns', '-n', 'kube-system', '-o', 'jsonpath={.spec.clusterIP}');

/** The pod subnet of a node, as podnet routes it. */
export const podSubnet = (lab: LabHandle, node: string): Promise<string> =>
  lab.kubectl('get', 'node', node, '-o', 'jsonpath={.spec.podCIDR}');

/** The address of a node on the nodes' network. */
export const addressOf = (lab: LabHandle, node: string): Promise<string> =>
  lab.kubectl('get', 'node', node, '-o', 'jsonpath={.status.addresses[0].address}');

/** The address of a running pod: `namespace/name`. Waits until the pod has one. */
export const podAddress = async (lab: LabHandle, pod: string): Promise<string> => {
  const [namespace = '', name = ''] = pod.split('/');
  await lab.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s');
  return lab.kubectl('get', 'pod', name, '-n', namespace, '-o', 'jsonpath={.status.podIP}');
};

/** Whether an address is in a network such as `10.244.1.0/24`, whose length is a whole number of bytes. */
export const isWithin = (address: string, subnet: string): boolean => {
  const [network = '', length = '0'] = subnet.split('/');
  const bytes = Number(length) / 8;
  return address.split('.').slice(0, bytes).join('.') === network.split('.').slice(0, bytes).join('.');
};
