// A lab on an engine with userns-remap: a second daemon on this machine, with folders of its own. Needs root.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, execIn } from '../../src/host/cluster/open.ts';
import { startCluster } from '../../src/host/cluster/start.ts';
import { deleteCluster } from '../../src/host/cluster/stop.ts';
import { connectDocker } from '../../src/host/docker/dockerode.ts';
import type { Containers } from '../../src/host/docker/port.ts';
import { ensureImages, readImageInputs } from '../../src/host/image/ensure.ts';
import { storeMarker } from '../../src/host/image/names.ts';
import { idsPerMachine } from '../../src/host/plan/boot.ts';
import { imageVolume } from '../../src/host/plan/names.ts';
import { examine } from '../../src/host/setup/doctor.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { root } from './cli-support.ts';
import { requestFor, spec, docker as usual } from './cluster-support.ts';

const scratch = mkdtempSync(join(tmpdir(), 'labs-remap-'));
// The engine's first id, which owns the images, must reach its folder.
chmodSync(scratch, 0o711);
const socket = join(scratch, 'docker.sock');
const variables = { ...process.env, DOCKER_HOST: `unix://${socket}` };
const cacheFolder = join(scratch, 'cache');
const name = `remap-${process.pid}`;

let daemon: ReturnType<typeof startDaemon>;
let docker: Containers;

/**
 * In a network namespace of its own: without a bridge, a daemon deletes docker0 of the machine's other one. The first
 * start makes the user dockremap.
 */
const dockerd = [
  ...['--net', '--', 'dockerd'],
  '--userns-remap=default',
  '--bridge=none',
  '--iptables=false',
  ...['--host', `unix://${socket}`],
  ...['--data-root', join(scratch, 'data')],
  ...['--exec-root', join(scratch, 'exec')],
  ...['--pidfile', join(scratch, 'docker.pid')],
];

const startDaemon = () => execa('unshare', dockerd, { reject: false });

const engineAnswers = async () => {
  const problem = await docker.engine().then(
    () => undefined,
    (error: unknown) => error,
  );
  return problem === undefined ? done(true) : notYet(String(problem));
};

/** Building the images again would take a minute. The nodes of this test run no pods, so the store stays empty. */
const copyImages = async (): Promise<void> => {
  const { image } = await ensureImages({ docker: usual, root, cacheFolder, variables: process.env });
  const { digests } = await readImageInputs(root);
  const save = execa('docker', ['save', image, storeMarker(digests.pods)], { buffer: { stdout: false } });
  await save.pipe('docker', ['load'], { env: variables });
  await docker.volumes.create(imageVolume, {});
};

beforeAll(async () => {
  daemon = startDaemon();
  docker = await connectDocker(variables);
  const answers = eventually('the second engine answers', engineAnswers, { timeoutMs: 60_000 });
  await Promise.race([answers, daemon.then(({ stderr }) => Promise.reject(new Error(stderr.slice(-1000))))]);
  await copyImages();
});

afterAll(async () => {
  try {
    await deleteCluster(docker, name);
  } finally {
    daemon.kill('SIGTERM');
    await daemon;
    rmSync(scratch, { recursive: true, force: true });
  }
});

describe('on an engine with userns-remap', () => {
  test('a node runs, root in it is a user without rights, and nothing is left of it', async () => {
    await using cluster = await startOneNode();
    const ran = (...command: readonly string[]) => execIn(cluster, 'controlplane', { command });
    const map = (await ran('cat', '/proc/self/uid_map')).stdout.trim().split(/\s+/).map(Number);
    expect(map).toEqual([0, cluster.machine('controlplane').ids, idsPerMachine]);
    expect(map[1]).toBeGreaterThanOrEqual(2 ** 20);
    // The engine keeps the files under its own first id; in the node, they are root's.
    expect((await ran('stat', '--format=%u %g %A', '/usr/bin/mount', '/etc/passwd')).stdout).toBe(
      '0 0 -rwsr-xr-x\n0 0 -rw-r--r--\n',
    );
    expect((await ran('systemctl', 'is-system-running')).stdout.trim()).toBe('running');
    await deleteCluster(docker, name);
    expect(await docker.list({})).toEqual([]);
  });

  test('the doctor finds that all of labs works', async () => {
    const probes = await examine({ docker, root });
    expect(probes.filter(({ status }) => status === 'failure')).toEqual([]);
    expect(probes.find((probe) => probe.name === 'engine')?.detail).toContain('userns-remap');
  });
});

const startOneNode = async (): Promise<Cluster> => {
  const { plan, ...request } = requestFor(name, {
    ensureImage: async (signal) => (await ensureImages({ docker, root, cacheFolder, variables, signal })).image,
  });
  const nodes = spec.nodes.filter(({ role }) => role === 'control-plane');
  const options = { signal: new AbortController().signal, onEvent: () => {} };
  const small = { ...plan, spec: { ...spec, nodes, clients: [] } };
  return (await startCluster(docker, { ...request, plan: small }, options)).cluster;
};
