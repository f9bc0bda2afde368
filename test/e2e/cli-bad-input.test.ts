import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { containersOf, labs, onTerminal, type Ran, root } from './cli-support.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-bad-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the lab with a changed definition. */
const changedLab = (name: string, change: (yaml: string) => string): string => {
  const copy = join(folder, name);
  cpSync(join(root, 'labs/service-networking'), copy, { recursive: true });
  const file = join(copy, 'lab.yaml');
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  expect(after, 'the definition was changed').not.toBe(before);
  writeFileSync(file, after);
  return copy;
};

const expectRefusal = ({ exitCode, stdout, stderr }: Ran, code: number, name: string): void => {
  expect(stderr).toContain(`[${name}]`);
  expect(exitCode).toBe(code);
  expect(stdout).toBe('');
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
};

describe('bad usage', () => {
  test('an unknown command is refused, and the error names the nearest command', async () => {
    const ran = await labs(['strat']);
    expectRefusal(ran, 2, 'LAB_USAGE');
    expect(ran.stderr).toContain('Did you mean start?');
  });

  test('an unknown lab is refused, and the error names the nearest lab', async () => {
    const ran = await labs(['start', 'service-networkin']);
    expectRefusal(ran, 2, 'LAB_UNKNOWN');
    expect(ran.stderr).toContain('did you mean "service-networking"?');
  });

  test('a lab that is not running is refused', async () => {
    const ran = await labs(['status', '--name', 'test-nothing']);
    expectRefusal(ran, 2, 'LAB_INSTANCE_UNKNOWN');
  });

  test('an unknown report format is refused before anything is graded', async () => {
    const ran = await labs(['grade', '--name', 'test-nothing', '--report', 'junti=out.xml']);
    expectRefusal(ran, 2, 'LAB_REPORT_FORMAT');
    expect(ran.stderr).toContain('Did you mean junit=out.xml?');
  });

  test('a name that is not valid for a container is refused', async () => {
    const ran = await labs(['start', 'service-networking', '--name', 'Not_A_Name']);
    expectRefusal(ran, 2, 'LAB_PLAN_REFUSED');
    expect(await containersOf('Not_A_Name')).toEqual([]);
  });

  test('is refused in Korean with --lang ko', async () => {
    const ran = await labs(['status', '--name', 'test-nothing', '--lang', 'ko']);
    expect(ran.stderr).toContain('실행 중');
  });
});

