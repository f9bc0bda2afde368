// Many pods at once keep the nodes busy. Each pod that never restarts runs exactly once, also when kubelets are killed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inMachine } from '../../src/host/plan/boot.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { isLong } from '../support/runs.ts';
import { cleanUp, docker, kubectl, mustStart, requestFor, spec } from './cluster-support.ts';

const name = 'e2e-ended';
const workers = ['node01', 'node02'];
/** The long tests try more pods. */
const count = isLong ? 200 : 20;
/** An idle machine needs about a minute for 200 pods. */
const patienceMs = 400_000;

beforeAll(async () => {
  await cleanUp(name);
  const request = requestFor(name);
  const nodes = [...spec.nodes, { name: 'node02', role: 'worker' as const }];
  const { cluster } = await mustStart({ ...request, plan: { ...request.plan, spec: { ...spec, nodes } } });
  await cluster[Symbol.asyncDispose]();
});
afterAll(() => cleanUp(name));

/** Each run adds a line to the pod's file. Every second pod fails. */
const script = `
for i in $(seq ${count}); do cat <<END
apiVersion: v1
kind: Pod
metadata: { name: p$i }
spec:
  restartPolicy: Never
  volumes: [{ name: runs, hostPath: { path: /srv/runs, type: DirectoryOrCreate } }]
  containers:
  - name: c
    image: busybox
    command: [sh, -c, "echo run >> /runs/p$i; exit $((i % 2))"]
    volumeMounts: [{ name: runs, mountPath: /runs }]
---
END
done | kubectl create --filename=-`;

const inNode = async (node: string, command: string): Promise<string> => {
  const result = await docker.exec(`labs-${name}-${node}`, { command: inMachine(['sh', '-c', command]) });
  if (result.exitCode !== 0) throw new Error(`${node}: ${result.stderr}`);
  return result.stdout.trim();
};

/** @returns one line per pod: name, phase, restarts */
const look = async (): Promise<string[]> => {
  const columns = '{.metadata.name} {.status.phase} {.status.containerStatuses[0].restartCount}';
  return (await kubectl(name, 'get', 'pods', `--output=jsonpath={range .items[*]}${columns}{"\\n"}{end}`)).split('\n');
};

const hasEnded = (line: string): boolean => / (Succeeded|Failed) /.test(line);

test(`each of ${count} pods that never restart runs once, and keeps its phase`, {
  timeout: patienceMs + 60_000,
}, async () => {
  await inNode('controlplane', script);
  const killAfter = async (share: number): Promise<void> => {
    const enough = async () => {
      const lines = await look();
      return lines.filter(hasEnded).length >= share * count ? done(undefined) : notYet(lines.join(', '));
    };
    await eventually(`${share * 100}% of the pods have ended`, enough, { timeoutMs: patienceMs });
    // After the last kill, systemd may still wait before it starts the next kubelet.
    const kill = 'systemctl start kubelet; systemctl kill --kill-whom=main --signal=KILL kubelet';
    for (const node of workers) await inNode(node, kill);
  };
  await killAfter(0.1);
  await killAfter(0.5);
  const all = async () => {
    const lines = await look();
    const left = lines.filter((line) => !hasEnded(line));
    return left.length === 0 ? done(lines) : notYet(left.join(', '));
  };
  const lines = await eventually('all pods have ended', all, { timeoutMs: patienceMs });
  const wanted = Array.from({ length: count }, (_, i) => `p${i + 1} ${i % 2 === 0 ? 'Failed' : 'Succeeded'} 0`);
  expect([...lines].sort()).toEqual(wanted.sort());
  // A third kubelet finds only pods that have ended.
  for (const node of workers) await inNode(node, 'systemctl restart kubelet');
  await kubectl(name, 'run', 'last', '--image=busybox', '--restart=Never', '--', 'true');
  await kubectl(name, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/last', '--timeout=60s');
  expect((await look()).filter((line) => !line.startsWith('last ')).sort()).toEqual(wanted);
  const runs = await Promise.all(workers.map((node) => inNode(node, 'cd /srv/runs; grep -c run *')));
  expect(runs.join('\n').split('\n').sort()).toEqual(wanted.map((line) => `${line.split(' ')[0]}:1`).sort());
});
