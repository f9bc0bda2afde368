// The rules of 10,000 services with two endpoints each, as kube-proxy writes them.
import { type EndpointSlice, serviceNameLabel } from '../../../src/api/discovery.ts';
import { FakeNetfilter } from '../../../test/support/proxy/fake-netfilter.ts';
import { createRig, type Rig } from '../../../test/support/proxy/replay.ts';
import { serviceOf } from '../proxy/cluster.ts';

export const serviceAddress = (index: number): string => serviceOf(index).spec?.clusterIP ?? '';

const sliceOf = (index: number): EndpointSlice => ({
  metadata: {
    name: `service-${index}-x`,
    namespace: 'bench',
    labels: { [serviceNameLabel]: `service-${index}` },
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints: [0, 1].map((number) => ({
    addresses: [`10.${244 + number}.${128 + (index >> 8)}.${index & 255}`],
    conditions: { ready: true },
  })),
});

const fill = async (rig: Rig, services: number): Promise<void> => {
  for (let index = 0; index < services; index++) {
    rig.proxier.onService(undefined, serviceOf(index));
    rig.proxier.onSlice(undefined, sliceOf(index));
  }
  await rig.sync();
};

/** What iptables-save prints. */
export const iptablesRules = async (services: number): Promise<string> => {
  const netfilter = new FakeNetfilter();
  await fill(createRig(netfilter), services);
  return await netfilter.save();
};
