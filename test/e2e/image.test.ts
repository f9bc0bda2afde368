// Makes and uses the node image and the pod images.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDocker } from '../../src/host/docker/dockerode.ts';
import type { Containers, ExecResult } from '../../src/host/docker/port.ts';
import { type EnsureOptions, ensureImages } from '../../src/host/image/ensure.ts';
import { imageLabels } from '../../src/host/image/names.ts';
import { listImages, loadImage, removeImage } from '../../src/host/image/store.ts';
import { fabricCapabilities } from '../../src/host/plan/privileges.ts';
import { examine } from '../../src/host/setup/doctor.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';

const root = new URL('../..', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'labs-image-'));
/** A temporary folder for mmdebstrap alone, because other builds may use the temporary folder of the machine. */
const temporaryFolder = mkdtempSync(join(scratch, 'tmp-'));
const machine = `labs-image-test-${process.pid}`;
let docker: Containers;
let image: string;

const options = (from: string): EnsureOptions => ({
  docker,
  root: from,
  cacheFolder: join(scratch, 'cache'),
  variables: { ...process.env, TMPDIR: temporaryFolder },
});

/** Runs a shell script in a container like a node, with the store mounted. */
const shell = (script: string): Promise<ExecResult> => docker.exec(machine, { command: ['sh', '-c', script] });

/** Runs the start program of a pod image as the kubelet does: with an overlay on its root file system. */
const startPod = (name: string, environment = ''): Promise<ExecResult> =>
  shell(`
    digest=$(jq -r '.digest | sub("sha256:"; "")' "/var/lib/images/refs/docker.io%2Flibrary%2F${name}%3Alatest")
    mkdir -p /tmp/${name}/up /tmp/${name}/work /tmp/${name}/root
    mount -t overlay -o lowerdir=/var/lib/images/blobs/$digest/rootfs,upperdir=/tmp/${name}/up,workdir=/tmp/${name}/work pod /tmp/${name}/root
    mount --rbind /dev /tmp/${name}/root/dev; mount -t proc proc /tmp/${name}/root/proc
    command=$(jq -r '.config.Cmd[0]' "/var/lib/images/refs/docker.io%2Flibrary%2F${name}%3Alatest")
    ${environment} chroot /tmp/${name}/root $command > /tmp/${name}.log 2>&1 & echo $! > /tmp/${name}.pid`);

beforeAll(async () => {
  docker = await connectDocker(process.env);
  ({ image } = await ensureImages(options(root)));
  await docker.create({
    name: machine,
    image,
    network: 'none',
    command: ['sleep', '3600'],
    labels: { 'labs.image-test': machine },
    capabilities: fabricCapabilities,
    securityOptions: ['seccomp=unconfined', 'apparmor=unconfined'],
    tmpfs: { '/tmp': 'exec' },
    mounts: [{ source: 'labs-images', path: '/var/lib/images', readOnly: true }],
  });
  await docker.start(machine);
});

afterAll(async () => {
  await docker.remove(machine);
  rmSync(scratch, { recursive: true });
});

describe('the node image', () => {
  test('has every program that a student or a component calls', async () => {
    const programs =
      'systemctl journalctl iptables iptables-save iptables-restore nft ipset ipvsadm conntrack ip bridge curl tcpdump dig nc jq crun conmon kubectl node ps less nano vi socat ping traceroute nsenter';
    const { stdout } = await shell(`for p in ${programs}; do command -v $p > /dev/null || echo $p; done`);
    expect(stdout).toBe('');
    const plugins = (await shell('ls /usr/lib/cni')).stdout.split('\n');
    expect(plugins).toEqual(expect.arrayContaining(['bridge', 'host-local', 'loopback', 'portmap']));
  });

  test('runs Node 24 and kubectl 1.32', async () => {
    expect((await shell('node --version')).stdout).toMatch(/^v24\./);
    expect((await shell('kubectl version --client -o json | jq -r .clientVersion.minor')).stdout.trim()).toBe('32');
  });

  test('completes kubectl and its short name k', async () => {
    const script = `. /usr/share/bash-completion/bash_completion; . /etc/bash_completion.d/kubectl; complete -p kubectl k`;
    expect((await docker.exec(machine, { command: ['bash', '-c', script] })).stdout).toMatch(/__start_kubectl k$/m);
    expect((await docker.exec(machine, { command: ['bash', '-ic', 'alias k'] })).stdout.trim()).toBe(
      "alias k='kubectl'",
    );
  });

  test('contains no mirror and no machine id', async () => {
    expect((await shell('cat /etc/apt/sources.list')).stdout).toBe('');
    expect((await shell('cat /etc/machine-id')).stdout).toBe('');
    expect((await shell('ls /etc/apt/sources.list.d /etc/apt/apt.conf.d | grep -i mmdebstrap')).stdout).toBe('');
  });
});

