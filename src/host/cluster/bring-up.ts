// The steps of a bring-up and of a resume, each list in the order in which the steps happen. start.ts chooses the list.

import { setTimeout as delay } from 'node:timers/promises';
import { controlPlaneIn, fabricMachine } from '../../api/cluster.ts';
import { LabError } from '../../kit/error.ts';
import { filesFolder, stateFolder } from '../plan/boot.ts';
import { certificatesOf, planCluster, programsOf } from '../plan/plan.ts';
import type { MachinePlan, PlannedFile } from '../plan/types.ts';
import { bootMachines } from './boot.ts';
import { busy, claimCluster } from './claim.ts';
import { apiServerReady, dnsAnswers, nodesReady, proxiesSynced } from './conditions.ts';
import type { BringUp } from './context.ts';
import { containerSpec } from './create.ts';
import { connectFabric } from './fabric.ts';
import { createGatewayVolume, removeGatewayVolume } from './gateway.ts';
import { areIdsTaken, chooseIds } from './ids.ts';
import { archive, programsRecord } from './install.ts';
import { refuseMissingQueues } from './link-queues.ts';
import { findMachines, inspectMachines, wiringOf } from './machines.ts';
import { clusterOf } from './open.ts';
import { failOrWarn, forgivingly, nodesOf, patiently, proxiedNodesOf } from './patience.ts';
import { newKey } from './progress-key.ts';
import { checkProxyModes } from './proxy-mode.ts';
import type { Step } from './steps.ts';
import { openWayIn, reopenWayIn } from './way-in.ts';

const ensureImage: Step<BringUp> = {
  name: 'image',
  title: 'Preparing the images',
  needs: [],
  run: async (up, signal) => {
    up.image = await up.request.ensureImage(signal, up.onProgress);
    // Needs the image, and comes before anything of the cluster.
    await refuseMissingQueues(up.containers, up.image, up.request.plan.spec, signal);
  },
};

const issueCertificates: Step<BringUp> = {
  name: 'certificates',
  title: 'Issuing certificates',
  needs: [],
  run: async (up) => {
    const request = certificatesOf(up.request.plan);
    // Loading pki.ts takes 60 ms, and only a start needs it.
    const { createPki } = await import('../plan/pki.ts');
    up.pki = await createPki(request);
  },
};

const createMachines: Step<BringUp> = {
  name: 'create',
  title: 'Creating machines',
  needs: ['image', 'certificates'],
  run: async (up, signal) => {
    const { name } = up.request.plan;
    // Without a fabric of its own, this start has lost against another one, whose volume this is.
    up.undo.push(`create the volume of ${name}`, async () => {
      if (up.ids.size > 0) await removeGatewayVolume(up.containers, name);
    });
    await createGatewayVolume(up.containers, name);
    await createFabric(up, signal);
    const others = up.plan.machines.slice(1);
    await allSettled(others.map((machine) => createOne(up, machine)));
    return `${up.plan.machines.length} containers`;
  },
};

/** How often another start may choose the same ids at the same moment. */
const mostTries = 10;

/** The fabric comes first because its name is the lock: Docker lets only one of two starts create it. */
const createFabric = async (up: BringUp, signal: AbortSignal): Promise<void> => {
  const { name, spec, unsafeNodes } = up.request.plan;
  for (let tried = 1; ; tried += 1) {
    const firstId = unsafeNodes ? undefined : await chooseIds(up.containers, { name, spec }, signal);
    up.plan = planCluster({ ...up.request.plan, image: up.image, firstId }, up.pki);
    const [fabric] = up.plan.machines;
    if (!fabric) throw new Error('a plan has a fabric');
    await createOne(up, fabric).catch((cause) => {
      throw cause instanceof LabError && cause.code === 'LAB_NAME_TAKEN' ? busy(name, { cause }) : cause;
    });
    const machines = up.plan.machines.length - 1;
    if (firstId === undefined) return;
    if (!(await areIdsTaken(up.containers, { name, first: firstId, machines }, signal))) return;
    if (tried === mostTries)
      throw new LabError('LAB_IDS_TAKEN', 'Other labs start at the same time and take the same ids');
    await up.containers.remove(idOf(up, fabricMachine));
    // Both starts have seen each other. So that they do not choose the same again, each waits for another time.
    await delay(Math.random() * 200, undefined, { signal });
  }
};

