// Changes the cluster while real traffic flows, and undoes it: for checks of the type `change`.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Deployment } from '../../../api/apps.ts';
import { isConditionTrue } from '../../../api/conditions.ts';
import type { Node, Service } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import { LabError, messageOf } from '../../../kit/error.ts';
import { done, eventually, notYet } from '../../../kit/eventually.ts';
import { componentsOf } from '../../plan/units.ts';
import type { MachineAccess } from '../access.ts';
import { askCluster, type CallsOptions } from '../calls.ts';
import { placeOf } from '../collect.ts';
import { Unmet } from '../facts.ts';
import { converged, endpointsOf, startTraffic } from './traffic.ts';
import type { ChangeAction, ChangeOutcome, ChangeRequest } from './types.ts';
import { finish, isOfUnit, kubectl, type Problems, scale, type Undo } from './undo.ts';

/** Traffic flows before and after the change, too: what fails then counts. */
const mostMarginMs = 500;
const undoMs = 120_000;

/**
 * One at a time in a lab. Whatever happens meanwhile, the change is undone: by this process, or by the next command
 * that opens the lab (`repairLeft`).
 * @throws LabError when the change could not be made; Unmet when its object is missing
 */
export const runChange = async (options: CallsOptions, request: ChangeRequest): Promise<ChangeOutcome> => {
  const { access, signal } = options;
  const marginMs = Math.min(mostMarginMs, request.convergesMs);
  await begin(options, []);
  let steps: readonly Undo[] = [];
  let count: number | undefined;
  let problems: Problems | undefined;
  const carryOut = async (): Promise<ChangeOutcome> => {
    // Only now: another grader may have changed the endpoints until here.
    const before = await endpointsOf(options, request);
    count = before.length;
    const plan = await planOf(options, request, before);
    // A cluster that is wrong before the change may look right only because something else answers.
    const { seen: wrong } = await converged(options, request, (endpoints) => isSame(endpoints, before));
    if (wrong !== undefined) throw new Unmet(`before the change, packets did not go where they should: ${wrong}`);
    steps = plan.undo;
    await begin(options, steps);
    await using traffic = await startTraffic(options, request);
    await pause(marginMs, undefined, { signal });
    await plan.change().catch((error: unknown) => {
      throw isOfUnit(error) ? new Unmet(messageOf(error)) : error;
    });
    const started = performance.now();
    const { at, seen } = await converged(options, request, plan.isWanted);
    await pause(marginMs, undefined, { signal });
    const [counts = { sent: 0, failed: 0 }, ...during] = await traffic.stop();
    return {
      ...(at === undefined ? {} : { convergedMs: Math.round(at - started) }),
      ...(seen === undefined ? {} : { seen }),
      ...counts,
      ...(during.length > 0 ? { during } : {}),
    };
  };
  const outcome = await carryOut().finally(async () => {
    // Also after Ctrl-C: the signal of the command has aborted by then.
    const patient = { access, signal: AbortSignal.timeout(undoMs) };
    problems = await finish(patient, steps, { settled: () => settled(options, request, count) });
  });
  const [theirs] = problems?.theirs ?? [];
  const [ours] = problems?.ours ?? [];
  if (theirs === undefined && ours !== undefined) throw new LabError('LAB_CHANGE_FAILED', ours);
  return theirs === undefined ? outcome : { ...outcome, left: theirs };
};

/** So that the next check finds as many endpoints as this one. */
const settled = async (options: CallsOptions, request: ChangeRequest, count: number | undefined): Promise<void> => {
  if (options.signal.aborted || count === undefined) return;
  const look = async () =>
    (await endpointsOf(options, request)).length === count ? done(undefined) : notYet('the endpoints differ');
  // A check that has come to its verdict does not fail for this.
  await eventually('the endpoints are as many as before', look, { timeoutMs: settleMs }).catch(() => {});
};

/** The kubelet of a node that was away reports in every ten seconds. */
const settleMs = 30_000;

/** Waits while another grader changes the cluster. */
const begin = async (options: CallsOptions, steps: readonly Undo[]): Promise<void> => {
  const { access, signal } = options;
  const look = async () => {
    const { begun, left } = await access.fabric.call('beginChange', { undo: JSON.stringify(steps) });
    if (begun) return done(undefined);
    if (left !== undefined) await finish(options, JSON.parse(left) as readonly Undo[]);
    return notYet('another grader changes the cluster');
  };
  await eventually('the cluster may be changed', look, { timeoutMs: 180_000, maxIntervalMs: 500, signal });
};

interface Plan {
  readonly undo: readonly Undo[];
  readonly change: () => Promise<unknown>;
  /** Whether these are the endpoints after the change. */
  readonly isWanted: (endpoints: readonly string[]) => boolean;
}

