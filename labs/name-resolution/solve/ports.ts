import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { deletePods, replacePod } from './pods.ts';

const setPort = (name: string | undefined): string =>
  JSON.stringify({ spec: { ports: [{ ...(name === undefined ? {} : { name }), port: 80, targetPort: 8080 }] } });

export const solve: SolveScript = async (lab) => {
  await lab.answer('srv-port', 'pods');
  await lab.answer('any-address', 'address');
  await lab.kubectl('patch', 'service', 'cart-pods', '-n', 'shop', '--type=merge', '-p', setPort('http'));
  const { template } = JSON.parse(await lab.kubectl('get', 'deployment', 'cart', '-n', 'shop', '-o', 'json')).spec;
  await replacePod(lab, 'shop', 'first', {
    labels: template.metadata.labels,
    hostname: 'first',
    subdomain: 'cart-pods',
    containers: template.spec.containers,
  });
};

export const clear: SetupScript = async (lab) => {
  await deletePods(lab, 'shop', 'first');
  if (await lab.object('service/shop/cart-pods'))
    await lab.kubectl('patch', 'service', 'cart-pods', '-n', 'shop', '--type=merge', '-p', setPort(undefined));
};