/** Takes no signal: the undo needs the container's id, so a creation that has begun is always waited for. */
const createOne = async (up: BringUp, machine: MachinePlan): Promise<void> => {
  const id = await up.containers.create(containerSpec(up.plan, machine));
  up.ids.set(machine.name, id);
  up.undo.push(`create ${machine.container}`, () => up.containers.remove(id));
};

/** Runs beside `installComponents`, so that the agent is ready when the other machines start. */
const startFabric: Step<BringUp> = {
  name: 'fabric',
  title: 'Starting the fabric',
  needs: ['create'],
  run: async (up, signal) => {
    const [fabric, ...others] = up.plan.machines;
    const records = await recordsOf(
      up,
      others.map(({ name }) => name),
    );
    // The key comes before any student can write a progress file without a signature. Each call of this kind takes the
    // engine 50 ms, so this is one.
    await put(up, fabricMachine, [...(fabric?.files ?? []), newKey(), ...records], signal);
    await up.containers.start(idOf(up, fabricMachine), signal);
    up.fabric = await connectFabric(up.containers, up.request.plan.name);
    await claimCluster(up.fabric, up.request.plan.name, signal);
  },
};

const installComponents: Step<BringUp> = {
  name: 'install',
  title: 'Installing components',
  needs: ['create'],
  run: async (up, signal) => {
    const others = up.plan.machines.filter(({ role }) => role !== 'fabric');
    await Promise.all(others.map((machine) => install(up, machine, signal)));
  },
};

const install = (up: BringUp, { name, files, launcher }: MachinePlan, signal: AbortSignal): Promise<void> =>
  put(up, name, [...launcher, ...files.map(inFiles)], signal);

/** A file of a machine, by its path in the container. */
const inFiles = <T extends PlannedFile>(file: T): T => ({ ...file, path: `${filesFolder}${file.path}` });

const put = async (up: BringUp, machine: string, files: readonly PlannedFile[], signal: AbortSignal): Promise<void> => {
  if (files.length === 0) return;
  const root = machine === fabricMachine ? '/' : stateFolder;
  await up.containers.putArchive(idOf(up, machine), root, await archive(files, up.request.bundles, { root }), signal);
};

/** For the fabric, before these machines start: so it never sees a component without its record. */
const recordsOf = async ({ request }: BringUp, machines: readonly string[]): Promise<readonly PlannedFile[]> => {
  const programs = machines.map((machine) => ({ machine, files: programsOf(request.plan.spec, machine) }));
  const recorded = programs.filter(({ files }) => files.length > 0);
  return Promise.all(recorded.map(({ machine, files }) => programsRecord(machine, files, request.bundles)));
};

const startMachines: Step<BringUp> = {
  name: 'start',
  title: 'Starting machines',
  needs: ['install'],
  run: async (up, signal) => {
    const others = [...up.ids].filter(([name]) => name !== fabricMachine);
    await Promise.all(others.map(([, id]) => forgivingly(up, signal, () => up.containers.start(id, signal))));
  },
};

const wireLinks: Step<BringUp> = {
  name: 'wire',
  title: 'Wiring links',
  needs: ['fabric', 'start'],
  run: async (up, signal) => {
    const machines = await findMachines(up.containers, up.request.plan.name, signal);
    const { started, down } = await inspectMachines(up.containers, machines, signal);
    if (down.length > 0)
      failOrWarn(up, new LabError('LAB_MACHINE_DOWN', `${down.join(', ')} stopped right after the start`));
    up.machines = await bootMachines(up.fabric, started, { claimed: true, signal });
    const [fabric] = up.machines;
    if (fabric?.role !== 'fabric') throw new LabError('LAB_MACHINE_DOWN', 'The fabric stopped right after the start');
    const params = wiringOf(fabric, up.machines);
    const { links } = await up.fabric.call('wire', params, { signal });
    return `${links} links`;
  },
};

const awaitApiServer: Step<BringUp> = {
  name: 'api-server',
  title: 'Waiting for the API server',
  needs: ['wire'],
  run: (up, signal) => patiently(up, signal, ['kube-apiserver'], (s, pace) => apiServerReady(up.fabric, pace, s)),
};