describe('the built-in pod images', () => {
  test('web answers with its name, its address and the client’s address', async () => {
    await shell('ip link set lo up');
    await startPod('web');
    const { stdout } = await shell('curl -s --retry 20 --retry-connrefused --retry-delay 0 http://127.0.0.1/some/path');
    const { hostname } = { hostname: (await shell('hostname')).stdout.trim() };
    expect(stdout).toBe(
      `pod: ${hostname}\nip: 127.0.0.1\nport: 80\nclient: 127.0.0.1\nhost: 127.0.0.1\npath: /some/path\n`,
    );
    expect((await shell('curl -s http://127.0.0.1/healthz')).stdout).toBe('ok\n');
  });

  test('web answers hundreds of connections at once', async () => {
    const { stdout } = await shell(
      'seq 300 | xargs -P 100 -I{} curl -s -o /dev/null -w "%{http_code}\\n" http://127.0.0.1/{} | sort | uniq -c',
    );
    expect(stdout.trim()).toBe('300 200');
  });

  test('db is a MariaDB that answers within seconds, with the database and the user asked for', async () => {
    const since = performance.now();
    await startPod('db', `MARIADB_ROOT_PASSWORD='it''s\\' MARIADB_DATABASE=shop MARIADB_USER=buyer MARIADB_PASSWORD=p`);
    const client = 'chroot /tmp/toolbox/root mariadb -h127.0.0.1';
    await startPod('toolbox');
    const { stdout } = await shell(
      `for i in $(seq 200); do ${client} -ubuyer -pp -N -e 'select database()' shop 2>/dev/null && break; sleep 0.02; done`,
    );
    expect(stdout.trim()).toBe('shop');
    expect(performance.now() - since).toBeLessThan(10_000);
    expect((await shell(`${client} -uroot -N -e 'select 1'`)).exitCode).not.toBe(0);
    expect((await shell(`${client} -uroot -p'its\\' -N -e 'select 42'`)).stdout.trim()).toBe('42');
  });

  test('toolbox has its tools, and ends at once on SIGTERM', async () => {
    const { stdout } = await shell(
      'for p in curl mariadb dig nc ip ping tcpdump jq; do chroot /tmp/toolbox/root sh -c "command -v $p" > /dev/null || echo $p; done',
    );
    expect(stdout).toBe('');
    await shell('kill -TERM $(cat /tmp/toolbox.pid)');
    // No process reaps it here, so after its end it is a zombie.
    const state =
      'for i in $(seq 50); do s=$(ps -o stat= -p $(cat /tmp/toolbox.pid)); case $s in Z*|"") break;; esac; sleep 0.02; done; echo "$s"';
    expect((await shell(state)).stdout.trim()).toMatch(/^(Z.*)?$/);
  });

  test('busybox has its applets', async () => {
    await startPod('busybox');
    const { stdout } = await shell(
      'for p in sh wget nc nslookup httpd tar vi ping; do [ -L /tmp/busybox/root/bin/$p ] || echo $p; done; chroot /tmp/busybox/root wget -qO- 127.0.0.1/healthz',
    );
    expect(stdout).toBe('ok\n');
  });

  test('all of them share less than 200 MB', async () => {
    // The store may still hold earlier images, which the pods of a running lab use.
    const { stdout } = await shell(
      'cd /var/lib/images; for n in busybox web db toolbox; do jq -r ".digest[7:]" "refs/docker.io%2Flibrary%2F$n%3Alatest" | sed s,^,blobs/,; done | xargs du -smc | tail -1 | cut -f1',
    );
    expect(Number(stdout)).toBeLessThan(200);
  });
});

