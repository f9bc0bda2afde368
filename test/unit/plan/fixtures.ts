// The cluster that the tests of the plan use.
import type { ClusterSpec } from '../../../src/api/cluster.ts';
import { parseCidr, parseIpv4 } from '../../../src/api/scalars.ts';
import type { Pki, PkiRequest } from '../../../src/host/plan/identities.ts';
import { certificatesOf, type PlanInput, planCluster } from '../../../src/host/plan/plan.ts';
import type { ClusterPlan, MachinePlan } from '../../../src/host/plan/types.ts';

export const threeNodes: ClusterSpec = {
  nodes: [
    { name: 'controlplane', role: 'control-plane' },
    { name: 'node01', role: 'worker' },
    { name: 'node02', role: 'worker' },
  ],
  clients: [{ name: 'client' }],
  nodeCidr: parseCidr('192.168.56.0/24'),
  podCidr: parseCidr('10.244.0.0/16'),
  serviceCidr: parseCidr('10.96.0.0/12'),
  dnsAddress: parseIpv4('10.96.0.10'),
  podNetwork: 'routes',
  proxy: { verbosity: 4 },
};

/** The first id of the cluster's machines. */
export const firstId = 2 ** 21;

export const inputOf = (spec: Partial<ClusterSpec> = {}, rest: Partial<PlanInput> = {}): PlanInput => ({
  name: 'service-networking',
  lab: 'service-networking',
  definitionDigest: 'abc',
  spec: { ...threeNodes, ...spec },
  image: 'labs/node:1234',
  version: '0.1.0',
  firstId,
  ...rest,
});

/** A PKI whose "certificates" are readable texts. */
export const readablePki = ({ certificates }: PkiRequest): Pki => ({
  ca: { certificate: 'ca certificate\n', key: 'ca key\n' },
  clientCa: { certificate: 'client ca certificate\n', key: 'client ca key\n' },
  serviceAccounts: { key: 'key of the accounts\n', publicKey: 'public key of the accounts\n' },
  issued: Object.fromEntries(
    certificates.map(({ id }) => [id, { certificate: `certificate of ${id}\n`, key: `key of ${id}\n` }]),
  ),
});

export const planOf = (spec: Partial<ClusterSpec> = {}, rest: Partial<PlanInput> = {}): ClusterPlan => {
  const input = inputOf(spec, rest);
  return planCluster(input, readablePki(certificatesOf(input)));
};

export const machineOf = (plan: ClusterPlan, name: string): MachinePlan => {
  const machine = plan.machines.find((candidate) => candidate.name === name);
  if (!machine) throw new Error(`the plan has no machine ${name}`);
  return machine;
};

/** The content of a file in the plan. */
export const contentOf = (machine: MachinePlan, path: string): string => {
  const file = machine.files.find((candidate) => candidate.path === path);
  if (!file || !('content' in file)) throw new Error(`${machine.name} has no file ${path} with content`);
  return file.content;
};