const awaitNodes: Step<BringUp> = {
  name: 'nodes',
  title: 'Waiting for the nodes to be Ready',
  needs: ['api-server'],
  run: (up, signal) =>
    patiently(up, signal, ['kubelet', 'podnet'], (s, pace) => nodesReady(up.fabric, nodesOf(up), pace, s)),
};

const awaitProxies: Step<BringUp> = {
  name: 'proxies',
  title: 'Waiting for every kube-proxy to sync',
  needs: ['api-server'],
  run: async (up, signal) => {
    const nodes = proxiedNodesOf(up);
    if (nodes.length === 0) return;
    await patiently(up, signal, ['kube-proxy'], (s, pace) => proxiesSynced(up.fabric, nodes, pace, s));
    const { proxy } = up.request.plan.spec;
    await forgivingly(up, signal, () => checkProxyModes(up.fabric, nodes, proxy, signal));
  },
};

const awaitDns: Step<BringUp> = {
  name: 'dns',
  title: 'Waiting for the cluster DNS',
  needs: ['proxies'],
  run: async (up, signal) => {
    // The last node is a worker, if there is one: then the lookup crosses the fabric.
    const proxied = proxiedNodesOf(up).at(-1);
    const node = proxied ?? nodesOf(up).at(-1);
    const { spec } = up.request.plan;
    // Without a kube-proxy, no node reaches the address of the service.
    const dnsAddress = proxied
      ? spec.dnsAddress
      : nodesOf(up).find(({ name }) => name === controlPlaneIn(spec))?.address;
    if (node && dnsAddress)
      await patiently(up, signal, ['cluster-dns'], (s, pace) => dnsAnswers(up.fabric, { node, dnsAddress }, pace, s));
  },
};

/** Only for a request with `setup`: prepares the lab before the student sees it. */
export const setUpLab: Step<BringUp> = {
  name: 'setup',
  title: 'Setting up the lab',
  needs: ['nodes', 'proxies', 'dns'],
  run: async (up, signal) => {
    await up.request.setup?.(clusterOf(up.containers, up.request.plan.name, up.fabric, up.machines), signal);
  },
};

/** Builds a new cluster. */
export const bringUp: readonly Step<BringUp>[] = [
  ensureImage,
  issueCertificates,
  createMachines,
  openWayIn,
  startFabric,
  installComponents,
  startMachines,
  wireLinks,
  awaitApiServer,
  awaitNodes,
  awaitProxies,
  awaitDns,
];

/** The first step of a resume: the fabric knows whether a start of this cluster ever finished. */
export const wakeFabric: Step<BringUp> = {
  name: 'fabric',
  title: 'Waking the fabric',
  needs: [],
  run: async (up, signal) => {
    const { name } = up.request.plan;
    await put(up, fabricMachine, programsOf(up.request.plan.spec, fabricMachine), signal);
    await up.containers.start(idOf(up, fabricMachine), signal);
    up.fabric = await connectFabric(up.containers, name);
    up.completed = await claimCluster(up.fabric, name, signal);
  },
};

/** A stopped machine gets the present build of the components, so that an edited component needs no new cluster. */
const reinstallComponents: Step<BringUp> = {
  name: 'install',
  title: 'Installing components',
  needs: [],
  run: async (up, signal) => {
    const stopped = up.stopped.map(({ name }) => name).filter((name) => name !== fabricMachine);
    await put(up, fabricMachine, await recordsOf(up, stopped), signal);
    const { spec } = up.request.plan;
    await Promise.all(stopped.map((name) => put(up, name, programsOf(spec, name).map(inFiles), signal)));
  },
};

/** Resumes a cluster whose machines exist, stopped or without links. Addresses and objects stay the same. */
export const resume: readonly Step<BringUp>[] = [
  reinstallComponents,
  reopenWayIn,
  startMachines,
  { ...wireLinks, needs: ['start'] },
  awaitApiServer,
  awaitNodes,
  awaitProxies,
  awaitDns,
];

const idOf = (up: BringUp, machine: string): string => {
  const id = up.ids.get(machine);
  if (id === undefined) throw new Error(`no container was made for ${machine}`);
  return id;
};

/** Like Promise.all, but waits for all of them even after a failure: no container may appear after the undo has run. */
const allSettled = async (work: readonly Promise<void>[]): Promise<void> => {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
};
