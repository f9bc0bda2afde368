// Runs the real runtime and the kubelet's server in its own network, mount and cgroup namespaces. kubelet-node.ts
// starts it and calls it by JSON lines on the standard streams.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Pod } from '../../src/api/core-pods.ts';
import { parseCidr, parseIpv4 } from '../../src/api/scalars.ts';
import { messageOf } from '../../src/kit/error.ts';
import { type CrunRuntime, createCrunRuntime } from '../../src/node/kubelet/runtime/crun-runtime.ts';
import { parseBoundingSet } from '../../src/node/kubelet/runtime/oci.ts';
import { startKubeletServer } from '../../src/node/kubelet/server/server.ts';
import { desiredNetwork } from '../../src/node/podnet/network.ts';
import { openCgroups } from '../../src/node/sys/cgroup.ts';
import { createCniExecutor } from '../../src/node/sys/cni.ts';
import { run } from '../../src/node/sys/exec.ts';
import { createTestPki } from '../fixtures/pki.ts';
import { silentLogger as logger } from './kubelet.ts';

const [rootfs = '', cgroupRoot = ''] = process.argv.slice(2);
const cniConfigFolder = '/run/cni-conf';
const { signal } = new AbortController();
let runtime: CrunRuntime;
let life = new AbortController();

const open = async (): Promise<void> => {
  life.abort();
  life = new AbortController();
  runtime = await createCrunRuntime({
    stateFolder: '/run/kubelet',
    recordFolder: '/run/kubelet-records',
    logFolder: '/run/log-pods',
    cniConfigFolder,
    cni: createCniExecutor('/usr/lib/cni'),
    rootfsOf: () => rootfs,
    boundingCapabilities: parseBoundingSet(await readFile('/proc/self/status', 'utf8')),
    logSizeMax: 1 << 20,
    cgroups: await openCgroups({ mounts: '/run/kubelet-cgroup', root: cgroupRoot }),
    logger,
    signal: life.signal,
  });
};

const configureNetwork = async (): Promise<void> => {
  const node = { metadata: { name: 'node01' }, spec: { podCIDR: '10.244.1.0/24' } };
  const status = { addresses: [{ type: 'InternalIP' as const, address: '192.168.56.11' }] };
  const network = desiredNetwork([{ ...node, status }], {
    nodeName: 'node01',
    nodeIp: parseIpv4('192.168.56.11'),
    clusterCidr: parseCidr('10.244.0.0/16'),
    mode: 'routes',
  });
  await mkdir(cniConfigFolder, { recursive: true });
  await writeFile(`${cniConfigFolder}/10-labs.conflist`, network?.conflist ?? '');
};

/** As a restart of the node: all processes of the containers, the network namespaces and the tmpfs are gone. */
const restartNode = async (): Promise<void> => {
  life.abort();
  const script = `
    for pid in $(cat /run/kubelet/containers/*/conmon.pid /run/kubelet/containers/*/pid); do kill -9 $pid; done
    for name in $(ip netns list | cut -d' ' -f1); do ip netns delete $name; done
    for mount in $(grep -o '/run/kubelet/containers/[^ ]*' /proc/mounts); do umount -l $mount; done
    rm -rf /run/kubelet`;
  await run(['sh', '-c', script]);
  await open();
};

/** Listens on a Unix socket, because the test runs in another network namespace. */
const serve = async (path: string, pods: readonly Pod[]) => {
  const pki = await createTestPki();
  const server = await pki.issue('system:node:node01', ['system:nodes']);
  await startKubeletServer({
    listen: { path },
    tls: { ...server, clientCa: pki.ca },
    pods: {
      all: () => [...pods],
      find: (namespace, name) =>
        pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
      sandbox: (_, name) => runtime.sandboxes().find(({ pod }) => pod.name === name),
      runtime,
    },
    configz: { clusterDNS: ['10.96.0.10'] },
    ttyFolder: '/run/kubelet/tty',
    logger,
    signal,
  });
  const admin = await pki.issue('kube-apiserver-kubelet-client', ['system:masters']);
  return { ca: pki.ca, admin, stranger: await pki.issue('system:kube-proxy') };
};

const handlers: Record<string, (...args: never[]) => unknown> = {
  /** Simulates a restart of the kubelet: a second runtime reads the same state. */
  reopen: open,
  serve,
  restartNode,
  run: (argv: string[]) => run(argv),
  // JSON has no sets.
  collectGarbage: (uids: string[]) => runtime.collectGarbage(new Set(uids)),
};

const call = (method: string, args: unknown[]): unknown => {
  const own = handlers[method];
  const target = own ?? (runtime[method as keyof CrunRuntime] as unknown as (...args: unknown[]) => unknown);
  return (target as (...args: unknown[]) => unknown)(...args);
};

await configureNetwork();
await open();
process.stdout.write('{"id":0}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, args } = JSON.parse(line) as { id: number; method: string; args: unknown[] };
  const answer = (rest: object): void => void process.stdout.write(`${JSON.stringify({ id, ...rest })}\n`);
  void (async () => answer({ result: await call(method, args) }))().catch((error) =>
    answer({ error: messageOf(error) }),
  );
}
process.exit(0);
