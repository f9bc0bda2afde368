// The lab's folder and its running cluster, as `labs dev` sees them. A cluster that was stopped or built anew in
// another terminal is opened again.
import type { LabDefinition, Variation } from '../../api/lab.ts';
import { findMachines } from '../cluster/machines.ts';
import { type Cluster, isCurrent, openCluster } from '../cluster/open.ts';
import type { Containers } from '../docker/port.ts';
import type { Verdict, Workshop } from '../instructor/dev/dev.ts';
import { lintLab } from '../instructor/lint/lint.ts';
import { readLab } from '../lab/load.ts';
import { describeDifferences, differences } from '../plan/diff.ts';
import { accessTo } from './access.ts';
import { rewriteTexts } from './command-form.ts';
import type { Context } from './context.ts';
import { openScriptLog } from './script-log.ts';
import { fabricId, progressIn } from './student-progress.ts';

export interface DevLab {
  readonly folder: string;
  readonly name: string;
  readonly variation: Variation;
}

export const openWorkshop = (context: Context, docker: Containers, lab: DevLab): Workshop & AsyncDisposable => {
  const { name, folder, variation } = lab;
  const { signal, environment } = context;
  let opened: Promise<Cluster> | undefined;
  const close = async (): Promise<void> => {
    await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
    opened = undefined;
  };
  const open = async (): Promise<Cluster> => {
    opened ??= openCluster(docker, name, signal, { shared: true });
    const cluster = await opened.catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return cluster;
  };
  /** Several checks at a time look once whether the cluster is still the same. */
  let looking: Promise<Cluster> | undefined;
  const current = (): Promise<Cluster> => {
    looking ??= (async () => {
      const cluster = await open();
      if (!cluster.fabric.ended.aborted && (await isCurrent(cluster, signal))) return cluster;
      await close();
      return await open();
    })().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  return {
    read: () =>
      readLab(folder, undefined, variation).then(
        (reading) => reading.lab,
        () => undefined,
      ),
    lint: () =>
      lintLab(folder).then(
        ({ findings }) => findings,
        // lab.yaml is gone, for a moment or for good.
        (error: Error) => [{ file: 'lab.yaml', line: 1, column: 1, rule: 'missing-file', text: { en: error.message } }],
      ),
    async judge(definition, check): Promise<Verdict> {
      const { gradeLab } = await import('../grade/engine.ts');
      const cluster = await current();
      const access = accessTo(cluster, definition, {
        fabricId: await fabricId(docker, name, signal),
        scriptLog: openScriptLog(environment.stateFolder, name),
      });
      const progress = await (await progressIn(context, name, { instance: access.instance })).read();
      const options = { lab: definition, access, progress, only: check, once: true, signal };
      const report = await gradeLab({ ...options, language: environment.language });
      const judged = rewriteTexts(report, context.output.printed).tasks[0]?.checks[0];
      if (!judged) throw new Error(`the check ${check} was not judged`);
      return judged;
    },
    async differences(definition: LabDefinition) {
      const [fabric] = await findMachines(docker, name, signal);
      if (!fabric?.spec) return [];
      const spec = JSON.parse(JSON.stringify(definition.cluster));
      return describeDifferences(differences(JSON.parse(fabric.spec), spec));
    },
    [Symbol.asyncDispose]: close,
  };
};
