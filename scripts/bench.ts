// `npm run bench`: measures the time of a lab's steps and the memory of a cluster, and prints them beside the targets.
//   npm run bench -- [--images] [--runs 3] [--minutes 2] [--json]
// --images also makes the images again, which takes minutes. --minutes: how long a watch without a change is measured.
import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { argv, echo } from 'zx';
import { fabricMachine } from '../src/api/cluster.ts';
import type { LabDefinition } from '../src/api/lab.ts';
import type { Report } from '../src/api/report.ts';
import { accessTo } from '../src/host/cli/access.ts';
import { readEnvironment } from '../src/host/cli/environment.ts';
import { bundlesIn } from '../src/host/cluster/install.ts';
import { type Cluster, openCluster } from '../src/host/cluster/open.ts';
import { startCluster } from '../src/host/cluster/start.ts';
import type { StepEvent } from '../src/host/cluster/steps.ts';
import { deleteCluster, stopCluster } from '../src/host/cluster/stop.ts';
import { connectDocker } from '../src/host/docker/dockerode.ts';
import { gradeLab } from '../src/host/grade/engine.ts';
import { ensureImages } from '../src/host/image/ensure.ts';
import { imageLabels } from '../src/host/image/names.ts';
import { findLab } from '../src/host/lab/catalogue.ts';
import { containerName } from '../src/host/plan/names.ts';
import { openProgress } from '../src/host/tasks/progress.ts';
import { solveTask } from '../src/host/tasks/run.ts';
import { measureDataplane } from './bench/dataplane/measure.ts';
import { distribution, type Figure, figuresTable, percentile } from './bench/figures.ts';
import { recordTimeLine } from './bench/timeline.ts';
import { benchFacts, benchWatch } from './bench/watch.ts';
import { root } from './lib/vitest.ts';

const name = 'bench';
const runs = Number(argv.runs ?? 3);
const minutes = Number(argv.minutes ?? 2);
const ending = new AbortController();
const { signal } = ending;
// A benchmark that is ended deletes its cluster, too.
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => ending.abort(new Error(`the benchmark was ended by ${name}`)));
const environment = readEnvironment(process.env);
const docker = await connectDocker(environment.variables);
const lab = await findLab([`${root}labs`], 'service-networking');
const inside = await readFile(`${root}scripts/bench/inside.cjs`, 'utf8');
const figures: Figure[] = [];

const timed = async <T>(work: () => Promise<T>): Promise<readonly [number, T]> => {
  signal.throwIfAborted();
  const startedAt = performance.now();
  const result = await work();
  return [performance.now() - startedAt, result];
};

const say = (text: string): void => void (argv.json ? undefined : console.error(text));

const makeImages = async (): Promise<string> =>
  (await ensureImages({ docker, root, cacheFolder: environment.cacheFolder, variables: environment.variables })).image;

const start = async (onEvent?: (event: StepEvent) => void): Promise<Cluster> => {
  const plan = { name, lab: lab.name, definitionDigest: lab.digest, spec: lab.cluster, version: 'bench' };
  const request = { plan, bundles: bundlesIn(`${root}dist`), ensureImage: makeImages };
  return (await startCluster(docker, request, { signal, onEvent })).cluster;
};

/** Runs a measurement in the fabric container. */
const measure = async <T>(mode: string, argument: unknown): Promise<T> => {
  signal.throwIfAborted();
  const text = typeof argument === 'string' ? argument : JSON.stringify(argument);
  const { exitCode, stdout, stderr } = await docker.exec(containerName(name, fabricMachine), {
    command: ['node', '-', mode, text],
    stdin: inside,
  });
  if (exitCode !== 0) throw new Error(`${mode}: ${stderr}`);
  return JSON.parse(stdout) as T;
};

const benchImages = async (): Promise<void> => {
  say('making the images again…');
  for (const image of await docker.images.list({ [imageLabels.kind]: '' }))
    for (const tag of image.tags.filter((each) => each.startsWith('labs/')))
      await docker.images.remove(tag).catch(() => {});
  const [milliseconds] = await timed(makeImages);
  figures.push({ name: 'image build', value: milliseconds, unit: 'ms' });
};

const benchStart = async (): Promise<Cluster> => {
  const times: number[] = [];
  for (let run = 1; ; run += 1) {
    say(`start, ${run} of ${runs + 1}…`);
    const line = recordTimeLine();
    const [milliseconds, cluster] = await timed(() => start(line.onEvent));
    // The first one reads everything from the disk.
    if (run === 1) figures.push({ name: 'start, first', value: milliseconds, unit: 'ms' });
    else times.push(milliseconds);
    if (run > runs) {
      figures.push({
        name: 'start, warm',
        value: percentile(times, 50),
        unit: 'ms',
        target: 1600,
        detail: `median of ${runs}`,
      });
      figures.push(...line.figures());
      return cluster;
    }
    await cluster[Symbol.asyncDispose]();
    await deleteCluster(docker, name);
  }
};

