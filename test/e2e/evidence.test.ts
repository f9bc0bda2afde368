// Evidence of a running lab: `labs grade --evidence` and `labs verify`.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/api/report.ts';
import { checkKinds } from '../../src/host/grade/kinds.ts';
import { labs, type Ran, run as runProgram } from './cli-support.ts';

const name = `e2e-evidence-${process.pid}`;
let folder: string;
let evidence: string;

/** Without Docker: nothing listens there. */
const verify = (...argv: string[]): Promise<Ran> =>
  labs(['verify', ...argv], { env: { XDG_STATE_HOME: folder, DOCKER_HOST: 'unix:///nowhere.sock' } });
const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: folder } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  evidence = join(folder, 'evidence.tgz');
  const started = await run('start', 'service-networking', '--yes');
  expect(started.exitCode, started.stderr).toBe(0);
  expect((await run('solve', '1', '--yes')).exitCode).toBe(0);
  expect((await run('solve', '5', '--yes')).exitCode).toBe(0);
  await runProgram(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', join(folder, 'grader.pem')]);
  await runProgram([
    'openssl',
    'pkey',
    '-in',
    join(folder, 'grader.pem'),
    '-pubout',
    '-out',
    join(folder, 'grader.pub'),
  ]);
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(folder, { recursive: true, force: true });
});

test('a grading is graded again without Docker, to the same bytes', async () => {
  const graded = await run('grade', '--json', '--evidence', evidence, '--sign', join(folder, 'grader.pem'));
  expect(graded, graded.stderr).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Wrote the evidence') });
  expect(JSON.parse(graded.stdout).score).toBeGreaterThan(5);
  const again = await verify(evidence, '--key', join(folder, 'grader.pub'), '--report', 'json');
  expect(again, again.stdout).toMatchObject({ exitCode: 0, stdout: graded.stdout });
  const shown = await verify(evidence, '--key', join(folder, 'grader.pub'));
  expect(shown.stdout).toContain('The evidence holds.');
});

test('a changed fact is named, and the exit code is 1', async () => {
  const tar = gunzipSync(await readFile(evidence));
  const at = tar.indexOf('10.103.132.104');
  expect(at).toBeGreaterThan(0);
  tar.write('10.103.132.105', at);
  await writeFile(join(folder, 'changed.tgz'), gzipSync(tar));
  const { exitCode, stdout } = await verify(join(folder, 'changed.tgz'), '--json');
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    verified: false,
    // The changed fact may also change a verdict, which is another problem.
    problems: expect.arrayContaining([
      expect.objectContaining({ code: 'changed', about: expect.stringMatching(/^facts\/\d{4}\.json$/) }),
    ]),
  });
  const report = join(folder, 'report.json');
  const refused = await verify(join(folder, 'changed.tgz'), '--report', `gradescope=${report}`);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No report was written') });
  await expect(readFile(report)).rejects.toThrow('ENOENT');
});

test('nothing in it is a private key, a token or a kubeconfig', async () => {
  const text = gunzipSync(await readFile(evidence)).toString('latin1');
  expect(text.length).toBeGreaterThan(100_000);
  expect(text).not.toMatch(/PRIVATE KEY|eyJ[\w-]{10,}\.[\w-]{10,}\.|client-key-data|LS0tLS1CRUdJTi/);
});

