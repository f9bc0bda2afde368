// `labs install-proxy FILE`: puts the student's own program onto the nodes, in the place of kube-proxy.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { howEnded } from '../../cluster/steps.ts';
import { installOwnProxy, type OwnProxyTarget, ownProxyNodes, removeOwnProxy } from '../../own-proxy/install.ts';
import { ownProxyUnit } from '../../own-proxy/node-files.ts';
import { readProgram } from '../../own-proxy/program.ts';
import { planSkeleton } from '../../own-proxy/skeleton.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { showProgress } from '../progress.ts';
import { openReading, withSession } from '../session.ts';

export const run: Run = async (context, [file], { skeleton, remove, node }) => {
  const { say } = context;
  if (skeleton === true && (remove === true || node !== undefined))
    throw wrongUse(say.skeletonAlone, say.fileNeededHint);
  if (remove === true) {
    if (file !== undefined) throw wrongUse(say.removeWithoutFile, say.removeWithoutFileHint);
    return removeFrom(context, node as string | undefined);
  }
  if (file === undefined) throw wrongUse(say.fileNeeded, say.fileNeededHint);
  return skeleton === true ? writeSkeleton(context, file) : install(context, file, node as string | undefined);
};

const wrongUse = (message: string, hint: string): LabError =>
  new LabError('LAB_USAGE', message, { exitCode: ExitCode.usage, hint });

const install = async (context: Context, file: string, node: string | undefined): Promise<ExitCode> => {
  const { output, say, json, signal } = context;
  // Before the lab is opened: a mistake in the file is the most frequent end of this command.
  const program = await readProgram(file);
  return withSession(context, async ({ lab, access }) => {
    const nodes = ownProxyNodes(lab, node);
    await onEach(context, nodes, say.installingProxy, (each) =>
      installOwnProxy({ lab, access, signal }, each, program),
    );
    if (json) output.line(JSON.stringify({ program: program.entry, files: [...program.files.keys()], nodes }, null, 2));
    else {
      output.line();
      output.line(say.proxyInstalled(program.entry, nodes.join(', ')));
      output.line(output.paint('dim', `  ${say.proxyLog(nodes.at(-1) ?? '', ownProxyUnit)}`));
    }
    return ExitCode.ok;
  });
};

const removeFrom = (context: Context, node: string | undefined): Promise<ExitCode> =>
  withSession(context, async ({ lab, access }) => {
    const { output, say, json, signal } = context;
    const target: OwnProxyTarget = { lab, access, signal };
    const nodes = ownProxyNodes(lab, node);
    await onEach(context, nodes, say.removingProxy, (each) => removeOwnProxy(target, each));
    if (json) output.line(JSON.stringify({ removed: true, nodes }, null, 2));
    else output.line(`\n${say.proxyRemoved(nodes.join(', '))}`);
    return ExitCode.ok;
  });

/** All nodes at once, each with a row. Waits for all of them, so that none is left half done. */
const onEach = async (
  context: Context,
  nodes: readonly string[],
  title: (node: string) => string,
  work: (node: string) => Promise<void>,
): Promise<void> => {
  using progress = showProgress(context);
  const outcomes = await Promise.allSettled(
    nodes.map(async (node) => {
      const event = { step: `proxy ${node}`, title: title(node) };
      const startedAt = performance.now();
      const milliseconds = (): number => Math.round(performance.now() - startedAt);
      progress.onEvent({ ...event, state: 'started' });
      try {
        await work(node);
        progress.onEvent({ ...event, state: 'done', milliseconds: milliseconds() });
      } catch (error) {
        progress.onEvent({ ...event, ...howEnded(error, milliseconds()) });
        throw error;
      }
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
};

/** Asks before it replaces what the student has written. */
const writeSkeleton = async (context: Context, file: string): Promise<ExitCode> => {
  const { output, say, json } = context;
  const { lab } = await openReading(context);
  const files = await planSkeleton(lab, file);
  const short = (path: string): string => relative(process.cwd(), path) || path;
  const replaced = files.filter(({ differs }) => differs).map(({ path }) => short(path));
  if (replaced.length > 0 && !(await confirm(context, say.replaceFiles(replaced.join(', '))))) return declined(context);
  const written = files.filter(({ same }) => !same);
  await mkdir(dirname(files[0]?.path ?? ''), { recursive: true });
  for (const { path, content } of written) await writeFile(path, content);
  if (json) output.line(JSON.stringify({ written: written.map(({ path }) => path) }, null, 2));
  else {
    for (const { path } of written) output.line(say.skeletonWritten(short(path)));
    if (written.length === 0) output.line(say.skeletonThere(basename(file)));
    output.line(output.paint('dim', `  ${say.skeletonNext(file)}`));
  }
  return ExitCode.ok;
};
