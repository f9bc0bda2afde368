// Puts the student's program onto the nodes in the place of kube-proxy, starts it, and takes it away again.
import { fabricMachine, takesOwnProxy } from '../../api/cluster.ts';
import type { LabDefinition } from '../../api/lab.ts';
import { nodePaths } from '../../api/paths.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import type { ClusterAccess } from '../grade/access.ts';
import { placeOf } from '../grade/collect.ts';
import { ownProxyUnit, recordOf, removeFiles, removeRules, writeFiles } from './node-files.ts';
import type { OwnProgram } from './program.ts';

export interface OwnProxyTarget {
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  readonly signal: AbortSignal;
}

/**
 * The nodes that take a program of the student.
 * @throws LabError `LAB_NO_OWN_PROXY` if the lab has none, `LAB_NODE_UNKNOWN` if the named one is none of them
 */
export const ownProxyNodes = (lab: LabDefinition, named?: string): readonly string[] => {
  const nodes = lab.cluster.nodes.filter(takesOwnProxy).map(({ name }) => name);
  if (nodes.length === 0)
    throw new LabError('LAB_NO_OWN_PROXY', `No node of ${lab.name} waits for a proxy of yours`, {
      exitCode: ExitCode.usage,
      hint: 'Start a lab whose nodes have none: `labs start build-your-own-kube-proxy`.',
    });
  if (named === undefined) return nodes;
  if (nodes.includes(named)) return [named];
  throw new LabError('LAB_NODE_UNKNOWN', `The lab ${lab.name} has no node "${named}" that takes a proxy of yours`, {
    exitCode: ExitCode.usage,
    hint: `These nodes do: ${nodes.join(', ')}.`,
  });
};

/**
 * Replaces whatever ran there, and all rules. Waits until the program has run for a while.
 * @throws LabError `LAB_PROXY_NODE` if the node refuses the files, `LAB_PROXY_DIED` if the program ends
 */
export const installOwnProxy = async (target: OwnProxyTarget, node: string, program: OwnProgram): Promise<void> => {
  const { lab, access } = target;
  await stop(target, node);
  const facts = { node, podCidr: lab.cluster.podCidr };
  await runOn(target, node, [removeRules, writeFiles(program, facts)].join('\n'));
  await keepRecord(target, node, recordOf(program));
  const place = placeOf(access, { machine: node });
  for (const verb of ['daemon-reload', 'start'] as const)
    await access.fabric.call('systemctl', { place, verb, units: verb === 'start' ? [ownProxyUnit] : [] });
  await untilSteady(target, node, program);
};

export const removeOwnProxy = async (target: OwnProxyTarget, node: string): Promise<void> => {
  await stop(target, node);
  await runOn(target, node, [removeRules, removeFiles].join('\n'));
  await keepRecord(target, node, undefined);
  const { access } = target;
  await access.fabric.call('systemctl', {
    ...{ place: placeOf(access, { machine: node }), verb: 'daemon-reload', units: [] },
  });
};

const stop = (target: OwnProxyTarget, node: string): Promise<string> =>
  runOn(
    target,
    node,
    `systemctl stop ${ownProxyUnit} 2> /dev/null || true; systemctl reset-failed ${ownProxyUnit} 2> /dev/null || true`,
  );

/** @returns the output */
const runOn = async ({ access, signal }: OwnProxyTarget, node: string, script: string): Promise<string> => {
  const command = ['bash', '-euo', 'pipefail', '-s'];
  const { exitCode, stdout, stderr } = await access.exec(node, command, { stdin: script, signal });
  if (exitCode === 0) return stdout;
  throw refused(node, stderr);
};

const refused = (node: string, stderr: string): LabError =>
  new LabError('LAB_PROXY_NODE', `The program could not be put onto ${node}: ${stderr.trim().slice(-500)}`, {
    hint: `Look at the node with \`labs shell ${node}\`, or build the lab anew with \`labs reset\`.`,
  });

/** Without it, the grader takes the program for another one. @throws LabError `LAB_PROXY_NODE` */
const keepRecord = async (
  { access, signal }: OwnProxyTarget,
  node: string,
  content: string | undefined,
): Promise<void> => {
  const path = `/var/lib/labs-programs/${node}.own.json`;
  const script = content === undefined ? 'rm -f "$0"' : 'mkdir -p /var/lib/labs-programs; cat > "$0"';
  const command = ['sh', '-euc', script, path];
  const { exitCode, stderr } = await access.exec(fabricMachine, command, { stdin: content ?? '', signal });
  if (exitCode !== 0) throw refused(node, stderr);
};

/** A program with a mistake mostly ends within this time. */
const steadyMs = 1500;
const steadyTimeoutMs = 30_000;

const untilSteady = async (target: OwnProxyTarget, node: string, program: OwnProgram): Promise<void> => {
  let since = Number.POSITIVE_INFINITY;
  const look = async () => {
    const now = performance.now();
    const { state, restarts } = await unitState(target, node);
    if (restarts > 0 || state === 'failed') return done(false);
    since = state === 'running' ? Math.min(since, now) : Number.POSITIVE_INFINITY;
    return now - since >= steadyMs ? done(true) : notYet(`systemd says ${state}`);
  };
  const options = { timeoutMs: steadyTimeoutMs, maxIntervalMs: 400, signal: target.signal };
  if (!(await eventually(`the proxy runs on ${node}`, look, options))) throw await died(target, node, program);
};

const unitState = async (target: OwnProxyTarget, node: string) => {
  const shown = await runOn(target, node, `systemctl show ${ownProxyUnit} -p SubState,NRestarts`);
  const property = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? '';
  // systemd counts a restart only when the restart begins.
  const isEnded = property('SubState') === 'auto-restart';
  return { state: isEnded ? 'failed' : property('SubState'), restarts: Number(property('NRestarts')) };
};

/** Says what the program has logged at its end, with the file and the line of the student's own file. */
const died = async (target: OwnProxyTarget, node: string, program: OwnProgram): Promise<LabError> => {
  const log = await runOn(target, node, `journalctl -u ${ownProxyUnit} -o cat --no-pager -n 60`);
  return new LabError('LAB_PROXY_DIED', `${program.entry} ends on ${node}: ${endOf(log)}`, {
    exitCode: ExitCode.usage,
    hint: `The whole log: \`labs logs ${node} ${ownProxyUnit}\`. Correct the file, then run the command again.`,
  });
};

/** @param log of a program that ended by an error. @returns the error, and where it was thrown, if the log says so */
export const endOf = (log: string): string => {
  const lines = log.split('\n').filter((line) => !/^(Started|Stopped|Stopping|kube-proxy\.service:) /.test(line));
  const at = lines.findLastIndex((line) => /^(?:Uncaught )?\w*(?:Error|Exception)\b.*/.test(line));
  const message = lines[at];
  if (message === undefined) return lines.findLast((line) => line.trim() !== '') ?? 'it has logged nothing';
  const own = new RegExp(`${nodePaths.ownProxy}/(\\S+?:\\d+)(?::\\d+)?\\)?$`);
  // The frames follow. A syntax error has none, and its place stands before.
  const near = [...lines.slice(at + 1, at + 12), ...lines.slice(Math.max(0, at - 6), at)];
  const [place] = near.flatMap((line) => own.exec(line.trim())?.[1] ?? []);
  return place === undefined ? message : `${place}: ${message}`;
};
