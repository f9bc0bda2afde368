// The cluster of `labs test`: built, stopped and deleted as the commands for students do it, but without a word.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { LabDefinition } from '../../api/lab.ts';
import { stopCluster } from '../cluster/stop.ts';
import type { Containers, ExecSession } from '../docker/port.ts';
import type { Bench, Site } from '../instructor/test/bench.ts';
import { labels } from '../plan/names.ts';
import { bringUp } from './commands/start.ts';
import type { Context } from './context.ts';
import { type Programs, programsFor, withoutNpm } from './host-shell.ts';
import { removeLab } from './removal.ts';
import { afterRestartIn, recordWorkIn } from './restart.ts';
import { type OpenSession, openSession } from './session.ts';
import { runningAs } from './submission.ts';
import { openWayIn, type WayIn } from './way-in.ts';

export const testBench = (given: Context, docker: Containers, lab: LabDefinition, name: string): Bench => {
  const context = { ...silent(given), name };
  const namespaces = new Set<string>();
  let session: OpenSession | undefined;
  let host: HostPrograms | undefined;
  const close = async (): Promise<void> => {
    await host?.[Symbol.asyncDispose]();
    await session?.[Symbol.asyncDispose]();
    [host, session] = [undefined, undefined];
  };
  const opened = (): OpenSession => {
    if (!session) throw new Error(`the cluster ${name} does not run`);
    return session;
  };
  return {
    get site(): Site {
      const { access, progress, cluster } = opened();
      return {
        access,
        progress,
        open: (machine, command) => cluster.containers.open(cluster.machine(machine).id, command),
        async openHost(command) {
          host ??= await hostPrograms(context, { name, lab: lab.name });
          return runHere(command, host.variables);
        },
      };
    },
    async start() {
      const { resumed, restarted } = await bringUp(context, docker, lab, { name });
      session = await openSession(context, await runningAs(context, name));
      for (const each of await namespacesOf(session)) namespaces.add(each);
      if (resumed) await afterRestartIn(context, session, restarted);
    },
    async stop() {
      await recordWorkIn(context, opened());
      await close();
      await stopCluster(docker, name, context.signal);
    },
    close,
    async remove() {
      await close();
      await removeLab(context, name);
      return [
        ...(await containersLeft(docker, name)),
        ...(await filesLeft(context.environment.stateFolder, name)),
        ...(await namespacesLeft(namespaces)),
      ];
    },
  };
};

/** What the commands for students print would mix with the rows of the test. */
export const silent = (context: Context): Context => {
  const { output } = context;
  const nothing = (): void => {};
  return {
    ...context,
    output: { ...output, line: nothing, note: nothing, write: nothing, live: nothing, terminal: false },
  };
};

interface HostPrograms extends AsyncDisposable {
  readonly variables: Programs['variables'];
}

const hostPrograms = async (
  context: Context,
  cluster: { readonly name: string; readonly lab: string },
): Promise<HostPrograms> => {
  const wayIn: WayIn = await openWayIn(context, cluster);
  const programs = await programsFor(context, cluster.name, wayIn);
  return {
    variables: { ...withoutNpm(context.environment.variables), ...programs.variables } as Programs['variables'],
    async [Symbol.asyncDispose]() {
      await programs[Symbol.asyncDispose]();
      await wayIn[Symbol.asyncDispose]();
    },
  };
};

const runHere = ([program = '', ...args]: readonly string[], variables: Programs['variables']): ExecSession => {
  const child: ChildProcess = spawn(program, args, { stdio: 'pipe', env: { ...variables }, detached: true });
  const { promise: exitCode, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('exit', (code) => resolve(code ?? 1));
  return {
    stdin: child.stdin ?? new PassThrough(),
    stdout: child.stdout ?? new PassThrough(),
    stderr: child.stderr ?? new PassThrough(),
    exitCode,
    resize: async () => {},
    close() {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    },
  };
};

const containersLeft = async (docker: Containers, name: string): Promise<readonly string[]> => {
  const listed = await Promise.all([
    docker.list({ [labels.name]: name }),
    docker.list({ [labels.gateway]: name }),
    docker.volumes.list({ [labels.name]: name }),
  ]);
  return listed.flat().map((each) => each.name);
};

const filesLeft = async (stateFolder: string, name: string): Promise<readonly string[]> => {
  const files = await readdir(stateFolder, { recursive: true }).catch(() => []);
  return files
    .filter((file) => file.includes(name) && !file.startsWith('tests/'))
    .map((file) => join(stateFolder, file));
};

/** Empty where the engine runs elsewhere, or the namespaces of other users cannot be seen. */
const namespacesOf = async ({ access }: OpenSession): Promise<readonly string[]> =>
  (await Promise.all(access.machines.map(({ pid }) => namespaceOf(String(pid))))).flat();

const namespaceOf = (pid: string): Promise<readonly string[]> =>
  readlink(`/proc/${pid}/ns/net`).then(
    (target) => [target],
    () => [],
  );

/** Network namespaces of the machines that a process still holds. */
const namespacesLeft = async (known: ReadonlySet<string>): Promise<readonly string[]> => {
  if (known.size === 0) return [];
  const pids = (await readdir('/proc')).filter((each) => /^\d+$/.test(each));
  const held = (await Promise.all(pids.map(namespaceOf))).flat();
  return [...new Set(held)].filter((each) => known.has(each));
};