const benchMemory = async (cluster: Cluster): Promise<void> => {
  say('memory…');
  const fabric = await docker.inspect(containerName(name, fabricMachine));
  const machines = cluster.machines.map(({ name: machine, pid }) => ({ name: machine, pid }));
  const look = () => measure<readonly { machine: string; program: string; pss: number }[]>('memory', machines);
  const before = await look();
  const sum = (list: typeof before): number => list.reduce((total, { pss }) => total + pss, 0) / 1024;
  figures.push({
    name: 'memory, whole cluster (PSS)',
    value: sum(before),
    unit: 'MiB',
    target: 280,
    detail: `${machines.length} machines, fabric idle (${fabric?.status})`,
  });
  for (const { name: machine } of machines)
    figures.push({ name: `  ${machine}`, value: sum(before.filter((each) => each.machine === machine)), unit: 'MiB' });
  const programs = [...new Set(before.map(({ program }) => program))];
  const byProgram = programs
    .map((program) => ({ program, list: before.filter((each) => each.program === program) }))
    .sort((a, b) => sum(b.list) - sum(a.list));
  for (const { program, list } of byProgram.slice(0, 12))
    figures.push({
      name: `  ${program}`,
      value: sum(list),
      unit: 'MiB',
      detail: list.length > 1 ? `${list.length} processes` : '',
    });
  figures.push({ name: 'machines per GiB', value: machines.length / (sum(before) / 1024), unit: '' });
  const pods = 10;
  await measure('create-pods', String(pods));
  figures.push({
    name: 'pods per GiB',
    value: 1024 / ((sum(await look()) - sum(before)) / pods),
    unit: '',
    detail: 'busybox, beside what the cluster needs',
  });
  await measure('remove-pods', String(pods));
};

const benchWork = async (cluster: Cluster): Promise<void> => {
  say('pods and services…');
  figures.push(...distribution('pod created → Ready', await measure<readonly number[]>('pods', '20'), 500));
  const nodes = cluster.machines.filter(({ role }) => role === 'node').map(({ pid }) => pid);
  const services = await measure<{ times: readonly number[]; lookMs: number }>('services', { count: 20, nodes });
  figures.push(
    ...distribution(
      'service created → rule on the last node',
      services.times,
      300,
      `a look takes ${services.lookMs.toFixed(0)} ms`,
    ),
  );
};

const benchGrading = async (cluster: Cluster, definition: LabDefinition): Promise<void> => {
  say('solving and grading…');
  const fabric = await docker.inspect(containerName(name, fabricMachine));
  const access = accessTo(cluster, definition, { fabricId: fabric?.id ?? '', scriptLog: say });
  const progress = openProgress({ stateFolder: `${root}out/bench-state`, name, instance: access.instance });
  const grade = async (what: string, target?: number): Promise<void> => {
    const student = await progress.read();
    const times: number[] = [];
    let report: Report | undefined;
    for (let run = 0; run < runs; run += 1) {
      const [milliseconds, seen] = await timed(() => gradeLab({ lab: definition, access, progress: student, signal }));
      times.push(milliseconds);
      report = seen;
    }
    const checks = definition.tasks.flatMap((task) => task.checks).length;
    figures.push({
      name: `grade, ${what}`,
      value: percentile(times, 50),
      unit: 'ms',
      detail: `${report?.score}/${report?.maxScore} points, ${checks} checks, slowest of ${runs}: ${(Math.max(...times) / 1000).toFixed(2)} s`,
      ...(target ? { target } : {}),
    });
  };
  await grade('untouched');
  for (const task of definition.tasks) await solveTask({ lab: definition, task, access, progress, signal });
  await grade('solved', 1000);
  figures.push(...(await benchFacts(cluster)));
  say(`watching for ${minutes + 1} minutes…`);
  await using watched = await openCluster(docker, name, signal, { shared: true });
  const readProgress = () => progress.read();
  figures.push(
    ...(await benchWatch({
      cluster: watched,
      lab: {
        lab: definition,
        access: accessTo(watched, definition, { fabricId: access.instance, scriptLog: say }),
        readProgress,
      },
      agent: () => measure('agent', ''),
      minutes,
      signal,
    })),
  );
};

const benchRest = async (): Promise<void> => {
  say('stop, resume, delete…');
  const [stopping] = await timed(() => stopCluster(docker, name));
  figures.push({ name: 'stop', value: stopping, unit: 'ms', target: 700 });
  const line = recordTimeLine();
  const [resuming, cluster] = await timed(() => start(line.onEvent));
  figures.push({ name: 'resume', value: resuming, unit: 'ms', target: 2000 }, ...line.figures());
  await cluster[Symbol.asyncDispose]();
  const [deleting] = await timed(() => deleteCluster(docker, name));
  figures.push({ name: 'delete', value: deleting, unit: 'ms', target: 2000 });
};

try {
  await deleteCluster(docker, name);
  if (argv.images) await benchImages();
  else await makeImages();
  const cluster = await benchStart();
  await benchMemory(cluster);
  await benchWork(cluster);
  await benchGrading(cluster, lab);
  await cluster[Symbol.asyncDispose]();
  await benchRest();
  say('the model of the data plane…');
  figures.push(...(await measureDataplane()));
} finally {
  await deleteCluster(docker, name);
}
const engine = await docker.engine();
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Docker ${engine.version}`;
if (argv.json) echo(JSON.stringify({ machine, figures }, null, 2));
else echo(`${figuresTable(figures)}\n\n${machine}`);
process.exit(0);
