// A cluster without Docker: containers in memory, and an agent in the fabric whose answers a test chooses.
import { PassThrough } from 'node:stream';
import type { ClaimOwner } from '../../../src/api/fabric.ts';
import type { BootMachine, BootParams, LinkQuality } from '../../../src/api/wiring.ts';
import { type Handlers, serve } from '../../../src/fabric/agent.ts';
import type { StartRequest } from '../../../src/host/cluster/context.ts';
import type { StartOptions } from '../../../src/host/cluster/start.ts';
import type { ExecSession } from '../../../src/host/docker/port.ts';
import { FakeDocker } from '../../support/fake-docker.ts';
import { threeNodes } from '../plan/fixtures.ts';

const image = 'labs/node:test';

/** The state that the agents of one cluster share. */
export interface FabricState {
  completed: boolean;
  /** Another start holds the claim. */
  claimedByOther: boolean;
  /** Who holds the claim then. A claim that takes over ends this start. */
  owner?: ClaimOwner;
  /** The machines of each boot. */
  readonly booted: (readonly BootMachine[])[];
  readonly wired: string[][];
  /** Of each wiring. */
  readonly qualities: (readonly [string, LinkQuality])[];
}

/** Process 1 of a machine, which is another one than that of its container. */
export const initOf = (containerPid: number): number => containerPid + 1_000_000;

const boot = ({ machines }: BootParams) => ({
  inits: Object.fromEntries(machines.map(({ machine, pid }) => [machine, initOf(pid)])),
});

/** A fabric of a healthy cluster. */
export const healthyFabric = (docker: FakeDocker, state: FabricState): Partial<Handlers> => ({
  hello: async () => ({ version: 'test' }),
  claim: async ({ takeOver }) => {
    if (takeOver) state.claimedByOther = false;
    const { claimedByOther, completed, owner } = state;
    return { claimed: !claimedByOther, completed, ...(claimedByOther && owner ? { owner } : {}) };
  },
  release: async () => ({}),
  complete: async () => {
    state.completed = true;
    return {};
  },
  boot: async (params) => {
    state.booted.push(params.machines);
    return boot(params);
  },
  reboot: async (params) => boot(params),
  wire: async ({ links }) => {
    const wired = links.map(({ machine }) => machine);
    state.wired.push(wired);
    state.qualities.push(...links.flatMap(({ machine, quality }) => (quality ? [[machine, quality] as const] : [])));
    return { wired, links: links.length };
  },
  rewire: async () => ({ wired: [], links: 0 }),
  kube: async ({ path }) => ({ status: 200, body: path === '/readyz' ? 'ok' : { items: nodesOrLeases(docker) } }),
  health: async () => ({ status: 200, body: 'ok' }),
  lookup: async () => ({ ok: true, addresses: ['10.96.0.1'] }),
});

/** Each item serves as node and as lease: Ready, and renewed now. */
const nodesOrLeases = (docker: FakeDocker) =>
  [...docker.containers.values()].map(({ spec }) => ({
    metadata: { name: spec.hostname },
    spec: { renewTime: new Date(Date.now() + 1000).toISOString() },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }));

export class World extends FakeDocker {
  readonly state: FabricState = { completed: false, claimedByOther: false, booted: [], wired: [], qualities: [] };
  handlers: Partial<Handlers> = healthyFabric(this, this.state);

  /** @param probed what the probes of the kernel print */
  constructor(probed = '') {
    super({ images: { [image]: {} }, exec: () => ({ stdout: probed }) });
  }

  override async open(): Promise<ExecSession> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const exitCode = serve(this.handlers as Handlers, stdin, stdout).then(() => 0);
    return { stdin, stdout, stderr, exitCode, resize: async () => {}, close: () => void stdin.end() };
  }

  get names(): string[] {
    return [...this.containers.keys()].sort();
  }
}

export const request = (change: Partial<StartRequest> = {}): StartRequest => ({
  plan: { name: 'x', lab: 'lab', definitionDigest: 'd', spec: threeNodes, version: '1' },
  ensureImage: async () => image,
  bundles: async (name) => Buffer.from(`the bundle ${name}`),
  ...change,
});

export const quietly = (): StartOptions => ({ signal: new AbortController().signal });
