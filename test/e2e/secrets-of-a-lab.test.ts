// What a student in a node can ask of the fabric (nothing), and where a lab's private keys lie and where they must not.
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { perl } from './attacks/attack.ts';
import { inNode, startLab } from './attacks/world.ts';
import { labs, type Ran, run } from './cli-support.ts';
import { ok } from './graded-lab.ts';

const name = `secrets-${process.pid}`;
const fabric = `labs-${name}-fabric`;
let home: string;
let variables: Readonly<Record<string, string>>;
/** A piece of each private key and token of the lab, as it is and as it looks inside of base64. */
let secrets: readonly string[];

const on = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: variables });

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'labs-secrets-'));
  const folders = {
    HOME: '',
    XDG_STATE_HOME: 'state',
    XDG_DATA_HOME: 'data',
    XDG_RUNTIME_DIR: 'runtime',
    TMPDIR: 'tmp',
  };
  variables = Object.fromEntries(Object.entries(folders).map(([key, folder]) => [key, join(home, folder)]));
  for (const folder of Object.values(variables)) await mkdir(folder, { recursive: true, mode: 0o755 });
  await startLab(home, name, 1, variables);
  secrets = await secretsOf(['controlplane', 'node01']);
});
afterAll(async () => {
  await on('delete', '--yes');
  await rm(home, { recursive: true, force: true });
});

const secretsOf = async (machines: readonly string[]): Promise<readonly string[]> => {
  const script = `find /etc/kubernetes /var/lib/kubelet /run/kubelet -type f -size -64k 2> /dev/null |
    while read -r file; do if grep -qE 'PRIVATE KEY|client-key-data|^eyJ' "$file"; then
      grep -ohE '^[A-Za-z0-9+/=]{60,64}$|key-data: .*|eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_.-]+' "$file"
    fi; done`;
  const found = await Promise.all(machines.map(async (machine) => (await inNode(name, machine, script)).stdout));
  const lines = found
    .join('\n')
    .split('\n')
    .map((line) => line.replace('key-data: ', '').trim());
  const words = lines.filter((line) => line.length >= 40).map((line) => line.slice(-36));
  // Base64 of a text has one of three forms, after the text's place in it.
  return [...new Set(words.flatMap((word) => [word, ...[0, 1, 2].map((before) => inBase64(word, before))]))];
};

const inBase64 = (word: string, before: number): string =>
  Buffer.from(' '.repeat(before) + word)
    .toString('base64')
    .replace(/=*$/, '')
    .slice(4, -4);

/** A private key, one in base64 (after "BEGIN", "BEGIN EC" or "BEGIN RSA"), or a token, of any lab. */
const anyKey = new RegExp(
  [
    'BEGIN [A-Z ]*PRIVATE KEY-----(\\\\n|\\s)+[\\w+/]{20}',
    'LS0tLS1CRUdJTi(BQUklWQVRFIEtF|BFQyBQUklWQVRFIEtF|BSU0EgUFJJVkFURSBL)',
    'eyJhbGciOi[\\w-]+\\.eyJ',
  ].join('|'),
);

const expectNoSecret = (text: string, where: string): void => {
  expect(text.length, where).toBeGreaterThan(0);
  expect(text, where).not.toMatch(anyKey);
  expect(
    secrets.filter((secret) => text.includes(secret)),
    where,
  ).toEqual([]);
};

/** All files below a folder. */
const filesIn = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

describe('the fabric', () => {
  /** Connects to each port, and sends a datagram to each port. Prints what answers. */
  const scan = (address: string): string =>
    perl(`
      use IO::Handle; my $to = inet_aton('${address}'); my @open;
      for (my $first = 1; $first < 65536; $first += 256) {
        my (%pending, $wait); $wait = '';
        for my $port ($first .. $first + 255) {
          next if $port > 65535; socket my $socket, PF_INET, SOCK_STREAM, 0 or die "$!"; $socket->blocking(0);
          if (connect $socket, sockaddr_in($port, $to)) { push @open, "tcp/$port"; next }
          next unless $!{EINPROGRESS}; vec($wait, fileno $socket, 1) = 1; $pending{fileno $socket} = [$socket, $port];
        }
        while (%pending) {
          my $ready = $wait; select(undef, $ready, undef, 2) or last;
          for my $number (grep { vec $ready, $_, 1 } keys %pending) {
            my ($socket, $port) = @{ delete $pending{$number} }; vec($wait, $number, 1) = 0;
            push @open, "tcp/$port" if unpack('i', getsockopt $socket, SOL_SOCKET, SO_ERROR) == 0;
          }
        }
      }
      socket my $datagrams, PF_INET, SOCK_DGRAM, 0; $datagrams->blocking(0);
      for my $port (1 .. 65535) {
        send $datagrams, "\\0" x 16, 0, sockaddr_in($port, $to);
        my $from = recv $datagrams, my $answer, 2048, 0; push @open, 'udp/' . (sockaddr_in $from)[0] if $from;
      }
      print "open: @open\\n";`);

  test('answers on no port of any of its addresses', async () => {
    const { stdout } = await ok(run(['docker', 'exec', fabric, 'ip', '-4', '-o', 'address', 'show']));
    const addresses = [...stdout.matchAll(/inet (\d+\.\d+\.\d+\.\d+)/g)].map(([, address = '']) => address);
    const reachable = addresses.filter((address) => !address.startsWith('127.'));
    expect(reachable).toContain('192.168.56.1');
    for (const address of reachable) expect((await ok(inNode(name, 'node01', scan(address)))).stdout).toBe('open: ');
    // The same scan finds what is there.
    expect((await ok(inNode(name, 'node01', scan('192.168.56.10')))).stdout).toContain('tcp/6443');
  });

  test('listens on no address of the lab, and has no raw socket there', async () => {
    const { stdout } = await ok(run(['docker', 'exec', fabric, 'ss', '--no-header', '-lnptuw']));
    const elsewhere = stdout.split('\n').filter((line) => line !== '' && !/ (127\.\d|\[::1\])/.test(line));
    expect(elsewhere).toEqual([]);
  });
});