describe('an image of the Docker engine', () => {
  test('can be loaded into the store, listed and removed', async () => {
    const reference = `labs-image-test:${process.pid}`;
    const rootfs = pack();
    rootfs.entry({ name: 'hello.txt', mode: 0o640, uid: 7 }, 'hello');
    rootfs.entry({ name: 'link', type: 'symlink', linkname: 'hello.txt' });
    rootfs.finalize();
    await docker.images.import(reference, Readable.from(rootfs), {
      changes: ['CMD ["/run-me"]', 'ENV A=b', 'WORKDIR /w'],
    });
    try {
      const loaded = await loadImage({ docker, image }, reference);
      expect(loaded).toMatchObject({
        reference: `docker.io/library/${reference}`,
        config: { Cmd: ['/run-me'], Env: ['A=b'], WorkingDir: '/w' },
      });
      expect((await listImages({ docker, image })).map((stored) => stored.reference)).toContain(loaded.reference);
      const blob = `/var/lib/images/blobs/${loaded.digest.slice(7)}/rootfs`;
      expect((await shell(`stat -c '%a %u' ${blob}/hello.txt; readlink ${blob}/link`)).stdout).toBe(
        '640 7\nhello.txt\n',
      );
      await removeImage({ docker, image }, reference);
      await expect(removeImage({ docker, image }, reference)).rejects.toMatchObject({ code: 'LAB_IMAGE_UNKNOWN' });
    } finally {
      await docker.images.remove(reference);
    }
  });

  test('a missing image fails with the error of a pull', async () => {
    await expect(loadImage({ docker, image }, 'localhost:1/none:1')).rejects.toMatchObject({ code: 'LAB_IMAGE_PULL' });
  });
});

describe('a build that fails', () => {
  /** A checkout whose images don't exist yet. */
  const checkout = (name: string, more: string): string => {
    const folder = join(scratch, name);
    cpSync(join(root, 'image'), join(folder, 'image'), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    const list = join(folder, 'image/packages/pods');
    writeFileSync(list, `${readFileSync(list, 'utf8')}${more}\n`);
    return folder;
  };
  const temporary = (): string[] => readdirSync(temporaryFolder);
  const images = async (): Promise<string[]> =>
    (await docker.images.list({ [imageLabels.kind]: '' })).flatMap(({ tags }) => tags).sort();

  test('gives a hint without a network, and leaves nothing behind', async () => {
    const [before, folders] = [await images(), temporary()];
    const proxy = 'http://127.0.0.1:1';
    const work = ensureImages({
      ...options(checkout('offline', '# yet another digest\ntree')),
      base: 'bootstrap',
      variables: { ...process.env, TMPDIR: temporaryFolder, http_proxy: proxy, https_proxy: proxy },
    });
    await expect(work).rejects.toMatchObject({
      code: 'LAB_BOOTSTRAP',
      exitCode: 3,
      hint: expect.stringContaining('apt-get update'),
    });
    expect(await images()).toEqual(before);
    expect(temporary()).toEqual(folders);
  });

  test('stops at Ctrl-C, and leaves nothing behind', async () => {
    const [before, folders] = [await images(), temporary()];
    const stop = new AbortController();
    const work = ensureImages({
      ...options(checkout('interrupted', '# another digest\ntree')),
      base: 'bootstrap',
      signal: stop.signal,
      onProgress: (line) => line.includes('extracting') && stop.abort(new Error('Ctrl-C')),
    });
    await expect(work).rejects.toThrow('Ctrl-C');
    expect(await images()).toEqual(before);
    expect(temporary()).toEqual(folders);
    // A doctor that runs at the same time has a container for a moment; only one that stays is an error.
    await eventually(
      'no helper container is left',
      async () => {
        const helpers = await docker.list({ [imageLabels.helper]: '' });
        return helpers.length === 0 ? done(true) : notYet(helpers.map(({ name }) => name).join(', '));
      },
      { timeoutMs: 10_000 },
    );
  });
});

test('the doctor probes the kernel for real and leaves no container', async () => {
  const probes = await examine({ docker, root });
  expect(probes.length).toBeGreaterThan(25);
  expect(probes.filter(({ status }) => status === 'failure')).toEqual([]);
  expect(await docker.list({ [imageLabels.helper]: '' })).toEqual([]);
});