const planOf = async (
  options: CallsOptions,
  { action, object, replicas = 1 }: ChangeRequest,
  before: readonly string[],
): Promise<Plan> => {
  const name = object.slice(object.indexOf('/') + 1);
  switch (action) {
    case 'delete-pod':
      return deletion(options, await askCluster(options, ({ objects }) => objects.get<Pod>(object)));
    case 'add-endpoint': {
      const service = await askCluster(options, ({ objects }) => objects.get<Service>(object));
      const pods = await askCluster(options, ({ objects }) => objects.list<Pod>('pod'));
      return { ...addition(options, service, pods), isWanted: (endpoints) => endpoints.length > before.length };
    }
    case 'scale': {
      const { metadata, spec } = await askCluster(options, ({ objects }) => objects.get<Deployment>(object));
      const { namespace = 'default' } = metadata;
      const deployment = { namespace, name: metadata.name };
      const was = spec.replicas ?? 1;
      return {
        undo: [{ do: 'scale', ...deployment, replicas: was }],
        change: () => scale(options, { ...deployment, replicas }),
        isWanted: (endpoints) => endpoints.length === before.length + replicas - was,
      };
    }
    case 'restart-kube-proxy': {
      const unit = { do: 'units', node: name, verb: 'start', units: ['kube-proxy'] } as const;
      return {
        undo: [unit],
        change: () =>
          options.access.fabric.call('systemctl', {
            place: placeOf(options.access, { machine: name }),
            verb: 'restart',
            units: unit.units,
          }),
        isWanted: (endpoints) => isSame(endpoints, before),
      };
    }
    case 'stop-node':
    case 'reboot-node':
      return await outage(options, { action, node: name }, before);
  }
};

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  [...some].sort().join() === [...others].sort().join();

/** A small machine is back so soon. */
const rebootMs = 5000;

/**
 * Others see a node that is off the network as they see one without power. The machine itself goes on: its rules, its
 * routes and what its pods have in memory are the student's work, and would be lost.
 */
const outage = async (
  options: CallsOptions,
  { action, node }: { readonly action: ChangeAction; readonly node: string },
  before: readonly string[],
): Promise<Plan> => {
  const { access, lab, signal } = options;
  const { status } = await askCluster(options, ({ objects }) => objects.get<Node>(`node/${node}`));
  const place = placeOf(access, { machine: node });
  const { address } = access.machines.find(({ name }) => name === node) as MachineAccess;
  const plug = (plugged: boolean) => access.fabric.call('plug', { address, plugged });
  const onNode = (await askCluster(options, ({ objects }) => objects.list<Pod>('pod'))).filter(
    ({ spec }) => spec.nodeName === node,
  );
  const ready = onNode
    .filter((pod) => isConditionTrue(pod.status?.conditions, 'Ready'))
    .map(({ metadata }) => metadata);
  const pods = ready.map(({ namespace = 'default', name }) => ({ namespace, name }));
  const undo: readonly Undo[] = [
    { do: 'plug', node, address, wasReady: isConditionTrue(status?.conditions, 'Ready'), pods },
  ];
  if (action === 'reboot-node') {
    return {
      undo,
      change: async () => {
        await plug(false);
        const { nodes } = lab.cluster;
        const units = nodes.filter(({ name }) => name === node).flatMap((each) => componentsOf(each, lab.cluster));
        // A component that somebody has stopped stays stopped.
        await access.fabric.call('systemctl', { place, verb: 'try-restart', units });
        await pause(rebootMs, undefined, { signal });
        await plug(true);
      },
      isWanted: (endpoints) => isSame(endpoints, before),
    };
  }
  const gone = onNode.map((pod) => `${pod.status?.podIP}:`);
  const isGone = (endpoint: string): boolean => gone.some((address) => endpoint.startsWith(address));
  return {
    undo,
    change: () => plug(false),
    isWanted: (endpoints) => endpoints.length > 0 && !endpoints.some(isGone),
  };
};

const deletion = ({ access, signal }: CallsOptions, pod: Pod): Plan => {
  const { namespace = 'default', name, uid = '', finalizers = [] } = pod.metadata;
  // Such a pod never goes, and nobody could make it again.
  if (finalizers.length > 0)
    throw new Unmet(`the finalizers ${finalizers.join(', ')} keep pod ${name} from being deleted`);
  const address = pod.status?.podIP;
  // A controller makes another pod by itself.
  const isOwned = (pod.metadata.ownerReferences ?? []).length > 0;
  return {
    undo: isOwned ? [] : [{ do: 'create', uid, manifest: manifestOf(pod, name, pod.spec) }],
    change: () =>
      kubectl({ access, signal }, ['delete', 'pod', name, '-n', namespace, '--grace-period=1', '--wait=false']),
    isWanted: (endpoints) => endpoints.length > 0 && !endpoints.some((each) => each.startsWith(`${address}:`)),
  };
};

const addition = ({ access, signal }: CallsOptions, service: Service, pods: readonly Pod[]): Omit<Plan, 'isWanted'> => {
  const { namespace = 'default', name } = service.metadata;
  const labels = Object.entries(service.spec.selector ?? {});
  const model = pods.find(
    ({ metadata }) =>
      labels.length > 0 &&
      metadata.namespace === namespace &&
      labels.every(([key, value]) => metadata.labels?.[key] === value),
  );
  if (!model) throw new Unmet(`the service ${name} selects no pod`);
  const added = `labs-change-${randomBytes(3).toString('hex')}`;
  // The scheduler chooses the node.
  const { nodeName: _, ...spec } = model.spec;
  const manifest = manifestOf(model, added, spec);
  return {
    undo: [{ do: 'delete', namespace, name: added }],
    change: () => kubectl({ access, signal }, ['create', '-f', '-'], JSON.stringify(manifest)),
  };
};

/** The pod as its author wrote it, nearly so. */
const manifestOf = ({ metadata: { namespace = 'default', labels, annotations } }: Pod, name: string, spec: object) => {
  const plain = JSON.parse(JSON.stringify(spec)) as Pod['spec'];
  const isToken = (volume: string): boolean => volume.startsWith('kube-api-access-');
  const volumes = (plain.volumes ?? []).filter((volume) => !isToken(volume.name));
  const containers = plain.containers.map((container) => ({
    ...container,
    volumeMounts: (container.volumeMounts ?? []).filter((mount) => !isToken(mount.name)),
  }));
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, namespace, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
    spec: { ...plain, containers, volumes },
  };
};