/** At least one check of each kind. */
const kindsLab = `
apiVersion: labs/v1
name: every-kind
title: Every kind
summary: For tests.
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }] }
tasks:
  - id: task
    title: Task
    checks:
      - { id: answer, title: A, type: answer, question: Q, veth: pod/web }
      - id: change
        title: A
        type: change
        do: restart-kube-proxy
        object: node/node01
        from: pod/web
        to: "\${service/web:.spec.clusterIP}:80"
      - { id: conntrack, title: A, type: conntrack, on: node/node01, count: 5 }
      - { id: file, title: A, type: file, on: node/node01, path: /etc/kubernetes/kubelet.conf, content: server }
      - { id: http, title: A, type: http, from: pod/web, url: http://web/, times: 3, stableFor: 1s }
      - { id: iptables, title: A, type: iptables, on: node/*, rules: { table: nat, chain: KUBE-SERVICES } }
      - { id: ipvs, title: A, type: ipvs, on: node/node01, to: "\${service/web:.spec.clusterIP}:80" }
      - { id: link, title: A, type: link, on: node/node01, name: cni0 }
      - { id: log, title: A, type: log, on: node/node01, path: /var/log/kube-proxy.log, line: /proxy/, count: 1 }
      - { id: lookup, title: A, type: lookup, from: pod/web, name: web, address: "\${service/web:.spec.clusterIP}" }
      - { id: nftables, title: A, type: nftables, on: node/node01, rules: { has: drop } }
      - { id: object, title: A, type: object, object: service/web }
      - { id: path, title: A, type: path, from: node/*, to: "\${service/web:.spec.clusterIP}:80", expect: endpoints }
      - { id: policy, title: A, type: policy, from: node/node01, to: pod/web, port: 80 }
      - { id: process, title: A, type: process, on: node/node01, name: kubelet }
      - { id: route, title: A, type: route, on: node/node01, to: default }
      - { id: script, title: A, type: script, file: look.ts }
      - { id: sysctl, title: A, type: sysctl, on: node/*, name: net.ipv4.ip_forward, value: 1 }
      - { id: tcp, title: A, type: tcp, from: client, to: "\${node.address}:1" }
      - { id: twin, title: A, type: twin, on: node/* }
      - { id: untouched, title: A, type: untouched, on: node/* }
`;
const web = `
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: web, image: web }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

test('checks of every kind are graded again to the same bytes', async () => {
  const types = [...kindsLab.matchAll(/type: (\w+)/g)].map(([, type]) => type);
  expect(checkKinds.map(({ type }) => type).filter((type) => !types.includes(type))).toEqual([]);
  const [lab, kim] = [join(folder, 'kinds'), join(folder, 'kim')];
  for (const path of [join(lab, 'tasks'), kim]) await mkdir(path, { recursive: true });
  await writeFile(join(lab, 'lab.yaml'), kindsLab);
  await writeFile(join(lab, 'tasks/task.md'), '# Task\n');
  await writeFile(join(lab, 'look.ts'), "export const check = async () => ({ pass: true, observed: 'seen' });\n");
  await writeFile(join(kim, 'web.yaml'), web);
  const file = join(folder, 'kinds.tgz');
  const graded = await labs(['grade', '--submission', kim, lab, '--evidence', file, '--json'], {
    env: { XDG_STATE_HOME: folder },
  });
  const report = JSON.parse(graded.stdout) as Report;
  expect(report.tasks[0]?.checks.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(10);
  expect(await verify(file, lab, '--report', 'json')).toMatchObject({ exitCode: 0, stdout: graded.stdout });
  expect(JSON.parse((await verify(file, lab, '--json')).stdout)).toMatchObject({
    scripted: ['task/script'],
    secret: [],
  });
});

test('what cannot be written or read is said before the grading', async () => {
  const code = async (...argv: string[]) => {
    const { exitCode, stderr } = await run('grade', ...argv);
    return [exitCode, /\[(LAB_\w+)\]/.exec(stderr)?.[1]];
  };
  expect(await code('--evidence', '/nowhere/at/all.tgz')).toEqual([2, 'LAB_EVIDENCE_UNWRITABLE']);
  expect(await code('--evidence', '/dev/null')).toEqual([2, 'LAB_EVIDENCE_UNWRITABLE']);
  expect(await code('--evidence', evidence, '--sign', evidence)).toEqual([2, 'LAB_KEY_UNREADABLE']);
  expect(await code('--sign', join(folder, 'grader.pem'))).toEqual([2, 'LAB_EVIDENCE_NEEDED']);
  expect(await verify(join(folder, 'none.tgz'))).toMatchObject({ exitCode: 2 });
});
