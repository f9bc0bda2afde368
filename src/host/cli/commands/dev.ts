// `labs dev [lab]`: follows the folder of a lab while its author edits it, and shows what each edit does.
import { resolve } from 'node:path';
import { ExitCode, LabError, messageOf } from '../../../kit/error.ts';
import { listClusters } from '../../cluster/status.ts';
import type { Containers } from '../../docker/port.ts';
import { Dev } from '../../instructor/dev/dev.ts';
import { followFolder } from '../../instructor/dev/folder.ts';
import { isFolder } from '../../lab/catalogue.ts';
import { declined } from '../ask.ts';
import { type ChosenLab, labToStart } from '../chosen-lab.ts';
import type { Context, Options, Run } from '../context.ts';
import { devPrinter, printFollowing, printReady } from '../dev-text.ts';
import { openWorkshop } from '../dev-workshop.ts';
import { engineOrSetup } from '../ready.ts';
import { removeLab } from '../removal.ts';
import { afterRestart } from '../restart.ts';
import { mayRun } from '../trust.ts';
import { wantsUnsafeNodes } from '../unsafe-nodes.ts';
import { variationOf } from '../variation.ts';
import { listenForKeys } from '../watch.ts';
import { bringUp } from './start.ts';

export const run: Run = async (context, [given], options) => {
  const chosen = await whenValid(context, given, options);
  if (!chosen) return ExitCode.ok;
  const { lab, name } = chosen;
  const over = new AbortController();
  const edits = await followFolder(lab.folder, AbortSignal.any([context.signal, over.signal]));
  if (!(await mayRun(context, lab))) return declined(context);
  const docker = await engineOrSetup(context);
  const unsafeNodes = wantsUnsafeNodes(options);
  await startUnlessRunning(context, docker, { ...chosen, unsafeNodes });
  await using workshop = openWorkshop(context, docker, { ...lab, name });
  const printer = devPrinter(context, lab.folder, name);
  let restartNeeded = false;
  const dev = new Dev(workshop, lab, (event) => {
    if (event.event === 'cluster') restartNeeded = event.differences.length > 0;
    printer.print(event);
  });
  let pressed = Promise.withResolvers<'restart'>();
  using keys = listenForKeys(context, (key) => {
    if (key === 'r' && restartNeeded) pressed.resolve('restart');
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
  keys.signal.addEventListener('abort', () => end(undefined), { once: true });
  if (keys.signal.aborted) end(undefined);
  ended.then(() => over.abort());
  /** The end must not wait for checks. */
  const unlessEnded = async (work: Promise<void>): Promise<void> => {
    await Promise.race([
      work.catch((error: unknown) => {
        if (!keys.signal.aborted) throw error;
      }),
      ended,
    ]);
  };
  let next = edits.next();
  printFollowing(context, lab, name);
  await unlessEnded(dev.begin());
  if (context.json) printReady(context);
  while (!keys.signal.aborted) {
    const what = await Promise.race([next, pressed.promise, ended]);
    if (what === undefined || keys.signal.aborted) break;
    if (what === 'restart') {
      pressed = Promise.withResolvers();
      await rebuild(context, docker, { ...chosen, unsafeNodes }, () => dev.restarted());
    } else if (!what.done) {
      next = edits.next();
      await unlessEnded(dev.edited(what.value));
    }
  }
  return ExitCode.ok;
};

/** Waits for a lab that can be read: an author may begin with a mistake. Undefined: the author has ended it. */
const whenValid = async (
  context: Context,
  given: string | undefined,
  options: Options,
): Promise<ChosenLab | undefined> => {
  const folder = given === undefined || isFolder(given) ? resolve(given ?? '.') : undefined;
  for (;;)
    try {
      return await labToStart(context, given, variationOf(context, options));
    } catch (error) {
      if (!(error instanceof LabError && error.code === 'LAB_DEFINITION_INVALID' && folder)) throw error;
      const { output, say } = context;
      const problem = say.fromEnglish(messageOf(error));
      if (context.json) output.line(JSON.stringify({ at: new Date().toISOString(), event: 'invalid', problem }));
      else output.note(output.paint('red', problem));
      using keys = listenForKeys(context, () => {});
      const edit = await (await followFolder(folder, keys.signal)).next();
      if (edit.done || keys.signal.aborted) return undefined;
    }
};

interface Built extends ChosenLab {
  readonly unsafeNodes: boolean;
}

const startUnlessRunning = async (
  context: Context,
  docker: Containers,
  { lab, name, unsafeNodes }: Built,
): Promise<void> => {
  const found = (await listClusters(docker, context.signal)).find((each) => each.name === name);
  if (found?.state === 'running') return;
  const { resumed, restarted } = await bringUp(context, docker, lab, { name, unsafeNodes });
  if (resumed) await afterRestart({ ...context, name }, restarted);
};

/**
 * Deletes the cluster and builds it as lab.yaml describes it now. A failure is shown, and the next edit may mend it.
 */
const rebuild = async (
  context: Context,
  docker: Containers,
  { lab, name, unsafeNodes }: Built,
  then: () => Promise<void>,
): Promise<void> => {
  const { output, say, environment } = context;
  try {
    const { findLab } = await import('../../lab/catalogue.ts');
    const now = await findLab(context.paths.labs, lab.folder, environment.cacheFolder, lab.variation);
    await removeLab(context, name);
    await bringUp(context, docker, now, { name, unsafeNodes });
    await then();
  } catch (error) {
    context.signal.throwIfAborted();
    output.note(output.paint('red', say.fromEnglish(messageOf(error))));
  }
};
