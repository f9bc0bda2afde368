// The entry point of kube-controller-manager: all controllers in one process, with shared caches.
import { readFileSync } from 'node:fs';
import { allResources, events } from '../../api/resources.ts';
import { type Cidr, parseCidr, ScalarError } from '../../api/scalars.ts';
import type { Logger } from '../../kit/logger.ts';
import { createClient } from '../client/client.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { waitForApiserver } from '../client/ready.ts';
import { describeFlags } from '../component/flag-text.ts';
import { FlagError, type FlagSpecs, parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { readAuthority } from '../x509/certificate.ts';
import { createCaches } from './caches.ts';
import type { Controller } from './controller.ts';
import { daemonSetController } from './daemonset/daemonset.ts';
import { deploymentController } from './deployment/deployment.ts';
import { endpointsController } from './endpoints.ts';
import { endpointSliceController } from './endpointslice.ts';
import { endpointSliceMirroringController } from './endpointslicemirroring.ts';
import { garbageCollector } from './garbagecollector.ts';
import { createLoadBalancer } from './loadbalancer.ts';
import { namespaceController } from './namespace.ts';
import { createNodeIpam } from './nodeipam.ts';
import { createNodeLifecycle } from './nodelifecycle.ts';
import { createPodGc } from './podgc.ts';
import { replicaSetController } from './replicaset.ts';
import { createRootCaPublisher } from './rootca.ts';
import { runController } from './runtime.ts';
import { serviceAccountController } from './serviceaccount.ts';
import { serviceCidrController } from './servicecidr.ts';
import { createSigner } from './signing.ts';
import { taintEvictionController } from './tainteviction.ts';

const flagSpecs = {
  kubeconfig: { type: 'string', help: 'Path to kubeconfig file with authorization and master location information.' },
  'allocate-node-cidrs': { type: 'boolean', default: 'false', help: 'Should CIDRs for Pods be allocated.' },
  'cluster-cidr': { type: 'string', help: 'CIDR range for Pods in cluster. Requires --allocate-node-cidrs.' },
  'service-cluster-ip-range': { type: 'string', help: 'CIDR range for Services in cluster.' },
  'node-cidr-mask-size': { type: 'int', default: '24', help: 'Mask size for node cidr in cluster.' },
  'load-balancer-cidr': {
    type: 'string',
    help: 'The addresses for Services of the type LoadBalancer. By default, such Services get none.',
  },
  'node-monitor-grace-period': {
    type: 'duration',
    default: '40s',
    help: 'How long a running node may be silent before it is marked unhealthy.',
  },
  'root-ca-file': {
    type: 'string',
    help: "The certificate authority that the ConfigMap kube-root-ca.crt of each namespace holds. By default, the kubeconfig's.",
  },
  'cluster-signing-kube-apiserver-client-cert-file': {
    type: 'string',
    help: 'The authority that signs certificates of the signer kubernetes.io/kube-apiserver-client. By default, nobody signs them.',
  },
  'cluster-signing-kube-apiserver-client-key-file': {
    type: 'string',
    help: 'The key of the authority in --cluster-signing-kube-apiserver-client-cert-file.',
  },
  'cluster-signing-duration': {
    type: 'duration',
    default: '8760h0m0s',
    help: 'The longest time for which a signed certificate is valid.',
  },
  'leader-elect': { type: 'boolean', default: 'false', help: 'Accepted and unused: there is one replica.' },
  v: { type: 'int', default: '0', help: 'Number for the log level verbosity.' },
  help: { type: 'boolean', default: 'false', short: 'h', help: 'Show this help.' },
} as const satisfies FlagSpecs;

type ControllerFlags = ReturnType<typeof parseFlags<typeof flagSpecs>>;

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  if (flags.help) return void process.stdout.write(`${describeFlags(flagSpecs)}\n`);
  if (!flags.kubeconfig) throw new FlagError('--kubeconfig is required');
  const logger = createKlog({ verbosity: flags.v ?? 0, source: 'controllermanager' });
  const controllers = controllersFor(flags, rootCaOf(flags, flags.kubeconfig));
  logger.info(0, 'Starting', { controllers: controllers.map(({ name }) => name) });
  await run(controllers, { kubeconfig: flags.kubeconfig, logger, signal });
};

const run = async (
  controllers: readonly Controller[],
  { kubeconfig, logger, signal }: { kubeconfig: string; logger: Logger; signal: AbortSignal },
): Promise<void> => {
  const client = createClient({ kubeconfig });
  await waitForApiserver(client, { signal, logger });
  const caches = createCaches(
    client,
    allResources.filter((resource) => resource !== events),
    { signal, logger },
  );
  await Promise.all(controllers.map((controller) => runController(controller, { client, caches, logger, signal })));
};

/** In the order in which a service needs them: nodes, pods, endpoints, deletion. */
const controllersFor = (flags: ControllerFlags, rootCa: string | undefined): Controller[] => [
  ...(flags['allocate-node-cidrs'] ? [nodeIpam(flags)] : []),
  createNodeLifecycle({ graceMs: flags['node-monitor-grace-period'] ?? 40_000, startedAt: Date.now() }),
  taintEvictionController,
  serviceAccountController,
  serviceCidrController,
  ...(rootCa === undefined ? [] : [createRootCaPublisher(rootCa)]),
  deploymentController,
  replicaSetController,
  daemonSetController,
  ...loadBalancer(flags),
  endpointSliceController,
  endpointsController,
  endpointSliceMirroringController,
  ...signer(flags),
  garbageCollector,
  createPodGc(),
  namespaceController,
];

const rootCaOf = ({ 'root-ca-file': file }: ControllerFlags, kubeconfig: string): string | undefined =>
  file === undefined ? loadKubeconfig(kubeconfig).ca : readFileSync(file, 'utf8');

const nodeIpam = (flags: ControllerFlags): Controller => {
  const { 'cluster-cidr': cluster, 'service-cluster-ip-range': services, 'node-cidr-mask-size': maskSize = 24 } = flags;
  if (!cluster) throw new FlagError('Controller: Must specify --cluster-cidr if --allocate-node-cidrs is set');
  const serviceCidr = services ? cidr('service-cluster-ip-range', services) : undefined;
  return createNodeIpam({ clusterCidr: cidr('cluster-cidr', cluster), maskSize, serviceCidr });
};

const loadBalancer = ({ 'load-balancer-cidr': range }: ControllerFlags): Controller[] =>
  range === undefined ? [] : [createLoadBalancer(cidr('load-balancer-cidr', range))];

const signer = (flags: ControllerFlags): Controller[] => {
  const { 'cluster-signing-duration': longestMs = 31_536_000_000 } = flags;
  const [certificate, key] = [
    flags['cluster-signing-kube-apiserver-client-cert-file'],
    flags['cluster-signing-kube-apiserver-client-key-file'],
  ];
  if (certificate === undefined && key === undefined) return [];
  if (certificate === undefined || key === undefined)
    throw new FlagError('--cluster-signing-kube-apiserver-client-{cert,key}-file: both or neither must be set');
  return [createSigner(readAuthority(readFileSync(certificate, 'utf8'), readFileSync(key, 'utf8')), longestMs)];
};

const cidr = (flag: string, text: string): Cidr => {
  try {
    return parseCidr(text);
  } catch (error) {
    if (error instanceof ScalarError) throw new FlagError(`invalid argument for "--${flag}" flag: ${error.message}`);
    throw error;
  }
};

void runComponent('kube-controller-manager', main);
