import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackage } from './cli-installed.ts';
import { testPrinted } from './cli-printed.ts';
import { testScreen } from './cli-screen.ts';
import {
  containersOf,
  labs,
  onTerminal as onTerminalOf,
  root,
  run,
  spawnLabs,
  volumesOf,
  written,
} from './cli-support.ts';
import { testWatching } from './cli-watching.ts';
import { nodesByKubeconfig, testWayIn } from './cli-way-in.ts';
import { typeCheck } from './lab-types.ts';

const name = 'test-session';
const on = (...argv: string[]) => labs(['--name', name, ...argv]);
const onTerminal = (...argv: string[]) => onTerminalOf(['--name', name, ...argv]);

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labs-session-'));
  await labs(['delete', name, '--yes']);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await labs(['delete', name, '--yes']);
});

describe('a session', () => {
  test('starts from an installed package, and shows each step with its time, and what to do next', async () => {
    const installed = await installPackage(folder);
    const before = installed.contents();
    const options = { cwd: installed.elsewhere, env: installed.environment };
    const ran = await run(['labs', 'start', 'service-networking', '--name', name], options);
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.stderr).toMatch(/Waiting for the nodes to be Ready +\d+\.\d s/);
    expect(ran.stdout).toContain(`Lab ${name} is ready`);
    // With another running lab, the command names this one.
    expect(ran.stdout).toMatch(new RegExp(`labs (--name ${name} )?tasks`));
    for (const line of `${ran.stdout}\n${ran.stderr}`.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const solved = await run(['labs', '--name', name, 'solve', '1', '--yes'], options);
    expect(solved).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('Warning') });
    expect(installed.contents()).toEqual(before);
    expect(before.length).toBeGreaterThan(100);
    expect(installed.filesElsewhere()).toEqual([]);
    const writing = { cwd: folder, env: installed.environment };
    expect(await run(['labs', 'new', 'own', '--tasks', 'web,routes'], writing)).toMatchObject({ exitCode: 0 });
    expect(await run(['labs', 'start', './own', '--dry-run'], writing)).toMatchObject({ exitCode: 0 });
    expect(await run([join(root, 'node_modules/.bin/tsc'), '-p', 'own'], writing)).toMatchObject({
      stdout: '',
      exitCode: 0,
    });
    const script = (port: string) => `import type { Pod, SolveScript } from 'kube-network-labs/lab';
      export const solve: SolveScript = async (lab) => {
        const pod = await lab.object<Pod>('pod/blue');
        const lines: readonly string[] = await lab.node('node01').$\`ip route show \${pod?.status?.podIP ?? ''}\`.lines();
        await lab.client.tcp(${port});
        await lab.answer('how-many', String(lines.length));
      };`;
    const checked = (port: string) =>
      typeCheck(join(folder, `types-${port.length}`), installed.packageFolder, script(port));
    expect(await checked(`'db:3306'`)).toBe('');
    expect(await checked('3306')).toMatch(/^solve\.ts\(5,\d+\): error TS2345/);
  });

  test('is listed as running', async () => {
    const { running } = JSON.parse((await labs(['list', '--json'])).stdout);
    expect(running).toContainEqual(expect.objectContaining({ name, lab: 'service-networking', state: 'running' }));
  });

  test('has a status with every component up', async () => {
    const status = JSON.parse((await on('status', '--json')).stdout);
    expect(status.machines.map((machine: { name: string }) => machine.name)).toEqual([
      'fabric',
      'controlplane',
      'node01',
      'node02',
      'client',
    ]);
    for (const { components } of status.machines)
      for (const component of components) expect(component).toMatchObject({ running: true });
  });

  test('passes arguments, input and exit code between the user and kubectl', async () => {
    expect((await on('kubectl', 'get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).stdout).toBe(
      'controlplane node01 node02',
    );
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {text: "안녕"}\n';
    expect((await labs(['--name', name, 'kubectl', 'apply', '-f', '-'], { input: manifest })).stdout).toContain(
      'configmap/greeting created',
    );
    expect((await on('kubectl', 'get', 'cm', 'greeting', '-o', 'jsonpath={.data.text}')).stdout).toBe('안녕');
    expect(await on('kubectl', 'get', 'pod', 'nothing')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('not found'),
    });
  });

  test('runs a command on a machine, and ends with its exit code', async () => {
    expect(await on('shell', 'node01', '--', 'hostname')).toMatchObject({ exitCode: 0, stdout: 'node01' });
    expect(await on('shell', 'node01', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7')).toEqual({
      exitCode: 7,
      stdout: 'out',
      stderr: 'err',
    });
    expect((await labs(['--name', name, 'shell', 'client', '--', 'cat'], { input: 'through' })).stdout).toBe('through');
    expect((await on('shell', 'client', '--', 'ip', '-br', 'address')).stdout).toContain('192.168.56.100/24');
  });

  test('runs a command in a pod', async () => {
    await on('kubectl', 'run', 'blue', '--image=busybox', '--', 'sleep', '3600');
    await on('kubectl', 'wait', '--for=condition=Ready', 'pod/blue', '--timeout=30s');
    expect((await on('shell', 'blue', '--', 'hostname')).stdout).toBe('blue');
  });

  test('runs a script of an author on machines and in pods', async () => {
    const file = join(folder, 'try.ts');
    writeFileSync(
      file,
      `export const run = async (lab) => {
        console.log(await lab.client.$\`hostname\`.text());
        return [await lab.pod('blue').$({ input: "it's" })\`cat; echo " $HOME"\`.text(), lab.nodes.length];
      };
      export const wrong = (lab) => lab.node('node01').$\`ls \${'/no such'}\`;`,
    );
    const ran = await on('run', file);
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^client\n\[ "it's \/root", 3 \]$/) });
    expect(JSON.parse((await on('run', file, '--json')).stdout).result).toEqual(["it's /root", 3]);
    expect(await on('run', file, 'wrong')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/try\.ts:5:\d+ failed: `ls '\/no such'` on node01 ended with exit code 2/),
    });
  });

  test('draws the network with the veth of a pod, and the same as JSON', async () => {
    const { machines, services } = JSON.parse((await on('topology', '--json')).stdout);
    const pods = machines.flatMap((machine: { pods: { name: string }[] }) => machine.pods);
    const blue = pods.find((pod: { name: string }) => pod.name === 'blue');
    expect(blue).toMatchObject({ veth: expect.stringMatching(/^veth/), bridge: 'cni0' });
    expect(services).toContainEqual(expect.objectContaining({ name: 'kubernetes', address: '10.96.0.1' }));
    const drawn = (await on('topology')).stdout;
    expect(drawn).toMatch(new RegExp(`─ ${blue.veth} +blue +${blue.address}$`, 'm'));
    expect(drawn).toMatch(/^├─ eth0 {2}controlplane {2}192\.168\.56\.10$/m);
  });

  test('follows a packet, and a real one takes the same way', async () => {
    const { to, ways, proof } = JSON.parse((await on('trace', 'blue', 'kubernetes:443', '--json')).stdout);
    expect(to).toEqual({ label: 'kubernetes', address: '10.96.0.1', port: 443 });
    expect(ways).toHaveLength(1);
    expect(ways[0].end).toMatchObject({ kind: 'delivered', machine: 'controlplane', port: 6443, listening: true });
    expect(proof).toMatchObject({ outcome: 'connected', way: 0 });
    expect(proof.rules).toBeGreaterThan(5);
    const picture = (await on('trace', 'blue', 'kubernetes:443', '--explain')).stdout;
    expect(picture).toMatch(/^│ {2}nat +KUBE-SERVICES \d+ → KUBE-SVC-\w+$/m);
    expect(picture).toContain("The kernel's own trace names the same");
    expect(await on('trace', 'blue', '10.96.0.1:444')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('The service kubernetes has no port 444. Its ports: 443.'),
    });
    expect(await on('trace', 'blue', 'kubernets')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('kubernetes'),
    });
  });

  test('shows what has changed in the data plane', async () => {
    await on('diff');
    expect((await on('diff')).stdout).toContain('Nothing has changed');
    await on('shell', 'node01', '--', 'ip', 'route', 'add', 'blackhole', '10.9.0.0/16');
    const { changes } = JSON.parse((await on('diff', 'node01', '--json')).stdout);
    expect(changes).toContainEqual({
      machine: 'node01',
      section: 'routes',
      lines: [{ sign: '+', text: 'blackhole 10.9.0.0/16' }],
    });
    await on('check', '1');
    await on('shell', 'node01', '--', 'ip', 'route', 'del', 'blackhole', '10.9.0.0/16');
    await on('diff');
    expect((await on('diff')).stdout).toContain('Nothing has changed');
    expect((await on('diff', '--since', 'check')).stdout).toContain('- blackhole 10.9.0.0/16');
  });

  testWayIn(name, () => folder);

  test('names the nearest machine if a machine is unknown', async () => {
    const ran = await on('shell', 'node1');
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean "node01"?') });
  });

  test('shows a component’s log', async () => {
    const ran = await on('logs', 'node01', 'kube-proxy', '-n', '500');
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(/iptables/i);
  });

  test('shows a log as JSON, one object a line', async () => {
    const objects = (text: string) => text.split('\n').map((line) => JSON.parse(line));
    const unit = objects((await on('logs', 'node01', 'kube-proxy', '-n', '5', '--json')).stdout);
    expect(unit).toHaveLength(5);
    for (const line of unit)
      expect(line).toMatchObject({
        time: expect.any(String),
        machine: 'node01',
        unit: 'kube-proxy',
        message: expect.stringMatching(/./),
      });
    await on('kubectl', 'run', 'talker', '--image=busybox', '--', 'sh', '-c', 'echo "[one] two"; sleep 3600');
    await on('kubectl', 'wait', '--for=condition=Ready', 'pod/talker', '--timeout=30s');
    expect(objects((await on('logs', 'talker', '--json')).stdout)).toEqual([
      { time: expect.any(String), namespace: 'default', pod: 'talker', container: 'talker', message: '[one] two' },
    ]);
    await on('kubectl', 'delete', 'pod', 'talker', '--grace-period=1');
  });

  test('shows a pod’s log, and refuses a unit that does not exist', async () => {
    expect(await on('logs', 'blue')).toMatchObject({ exitCode: 0 });
    const ran = await on('logs', 'node01', 'nope');
    expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('LAB_UNIT_UNKNOWN') });
    expect((await on('logs', 'node01', 'systemd-journald')).exitCode).toBe(0);
  });

  test('opens a shell on a real terminal, with its size, its keys and its exit code', async () => {
    const shell = onTerminal('shell', 'node01');
    await written(shell.stdout, 'node01:~#');
    shell.stdin?.write('stty size\n');
    await written(shell.stdout, '37 91');
    // The terminal echoes the input. The quotes in the input make sure that only the program prints `asleep`.
    shell.stdin?.write('sh -c "echo a""sleep; exec sleep 600"\n');
    await written(shell.stdout, 'asleep');
    shell.stdin?.write('\u0003');
    shell.stdin?.write('exit 5\n');
    expect((await shell).exitCode).toBe(5);
  });

  test('watches on a terminal until q, and prints the last state', async () => {
    const watching = onTerminal('check', '--watch');
    await written(watching.stdout, 'Score');
    watching.stdin?.write('q');
    const { exitCode, stdout } = await watching;
    expect(exitCode).toBe(1);
    // This sequence shows the cursor and leaves the alternate screen.
    const [, after = ''] = String(stdout).split('\u001b[?25h\u001b[?1049l');
    expect(after).toContain('Score');
  });

  test('an interrupt also ends the program that waits in the machine', async () => {
    const following = spawnLabs(['--name', name, 'logs', 'node01', 'kube-proxy', '-f'], { buffer: false });
    await written(following.stdout, 'kube-proxy');
    following.kill('SIGINT');
    expect((await following).exitCode).toBe(130);
    expect((await on('shell', 'node01', '--', 'pgrep', '-c', 'journalctl')).stdout).toBe('0');
  });

  test('ends without an error when the reader closes the pipe', async () => {
    const command = `node ${root}bin/labs.js --name ${name} logs node01 -n 5000 | head -1`;
    const ran = await execa('bash', ['-o', 'pipefail', '-c', command], { reject: false });
    expect(ran.stdout.split('\n')).toHaveLength(1);
    expect(ran.stderr).not.toContain('EPIPE');
  });

  testScreen(name);

  test('shows tasks in both languages, and names the nearest task if a task is unknown', async () => {
    expect((await on('tasks')).stdout).toMatch(/^ ✔ +1 {2}\S/m);
    expect((await on('tasks', '1', '--lang', 'ko')).stdout).toMatch(/[가-힣]{2}/);
    const { tasks } = JSON.parse((await on('tasks', '--json')).stdout);
    const mistyped = tasks[0].id.replace(/.$/, 'x');
    expect(await on('check', mistyped)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`did you mean "${tasks[0].id}"?`),
    });
  });

  test('a check that fails exits with 1 and says what was expected and observed', async () => {
    const ran = await on('check', '--json');
    const report = JSON.parse(ran.stdout);
    expect(ran.exitCode).toBe(1);
    expect(report).toMatchObject({ version: 'labs.report/v1', lab: 'service-networking', name });
    const failed = report.tasks
      .flatMap((task: { checks: { outcome: string }[] }) => task.checks)
      .find((check: { outcome: string }) => check.outcome === 'fail');
    expect(failed).toMatchObject({ expected: expect.stringMatching(/\w/), observed: expect.stringMatching(/\w/) });
  });

  test('an untouched lab scores below 15%', async () => {
    const { score, maxScore } = JSON.parse((await on('grade', '--json')).stdout);
    expect(score / maxScore).toBeLessThan(0.15);
  });

  test('writes reports of the grading to files', async () => {
    const [junit, markdown] = [join(folder, 'out.xml'), join(folder, 'out.md')];
    const ran = await on('grade', '--report', `junit=${junit}`, '-r', `markdown=${markdown}`);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toContain('Score');
    expect(readFileSync(junit, 'utf8')).toContain('<testsuite');
    expect(readFileSync(markdown, 'utf8')).toContain('|');
  });

  test('watches without a terminal until an interrupt, and exits with 1 if a check fails', async () => {
    const watching = spawnLabs(['--name', name, 'check', '--watch'], { buffer: false });
    await written(watching.stdout, 'Score');
    watching.kill('SIGINT');
    expect((await watching).exitCode).toBe(1);
  });

  testWatching(name);

  test('asks nothing without a terminal', async () => {
    const ran = await labs(['delete', name]);
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') });
    expect(await containersOf(name)).toHaveLength(6);
  });

  test('stops, and resumes with the same addresses, objects and progress', { timeout: 120_000 }, async () => {
    await on('answer', '1', 'nonsense');
    const before = (await on('kubectl', 'get', 'pod', 'blue', '-o', 'jsonpath={.metadata.uid} {.status.podIP}')).stdout;
    const way = (await on('kubeconfig')).stdout;
    expect((await on('stop')).exitCode).toBe(0);
    expect(await on('check')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`labs start`) });
    expect((await labs(['tasks', name, '2'])).stdout).toContain(`labs start service-networking --name ${name}`);
    const ran = await labs(['start', 'service-networking', '--name', name, '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ name, resumed: true, warnings: [] });
    await on('kubectl', 'wait', '--for=condition=Ready', 'pod/blue', '--timeout=60s');
    const after = (await on('kubectl', 'get', 'pod', 'blue', '-o', 'jsonpath={.metadata.uid} {.status.podIP}')).stdout;
    expect(after).toBe(before);
    expect((await on('kubectl', 'get', 'cm', 'greeting', '-o', 'jsonpath={.data.text}')).stdout).toBe('안녕');
    expect((await on('kubeconfig')).stdout).toBe(way);
    expect(await nodesByKubeconfig(name)).toHaveLength(3);
  });

  test('a second start of a running lab changes nothing', async () => {
    const ran = await labs(['start', 'service-networking', '--name', name]);
    expect(ran.exitCode).toBe(0);
    expect((await on('kubectl', 'get', 'cm', 'greeting')).exitCode).toBe(0);
  });

  test('reset deletes all objects', { timeout: 120_000 }, async () => {
    const { stdout } = await on('reset', '--yes', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name, state: 'running', resumed: false });
    expect((await on('kubectl', 'get', 'cm', 'greeting')).exitCode).toBe(1);
    expect((await on('kubectl', 'get', 'pods', '-A')).stderr).toContain('No resources found');
  });

  testPrinted(name, () => folder);

  test('is deleted with all containers and volumes', async () => {
    expect(await labs(['delete', name, '--yes'])).toMatchObject({ exitCode: 0 });
    expect(await containersOf(name)).toEqual([]);
    expect(await volumesOf(name)).toEqual([]);
    expect(await labs(['status', '--name', name])).toMatchObject({ exitCode: 2 });
  });
});
