// Where an address of the load balancer is, and which nodes may have one.
import type { Facts, LabHandle, Service } from 'kube-network-labs/lab';

type Link = NonNullable<Facts['links']>[number];

export const teaAddress = '192.168.56.225';
export const exclusion = 'node.kubernetes.io/exclude-from-external-load-balancers';
export const workers = ['node01', 'node02'];

/** The links of nodes that have the address: one, or none while it moves. */
export const linksWith = async (lab: LabHandle, address: string): Promise<readonly Link[]> => {
  const facts = await Promise.all(lab.nodes.map((node) => lab.node(node).facts('links')));
  return facts
    .flatMap(({ links = [] }) => links)
    .filter(({ addresses }) => addresses.some((each) => each.address === address));
};

/** The address that the load balancer gives to a service. */
export const addressOf = async (lab: LabHandle, service: string): Promise<string> => {
  let address = '';
  const condition = { en: `${service} has an address`, ko: `${service} 서비스의 주소 할당` };
  await lab.until(condition, async () => {
    const found = await lab.object<Service>(`service/${service}`);
    address = found?.status?.loadBalancer?.ingress?.[0]?.ip ?? '';
    return address !== '';
  });
  return address;
};

export const untilAnnounced = (lab: LabHandle, address: string): Promise<void> =>
  lab.until({ en: `a node has ${address}`, ko: `${address} 주소가 노드에 있음` }, async () => {
    return (await linksWith(lab, address)).length === 1;
  });