describe('private keys and tokens', () => {
  test('are found in the nodes, so that the other tests have something to look for', () => {
    expect(secrets.length).toBeGreaterThan(20);
  });

  test('are not in what Docker says about the containers and volumes, nor in their logs', async () => {
    const list = await ok(run(['docker', 'ps', '--all', '--quiet', '--filter', `name=labs-${name}`]));
    const ids = list.stdout.split('\n');
    expect(ids.length).toBeGreaterThanOrEqual(4);
    expectNoSecret((await ok(run(['docker', 'inspect', ...ids]))).stdout, 'docker inspect');
    for (const id of ids) {
      const { stdout, stderr } = await ok(run(['docker', 'logs', id]));
      expectNoSecret(` ${stdout}${stderr}`, 'docker logs');
      expectNoSecret((await ok(run(['docker', 'top', id, '-eo', 'pid,args']))).stdout, 'docker top');
    }
  });

  test('are not in reports, evidence, plans or the status', async () => {
    const evidence = join(home, 'evidence.tgz');
    expectNoSecret((await on('grade', '--json', '--evidence', evidence)).stdout, 'report');
    expectNoSecret(gunzipSync(await readFile(evidence)).toString('latin1'), 'evidence');
    for (const format of ['junit', 'tap', 'markdown', 'csv', 'gradescope', 'text'])
      expectNoSecret((await on('grade', '--report', format)).stdout, format);
    for (const argv of [['status', '--json'], ['topology'], ['tasks']])
      expectNoSecret((await on(...argv)).stdout, argv[0] ?? '');
    expectNoSecret((await labs(['start', join(home, name), '--dry-run'], { env: variables })).stdout, 'plan');
  });

  test('are not in the logs of the components', async () => {
    for (const machine of ['controlplane', 'node01'])
      expectNoSecret((await ok(on('shell', machine, '--', 'journalctl', '--no-pager', '--quiet'))).stdout, machine);
  });

  test('are not in messages about errors', async () => {
    const says = async (...argv: string[]) => {
      const { exitCode, stdout, stderr } = await on('--debug', ...argv);
      expect(exitCode, argv.join(' ')).not.toBe(0);
      expectNoSecret(`${stdout}${stderr}`, argv.join(' '));
    };
    await says('shell', 'nowhere');
    await says('kubectl', '--v=9', 'get', 'nothing');
    await says('run', '/etc/hostname');
    await inNode(name, 'controlplane', 'systemctl stop kube-apiserver');
    try {
      await says('kubectl', 'get', 'nodes');
    } finally {
      await inNode(name, 'controlplane', 'systemctl start kube-apiserver');
    }
  });

  test('lie on the machine only in files that nobody else can read, below the folder of the state', async () => {
    await ok(on('kubectl', 'get', '--raw', '/readyz'));
    await ok(on('kubeconfig', '--write'));
    const withKeys: string[] = [];
    for (const file of await filesIn(home)) {
      const text = await readFile(file, 'latin1');
      if (!anyKey.test(text) && !secrets.some((secret) => text.includes(secret))) continue;
      withKeys.push(relative(home, file));
      expect(((await stat(file)).mode & 0o777).toString(8), file).toBe('600');
    }
    // The user has asked for the file in the folder of kubectl.
    expect(withKeys.filter((path) => !/^(state|\.kube)\//.test(path))).toEqual([]);
    expect(withKeys).toContain('.kube/config');
  });

  test('of the state cannot be replaced by another user of the machine', async () => {
    const folders = (await readdir(join(home, 'state'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(folders.length).toBeGreaterThan(0);
    for (const path of [...folders, ...(await filesIn(join(home, 'state')))])
      expect((await stat(path)).mode & 0o022, path).toBe(0);
  });
});
