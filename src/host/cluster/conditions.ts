// The conditions that a start waits for, all checked through the fabric. A timeout's error names the condition.
import { setTimeout as delay } from 'node:timers/promises';
import { clusterDomain } from '../../api/cluster.ts';
import type { Lease } from '../../api/coordination.ts';
import type { Node } from '../../api/core.ts';
import type { KubeList, KubeObject } from '../../api/meta.ts';
import { componentPorts } from '../../api/paths.ts';
import { apiPathOf, leases } from '../../api/resources.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import type { Fabric } from './fabric.ts';
import type { RunningMachine } from './machines.ts';

/** How long to wait. The intervals are the same for all conditions. */
export interface Pace {
  readonly timeoutMs: number;
}

const steady = { intervalMs: 25, maxIntervalMs: 75 } as const;

/** The API server answers `/readyz` with 200. */
export const apiServerReady = (fabric: Fabric, pace: Pace, signal: AbortSignal): Promise<void> =>
  eventually(
    'the API server is ready',
    async () => {
      const { status, body } = await fabric.call('kube', { path: '/readyz' }, { signal });
      return status === 200 ? done(undefined) : notYet(`/readyz answers ${status} ${shorten(String(body))}`);
    },
    { ...steady, ...pace, signal },
  );

/**
 * Every node is Ready, and its kubelet has renewed its lease since the machine started. After a resume, the API server
 * still stores the Ready condition from before the stop.
 */
export const nodesReady = (
  fabric: Fabric,
  machines: readonly RunningMachine[],
  pace: Pace,
  signal: AbortSignal,
): Promise<void> =>
  eventually(
    'every node is Ready',
    async () => {
      const [nodes, leases] = await Promise.all([
        fabric.call('kube', { path: '/api/v1/nodes' }, { signal }),
        fabric.call('kube', { path: leasesPath }, { signal }),
      ]);
      if (nodes.status !== 200) return notYet(`the API server answers ${nodes.status}`);
      const waiting = machines.flatMap((machine) => {
        const node = find(nodes.body as KubeList<Node>, machine.name);
        const lease = find(leases.body as KubeList<Lease>, machine.name);
        return whyNotReady(machine, node, lease) ?? [];
      });
      return waiting.length === 0 ? done(undefined) : notYet(waiting.join('; '));
    },
    { ...steady, ...pace, signal },
  );

const leasesPath = `${apiPathOf(leases)}/namespaces/kube-node-lease/${leases.plural}`;

const find = <T extends KubeObject>({ items = [] }: Partial<KubeList<T>>, name: string): T | undefined =>
  items.find(({ metadata }) => metadata.name === name);

const whyNotReady = (machine: RunningMachine, node?: Node, lease?: Lease): string | undefined => {
  if (!node) return `${machine.name} has not registered`;
  const { status, reason, message } = node.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  if (status !== 'True') return `${machine.name} is not Ready${reason ? ` (${reason}: ${message ?? ''})` : ''}`;
  const renewed = new Date(lease?.spec?.renewTime ?? 0);
  return renewed > machine.startedAt ? undefined : `the kubelet of ${machine.name} has not renewed its lease`;
};

/** Every kube-proxy has programmed its node's rules at least once. */
export const proxiesSynced = (
  fabric: Fabric,
  nodes: readonly { readonly name: string; readonly address: Ipv4 }[],
  pace: Pace,
  signal: AbortSignal,
): Promise<void> =>
  eventually(
    'every kube-proxy has synced its rules',
    async () => {
      const states = await Promise.all(
        nodes.map(async ({ name, address }) => {
          try {
            const asked = { address, port: componentPorts.proxyHealth, path: '/healthz' };
            const { status } = await fabric.call('health', asked, { signal });
            return status === 200 ? undefined : `kube-proxy on ${name} answers ${status}`;
          } catch {
            return `kube-proxy on ${name} does not answer`;
          }
        }),
      );
      const waiting = states.filter((state) => state !== undefined);
      return waiting.length === 0 ? done(undefined) : notYet(waiting.join('; '));
    },
    { ...steady, ...pace, signal },
  );

/** A node resolves a name through the address of the DNS service. This takes the server, the service and the rules. */
export const dnsAnswers = (
  fabric: Fabric,
  { node, dnsAddress: nameserver }: { readonly node: RunningMachine; readonly dnsAddress: Ipv4 },
  pace: Pace,
  signal: AbortSignal,
): Promise<void> => {
  const place = { machine: node.name, pid: node.pid };
  const name = `kubernetes.default.svc.${clusterDomain}.`;
  let answers = false;
  let seen = `the name server ${nameserver} did not answer`;
  const lookUp = async (): Promise<void> => {
    const outcome = await fabric.call('lookup', { place, name, nameserver, timeoutMs: 1000 }, { signal });
    if (outcome.ok) answers = true;
    else seen = outcome.message;
  };
  return eventually(
    'the cluster DNS answers',
    async () => {
      // Without the rules of the service, nothing answers and nothing refuses. The next query may find the rules.
      await Promise.race([lookUp(), delay(patienceMs, undefined, { signal, ref: false })]);
      return answers ? done(undefined) : notYet(seen);
    },
    { ...steady, ...pace, signal },
  );
};

/** An idle machine answers within 10 ms. A late answer still counts. */
const patienceMs = 150;

const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
