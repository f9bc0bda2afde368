// `npm run test:grades`: grades an untouched and a solved lab again and again, half of the time with all processors
// busy. All verdicts must be equal.
//   npm run test:grades -- [--times 200] [--name same-grades]
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'zx';
import { fabricMachine } from '../src/api/cluster.ts';
import type { Report } from '../src/api/report.ts';
import { accessTo } from '../src/host/cli/access.ts';
import { readEnvironment } from '../src/host/cli/environment.ts';
import { bundlesIn } from '../src/host/cluster/install.ts';
import { startCluster } from '../src/host/cluster/start.ts';
import { deleteCluster } from '../src/host/cluster/stop.ts';
import { connectDocker } from '../src/host/docker/dockerode.ts';
import { gradeLab } from '../src/host/grade/engine.ts';
import { ensureImages } from '../src/host/image/ensure.ts';
import { findLab } from '../src/host/lab/catalogue.ts';
import { containerName } from '../src/host/plan/names.ts';
import { openProgress } from '../src/host/tasks/progress.ts';
import { solveTask } from '../src/host/tasks/run.ts';
import { root } from './lib/vitest.ts';

const times = Number(argv.times ?? 200);
const name = String(argv.name ?? 'same-grades');
const ending = new AbortController();
const { signal } = ending;
for (const each of ['SIGINT', 'SIGTERM'] as const)
  process.once(each, () => ending.abort(new Error(`ended by ${each}`)));
const environment = readEnvironment(process.env);
const docker = await connectDocker(environment.variables);
const lab = await findLab([`${root}labs`], 'service-networking');

/** What must be equal: the outcome of every check, the points, and whether something broke. */
const verdictOf = ({ score, broken, tasks }: Report): readonly string[] => [
  `score ${score}${broken ? ', broken' : ''}`,
  ...tasks.flatMap(({ id, checks }) => checks.map((check) => `${id}/${check.id} ${check.outcome}: ${check.observed}`)),
];

/** Others on this machine go first. */
const busyPriority = 5;

/** A process for each processor that does nothing but work. */
const keepBusy = (): Disposable => {
  const busy: readonly ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  for (const { pid } of busy) if (pid !== undefined) setPriority(pid, busyPriority);
  return {
    [Symbol.dispose]: () => {
      for (const child of busy) child.kill('SIGKILL');
    },
  };
};

const outcomesIn = (verdict: readonly string[]): string => verdict.map((line) => line.split(':')[0]).join('\n');

/** @returns how many verdicts differ from the first one */
const compare = async (state: string, grade: () => Promise<Report>): Promise<number> => {
  let first: readonly string[] | undefined;
  let different = 0;
  let busy: Disposable | undefined;
  const startedAt = performance.now();
  try {
    for (let round = 0; round < times; round += 1) {
      signal.throwIfAborted();
      if (round === Math.ceil(times / 2)) busy = keepBusy();
      const verdict = verdictOf(await grade());
      first ??= verdict;
      if (outcomesIn(verdict) === outcomesIn(first)) continue;
      different += 1;
      const lines = verdict.filter((line, index) => outcomesIn([line]) !== outcomesIn([first?.[index] ?? '']));
      console.log(`${state}, grade ${round + 1}${busy ? ', busy' : ''}:\n  ${lines.join('\n  ')}`);
    }
  } finally {
    busy?.[Symbol.dispose]();
  }
  const each = ((performance.now() - startedAt) / times / 1000).toFixed(1);
  console.log(`${state}: ${first?.[0]}; ${times} grades of ${each} s, ${different} different`);
  return different;
};

const main = async (): Promise<number> => {
  const stateFolder = await mkdtemp(join(tmpdir(), 'labs-same-grades-'));
  const options = { docker, root, cacheFolder: environment.cacheFolder, variables: environment.variables };
  const ensureImage = async (): Promise<string> => (await ensureImages(options)).image;
  const plan = { name, lab: lab.name, definitionDigest: lab.digest, spec: lab.cluster, version: 'same-grades' };
  const request = { plan, bundles: bundlesIn(`${root}dist`), ensureImage };
  try {
    const { cluster } = await startCluster(docker, request, { signal, onEvent: () => {} });
    await using _ = cluster;
    const instance = (await docker.inspect(containerName(name, fabricMachine)))?.id ?? '';
    const access = accessTo(cluster, lab, { fabricId: instance, scriptLog: () => {} });
    const progress = openProgress({ stateFolder, name, instance });
    const grade = async (): Promise<Report> => gradeLab({ lab, access, progress: await progress.read(), signal });
    let different = await compare('untouched', grade);
    for (const task of lab.tasks) await solveTask({ lab, task, access, progress, signal });
    // The cluster needs a moment after the last task.
    for (let tries = 0; tries < 5; tries += 1) {
      const report = await grade();
      await progress.record(report);
      if (report.score === report.maxScore) break;
    }
    different += await compare('solved', grade);
    return different === 0 ? 0 : 1;
  } finally {
    await deleteCluster(docker, name);
    await rm(stateFolder, { recursive: true });
  }
};

process.exitCode = await main();
