// The cluster of `labs test`: built, stopped and deleted as the commands for students do it, but without a word.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { LabDefinition } from '../../api/lab.ts';
import { openIn } from '../cluster/open.ts';
import { stopCluster } from '../cluster/stop.ts';
import type { Containers, ExecSession } from '../docker/port.ts';
import type { Bench, Site } from '../instructor/test/bench.ts';
import { labels } from '../plan/names.ts';
import { bringUp } from './commands/start.ts';
import type { Context } from './context.ts';
import { type Programs, programsFor, withoutNpm } from './host-shell.ts';
import { holdersOf, type Namespaces, networkNamespaceOf, ticksNow } from './left-namespaces.ts';
import { removeLab } from './removal.ts';
import { afterRestartIn, recordWorkIn } from './restart.ts';
import { type OpenSession, openSession } from './session.ts';
import { runningAs } from './submission.ts';
import { openWayIn, type WayIn } from './way-in.ts';

export interface BenchOptions {
  readonly lab: LabDefinition;
  readonly name: string;
  readonly unsafeNodes: boolean;
}

export const testBench = (given: Context, docker: Containers, { lab, name, unsafeNodes }: BenchOptions): Bench => {
  const context = { ...silent(given), name };
  let namespaces: Namespaces = new Map();
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
        open: (machine, spec) => openIn(cluster, machine, spec),
        async openHost(command) {
          host ??= await hostPrograms(context, { name, lab: lab.name });
          return runHere(command, host);
        },
      };
    },
    async start() {
      const { resumed, restarted } = await bringUp(context, docker, lab, { name, unsafeNodes });
      session = await openSession(context, await runningAs(context, name));
      // Those of an earlier start have ended, and other labs may have their numbers now.
      namespaces = await namespacesOf(session);
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
      const before = await ticksNow();
      await removeLab(context, name);
      const holders = await holdersOf(namespaces, before);
      return [
        ...(await containersLeft(docker, name)),
        ...(await filesLeft(context.environment.stateFolder, name)),
        ...holders.map(({ machine, pid, program }) => context.say.testLeftProcess(machine, pid, program)),
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
  /** An empty one of its own: commands of texts write files, and the author's must stay as they are. */
  readonly folder: string;
}

const hostPrograms = async (
  context: Context,
  cluster: { readonly name: string; readonly lab: string },
): Promise<HostPrograms> => {
  const wayIn: WayIn = await openWayIn(context, cluster);
  const programs = await programsFor(context, cluster.name, wayIn);
  const folder = await mkdtemp(join(tmpdir(), 'labs-test-'));
  return {
    folder,
    variables: { ...withoutNpm(context.environment.variables), ...programs.variables } as Programs['variables'],
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
      await programs[Symbol.asyncDispose]();
      await wayIn[Symbol.asyncDispose]();
    },
  };
};

const runHere = (
  [program = '', ...args]: readonly string[],
  { variables, folder }: Pick<HostPrograms, 'variables' | 'folder'>,
): ExecSession => {
  const options = { stdio: 'pipe', env: { ...variables }, cwd: folder, detached: true } as const;
  const child: ChildProcess = spawn(program, args, options);
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

const namespacesOf = async ({ access }: OpenSession): Promise<Namespaces> => {
  const found = await Promise.all(
    access.machines.map(async ({ name, pid }) => [await networkNamespaceOf(String(pid)), name] as const),
  );
  return new Map(found.flatMap(([namespace, name]) => (namespace === undefined ? [] : [[namespace, name]])));
};