describe('a bad definition', () => {
  test('with broken YAML is refused, with file, line and column in the message', async () => {
    const lab = changedLab('broken-yaml', (yaml) => yaml.replace(/^title:/m, 'title: [\n  x: }\ntitle:'));
    const ran = await labs(['start', lab]);
    expectRefusal(ran, 2, 'LAB_DEFINITION_INVALID');
    expect(ran.stderr).toMatch(/broken-yaml\/lab\.yaml:\d+:\d+: /);
  });

  test('with several problems is refused, and all problems are named at once', async () => {
    const lab = changedLab('many-problems', (yaml) =>
      yaml.replace(/^title:/m, 'titel: x\ntitle:').replace(/^( +)points: \d+/m, '$1points: many'),
    );
    const ran = await labs(['start', lab]);
    expectRefusal(ran, 2, 'LAB_DEFINITION_INVALID');
    expect(ran.stderr).toContain('unknown field "titel"; did you mean "title"?');
    expect(ran.stderr.match(/lab\.yaml:\d+:\d+: /g)?.length).toBeGreaterThanOrEqual(2);
  });

  test('with a service range that overlaps the pod network is refused', async () => {
    const lab = changedLab('overlapping', (yaml) => withCluster(yaml, '  serviceCidr: 10.244.128.0/20\n'));
    const ran = await labs(['start', lab]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/overlap/);
  });

  test('with a node name used twice is refused', async () => {
    const lab = changedLab('twice', (yaml) =>
      withCluster(
        yaml,
        '  nodes:\n    - {name: controlplane, role: control-plane}\n    - {name: node01}\n    - {name: node01}\n',
      ),
    );
    const ran = await labs(['start', lab]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('node01');
  });
});

/** The definition with these lines as its `cluster`. */
const withCluster = (yaml: string, lines: string): string =>
  `${yaml.replace(/^cluster:.*\n(?:(?: .*|#.*|)\n)*/m, '')}\ncluster:\n${lines}`;

describe('Docker', () => {
  test('without a socket leads to one error with a hint', async () => {
    const ran = await labs(['start', 'service-networking'], { env: { DOCKER_HOST: `unix://${folder}/no.sock` } });
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toMatch(/^error: .*\[LAB_DOCKER_/m);
    expect(ran.stderr).toMatch(/^hint: .*DOCKER_HOST/m);
  });

  test('on another machine is not set up, not even with --yes', async () => {
    const ran = await labs(['start', 'service-networking', '--yes'], { env: { DOCKER_HOST: 'tcp://127.0.0.1:1' } });
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain('LAB_DOCKER_UNREACHABLE');
  });

  test('with an invalid address is refused, but not by `labs list`', async () => {
    const ran = await labs(['list'], { env: { DOCKER_HOST: 'nonsense://x' } });
    const started = await labs(['start', 'service-networking'], { env: { DOCKER_HOST: 'nonsense://x' } });
    expect(ran.exitCode).toBe(0);
    expect(started.exitCode).not.toBe(0);
    expect(started.stderr).toContain('LAB_DOCKER_HOST');
  });

  test('without permission is refused with a hint', async () => {
    const socket = join(folder, 'forbidden.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    chmodSync(socket, 0);
    // Root may use every socket, so this runs as another user.
    const asNobody =
      process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];
    const [program = '', ...argv] = [...asNobody, process.execPath, join(root, 'bin/labs.js'), 'status'];
    const ran = await execa(program, argv, {
      reject: false,
      stdin: 'ignore',
      env: { HOME: join(folder, 'home'), NO_COLOR: '1', LC_ALL: 'C.UTF-8', DOCKER_HOST: `unix://${socket}` },
    });
    server.close();
    expect(ran.stderr).toContain('LAB_DOCKER_PERMISSION');
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toMatch(/^hint: /m);
  });

  test('is not needed for the list, the help and a dry run', async () => {
    const env = { DOCKER_HOST: `unix://${folder}/no.sock` };
    expect(await labs(['list'], { env })).toMatchObject({ exitCode: 0 });
    expect(await labs(['--help'], { env })).toMatchObject({ exitCode: 0 });
    expect((await labs(['start', '--dry-run', 'service-networking'], { env })).stdout).toContain('192.168.56.10');
  });
});

describe('labs', () => {
  test('fails if its output cannot be written', async () => {
    const ran = await execa('sh', ['-c', `${process.execPath} ${join(root, 'bin/labs.js')} list > /dev/full`], {
      reject: false,
    });
    expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('LAB_OUTPUT_UNWRITABLE') });
  });

  test('shows a text that is longer than the screen in the pager, on a terminal only', async () => {
    const pager = { PAGER: 'sed "s/^/page: /"' };
    expect((await onTerminal(['--help'], pager)).stdout).toContain('page: Usage: labs');
    for (const argv of [['--help', '--no-pager'], ['list']])
      expect((await onTerminal(argv, pager)).stdout).not.toContain('page: ');
    expect((await onTerminal(['--help'], { PAGER: 'no-such-pager' })).stdout).toContain('Usage: labs');
    expect((await labs(['--help'], { env: pager })).stdout).not.toContain('page: ');
  });

  test('prints errors as JSON with --json', async () => {
    const ran = await labs(['status', '--json', '--name', 'test-nothing']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'LAB_INSTANCE_UNKNOWN' } });
    expect(ran.exitCode).toBe(2);
  });

  test('runs under Node 24, also if an older Node starts it', async () => {
    const own = await labs(['--version']);
    expect(Number(/Node (\d+)/.exec(own.stdout)?.[1])).toBeGreaterThanOrEqual(24);
    const other = await execa('/usr/bin/env', ['node', join(root, 'bin/labs.js'), '--version'], {
      env: {
        PATH: (process.env.PATH ?? '')
          .split(':')
          .filter((path) => !path.includes('node_modules'))
          .join(':'),
      },
      extendEnv: false,
    });
    expect(Number(/Node (\d+)/.exec(other.stdout)?.[1])).toBeGreaterThanOrEqual(24);
  });
});
