// kube-proxy stays stopped, and a rule by hand leads to one pod.
import type { CheatScript, Service } from 'kube-network-labs/lab';
import { replaceService } from './pods.ts';

export const cheat: CheatScript = async (lab) => {
  const { $, systemctl } = lab.node('node02');
  await systemctl('stop', 'kube-proxy');
  await replaceService(lab, 'shop', 'receipt', { selector: { app: 'cart' }, ports: [{ port: 80, targetPort: 8080 }] });
  const service = await lab.object<Service>('service/shop/receipt');
  const words = ['get', 'pods', '-n', 'shop', '-l', 'app=cart', '-o', 'jsonpath={.items[0].status.podIP}'];
  const to = `${await lab.kubectl(...words)}:8080`;
  await $`iptables -t nat -I KUBE-SERVICES -d ${service?.spec.clusterIP ?? ''} -p tcp --dport 80 -j DNAT --to-destination ${to}`;
};
