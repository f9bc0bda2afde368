// Prepares a new cluster as its lab asks for: applies the manifests, waits for their pods, runs the lab's setup.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Deployment } from '../../api/apps.ts';
import { fabricMachine } from '../../api/cluster.ts';
import { isConditionTrue } from '../../api/conditions.ts';
import type { Pod } from '../../api/core-pods.ts';
import type { KubeList, KubeObject } from '../../api/meta.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import { askCluster, type CallsOptions, kubectlCommand } from '../grade/calls.ts';
import { fillText } from '../lab/params.ts';
import { failedFirst, runScript } from './run.ts';

/** The images of a manifest are in the store already. A busy machine still takes its time. */
const readyMs = 120_000;

/** @throws LabError `LAB_MANIFEST_REFUSED`, `LAB_TIMEOUT`, `LAB_SETUP_FAILED`, `LAB_SCRIPT_BROKEN` */
export const prepareLab = async (options: CallsOptions): Promise<void> => {
  const { lab, signal } = options;
  const applied: KubeObject[] = [];
  for (const file of lab.manifests) applied.push(...(await applyFile(options, file)));
  const awaited = applied.filter(({ kind = '' }) => Object.hasOwn(unready, kind));
  if (awaited.length > 0)
    await eventually('the pods of the manifests are ready', () => look(options, awaited), {
      timeoutMs: readyMs,
      maxIntervalMs: 500,
      signal,
    });
  if (lab.setup === undefined) return;
  await runScript(options, lab.setup, {
    names: ['setup'],
    failed: (cause) => failedFirst('LAB_SETUP_FAILED', `The lab ${lab.name} could not be set up`, cause),
  });
};

/** @returns the objects of the file, as the API server has them */
const applyFile = async ({ lab, access, signal }: CallsOptions, file: string): Promise<readonly KubeObject[]> => {
  const stdin = fillText(await readFile(file, 'utf8'), lab.params);
  const command = kubectlCommand(['apply', '-f', '-', '-o', 'json']);
  const { exitCode, stdout, stderr } = await access.exec(fabricMachine, command, { stdin, signal });
  if (exitCode !== 0)
    throw new LabError('LAB_MANIFEST_REFUSED', `${relative(lab.folder, file)} cannot be applied: ${stderr.trim()}`, {
      exitCode: ExitCode.usage,
      hint: 'Correct the file, and start the lab again.',
    });
  const result = JSON.parse(stdout) as KubeObject | KubeList<KubeObject>;
  return 'items' in result ? (result.items ?? []) : [result as KubeObject];
};

const look = async (options: CallsOptions, awaited: readonly KubeObject[]) => {
  const found = await askCluster(options, ({ objects }) =>
    awaited.map((object) => objects.find<KubeObject>(referenceOf(object))),
  );
  const waiting = awaited.filter((wanted, index) => {
    const present = found[index];
    return present === undefined || unready[wanted.kind ?? '']?.(present);
  });
  const [first] = waiting;
  return first === undefined ? done(undefined) : notYet(`${referenceOf(first)} is not ready`);
};

const referenceOf = ({ kind = '', metadata: { namespace = 'default', name } }: KubeObject): string =>
  `${kind.toLowerCase()}/${namespace}/${name}`;

/** What runs pods, and whether it is not ready yet. */
const unready: Readonly<Record<string, (object: KubeObject) => boolean>> = {
  Pod: (object) => {
    const { status } = object as Pod;
    return !isConditionTrue(status?.conditions, 'Ready') && status?.phase !== 'Succeeded';
  },
  Deployment: (object) => {
    const { spec, status } = object as Deployment;
    return (status?.readyReplicas ?? 0) < (spec.replicas ?? 1);
  },
  ReplicaSet: (object) => {
    const { spec, status } = object as Deployment;
    return (status?.readyReplicas ?? 0) < (spec.replicas ?? 1);
  },
};
