// `labs start [lab]`: builds the cluster of a lab, or resumes a stopped one.
import { dirname } from 'node:path';
import { type LabDefinition, localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { bundlesIn } from '../../cluster/install.ts';
import type { Cluster } from '../../cluster/open.ts';
import { type Started, startCluster } from '../../cluster/start.ts';
import { type ClusterSummary, listClusters } from '../../cluster/status.ts';
import type { Containers } from '../../docker/port.ts';
import { type Clock, isOver } from '../../grade/time-limit.ts';
import { ensureImages } from '../../image/ensure.ts';
import { refuseMissingImages } from '../../image/store.ts';
import { prepareLab } from '../../tasks/prepare.ts';
import type { Surviving } from '../../tasks/progress.ts';
import { accessTo } from '../access.ts';
import { declined } from '../ask.ts';
import { labToStart } from '../chosen-lab.ts';
import type { Context, Options, Run } from '../context.ts';
import { nameIfNeeded } from '../instances.ts';
import { describePlan } from '../plan-text.ts';
import { showProgress } from '../progress.ts';
import { engineOrSetup } from '../ready.ts';
import { afterRestart } from '../restart.ts';
import { openScriptLog } from '../script-log.ts';
import { fabricId, progressIn } from '../student-progress.ts';
import { commandLines } from '../table.ts';
import { secondsSince, wrap } from '../text.ts';
import { clockIn, leftLines, timeFields } from '../time-left.ts';
import { mayRun } from '../trust.ts';
import { unsafeLines, wantsUnsafeNodes, willBeUnsafe } from '../unsafe-nodes.ts';
import { variationOf } from '../variation.ts';
import { renewKubeconfig } from '../way-in.ts';

export const run: Run = (context, [given], options) => startLab(context, given, options);

/** @param earlier what a lab goes on with that was reset */
export const startLab = async (
  context: Context,
  given: string | undefined,
  options: Options,
  earlier?: Surviving,
): Promise<number> => {
  const { lab, name } = await labToStart(context, given, variationOf(context, options));
  if (options.dryRun === true) {
    await describePlan(context, lab, name);
    return ExitCode.ok;
  }
  if (!(await mayRun(context, lab))) return declined(context);
  const startedAt = performance.now();
  const docker = await engineOrSetup(context);
  const {
    resumed,
    restarted,
    warnings: english,
  } = await bringUp(context, docker, lab, {
    name,
    ...(lab.timeLimitMs === undefined ? {} : { timeLimitMs: lab.timeLimitMs }),
    unsafeNodes: wantsUnsafeNodes(options),
  });
  const warnings = english.map((warning) => context.say.fromEnglish(warning));
  const all = await listClusters(docker, context.signal);
  nameIfNeeded(context, all, name);
  if (earlier) await (await progressIn(context, name)).goOn(earlier);
  const restored = resumed ? await afterRestart({ ...context, name }, restarted) : undefined;
  const instance = all.find((each) => each.name === name);
  const clock = instance && (await clockIn(context, instance));
  const seconds = secondsSince(startedAt);
  if (context.json) {
    const { title } = lab;
    const started = { name, lab: lab.name, title: localize(title, context.environment.language), state: 'running' };
    context.output.line(
      JSON.stringify(
        {
          ...started,
          ...unsafeField(instance),
          resumed,
          seconds: Number(seconds),
          warnings,
          ...restored,
          ...timeFields(clock),
        },
        null,
        2,
      ),
    );
  } else printNext(context, lab, { name, seconds, resumed, ...(clock ? { clock } : {}) });
  printWarnings(context, warnings);
  await renewKubeconfig(context, { name, lab: lab.name });
  return ExitCode.ok;
};

const unsafeField = (instance: Pick<ClusterSummary, 'unsafeNodes'> | undefined) =>
  instance?.unsafeNodes ? { unsafeNodes: true } : {};

export interface Instance {
  readonly name: string;
  /** How long the student has. What an author tests and what a grader builds has no time limit. */
  readonly timeLimitMs?: number;
  /** `--unsafe-nodes`. A resumed lab keeps how it was built. */
  readonly unsafeNodes?: boolean;
}

/** Builds the cluster or resumes it, and shows the steps. */
export const bringUp = async (
  context: Context,
  docker: Containers,
  lab: LabDefinition,
  { name, timeLimitMs, unsafeNodes = false }: Instance,
): Promise<Started> => {
  const { environment, paths, signal, version } = context;
  const [engine, all] = await Promise.all([docker.engine(signal), listClusters(docker, signal)]);
  const existing = all.find((each) => each.name === name);
  const unsafe = willBeUnsafe(existing, unsafeNodes);
  if (unsafe) for (const line of unsafeLines(context, engine)) context.output.note(line);
  using progress = showProgress(context);
  const started = await startCluster(
    docker,
    {
      plan: {
        name,
        lab: lab.name,
        definitionDigest: lab.digest,
        ...(paths.labs.includes(dirname(lab.folder)) ? {} : { folder: lab.folder }),
        variation: lab.variation,
        ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
        spec: lab.cluster,
        ...(unsafe ? { unsafeNodes: true } : {}),
        version,
        resources: { cpus: engine.cpus },
      },
      bundles: bundlesIn(paths.bundles),
      ensureImage: async (aborting, onProgress) => {
        const { cacheFolder, variables } = environment;
        const options = { docker, root: paths.root, cacheFolder, variables, onProgress, signal: aborting };
        const { image } = await ensureImages(options);
        if (lab.images.length > 0) await refuseMissingImages({ docker, image, signal: aborting }, lab.images);
        return image;
      },
      ...(lab.manifests.length === 0 && lab.setup === undefined
        ? {}
        : { setup: (cluster: Cluster, aborting: AbortSignal) => prepare(context, lab, cluster, aborting) }),
    },
    { signal, onEvent: progress.onEvent, onProgress: progress.onProgress },
  );
  await started.cluster[Symbol.asyncDispose]();
  if (unsafeNodes && !unsafe)
    context.output.note(context.output.paint('yellow', `! ${context.say.unsafeNodesKept(name)}`));
  return started;
};

const prepare = async (
  { environment }: Context,
  lab: LabDefinition,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> => {
  const { language, stateFolder } = environment;
  const access = accessTo(cluster, lab, {
    fabricId: await fabricId(cluster.containers, cluster.name, signal),
    scriptLog: openScriptLog(stateFolder, cluster.name),
  });
  await prepareLab({ lab, access, language, signal });
};

interface ReadyLab {
  readonly name: string;
  readonly seconds: string;
  readonly resumed: boolean;
  readonly clock?: Clock;
}

/** Says that the lab is ready, and which commands to try next. */
const printNext = (
  context: Context,
  { cluster: { nodes } }: LabDefinition,
  { name, seconds, resumed, clock }: ReadyLab,
): void => {
  const { output, say } = context;
  output.line();
  output.line(output.paint(['bold', 'green'], resumed ? say.resumed(name, seconds) : say.ready(name, seconds)));
  for (const line of leftLines(context, clock)) output.line(line);
  const over = clock !== undefined && isOver(clock, new Date());
  if (clock && !over) for (const line of wrap(say.timeCounts, output.width)) output.line(line);
  output.line();
  const [node] = [...nodes.filter(({ role }) => role === 'worker'), ...nodes];
  for (const line of commandLines(output, over ? say.homeOver : say.next(node?.name ?? ''))) output.line(line);
};

/** What is not as it should be, below the result. */
const printWarnings = ({ output, say }: Context, warnings: readonly string[]): void => {
  if (warnings.length === 0) return;
  output.note(`\n${output.paint('yellow', `! ${say.startWarnings}`)}`);
  for (const warning of warnings)
    for (const [row, line] of wrap(warning, output.width - 4).entries())
      output.note(output.paint('yellow', `${row === 0 ? '  - ' : '    '}${line}`));
};
