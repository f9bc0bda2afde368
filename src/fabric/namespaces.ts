// Lists the network namespaces of a machine, however a student keeps them: by processes, threads, mounts, open files,
// sockets.
import { constants, readdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Reference, searchDescriptors } from './holders.ts';
import { linkNow, readProc, unlessEnded } from './proc.ts';
import type { MachineProcess } from './processes.ts';
import { AgentError, type Netns } from './run.ts';

/** A network namespace of a machine, with a process in it if there is one. */
export interface Namespace {
  /** `net:[4026532450]` */
  readonly id: string;
  readonly netns: Netns;
  /** A process in the namespace. Undefined: the namespace is only mounted. */
  readonly hostPid?: number;
}

/** Network namespaces. Disposing closes the files that were opened to reach them. */
export interface Namespaces extends AsyncDisposable {
  readonly all: readonly Namespace[];
}

/**
 * The network namespaces of the machine's processes, and those that are mounted in the machine.
 * `thorough`: also those of single threads, of the mounts that only some processes see, of open files and of sockets.
 * @throws AgentError `FABRIC_HIDDEN` when root of the machine keeps some from being seen
 */
export const namespacesOf = async (
  initPid: number,
  members: readonly MachineProcess[],
  { thorough = false } = {},
): Promise<Namespaces> => {
  const inhabited = new Map<string, Namespace>();
  for (const { netns: id, hostPid } of members)
    if (!inhabited.has(id)) inhabited.set(id, { id, hostPid, netns: { path: `/proc/${hostPid}/ns/net`, id } });
  const opened = new Map<string, Opened>();
  await using stack = new AsyncDisposableStack();
  const pids = [initPid, ...members.map(({ hostPid }) => hostPid)];
  using search = thorough ? await searchDescriptors([...new Set(pids)]) : undefined;
  for await (const { id, path } of search ? hidden(pids, search.held) : mountedFor(initPid)) {
    if (inhabited.has(id) || opened.has(id)) continue;
    const handle = await openNamespace(path, id);
    if (handle) opened.set(id, { handle: stack.use(handle), namespace: { id, netns: { path, fd: handle.fd } } });
  }
  const kept = stack.move();
  return {
    all: [...inhabited.values(), ...[...opened.values()].map(({ namespace }) => namespace)],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};

interface Opened {
  readonly namespace: Namespace;
  readonly handle: FileHandle;
}

async function* hidden(hostPids: readonly number[], held: readonly Reference[]): AsyncGenerator<Reference> {
  // Whoever starts a process from outside may pass a socket to it, for example as its standard output.
  const outside = ['1', 'self'].map((pid) => linkNow(`/proc/${pid}/ns/net`));
  yield* held.filter(({ id }) => !outside.includes(id));
  const seen = new Set<string>();
  for (const hostPid of hostPids) {
    const mounts = linkNow(`/proc/${hostPid}/ns/mnt`) ?? '';
    if (!seen.has(mounts)) yield* mountedFor(hostPid);
    seen.add(mounts);
    yield* threadsOf(hostPid);
  }
}

function* threadsOf(hostPid: number): Generator<Reference> {
  const folder = `/proc/${hostPid}/task`;
  for (const thread of unlessEnded(() => readdirSync(folder)) ?? []) {
    const path = `${folder}/${thread}/ns/net`;
    const id = linkNow(path);
    if (id?.startsWith('net:[')) yield { id, path };
  }
}

/** The namespaces that are mounted anywhere in what a process sees. */
async function* mountedFor(hostPid: number): AsyncGenerator<Reference> {
  for (const { id, path } of await mountsOf(hostPid)) yield { id, path: `/proc/${hostPid}/root${path}` };
}

/** @returns paths as the process sees them, in the order of the mounts */
const mountsOf = async (hostPid: number): Promise<readonly Reference[]> => {
  const mounts = (await readProc(`/proc/${hostPid}/mountinfo`)) ?? '';
  return [...mounts.matchAll(/^\d+ \d+ \S+ (net:\[\d+\]) (\S+) /gm)].map(([, id = '', path = '']) => ({
    id,
    path: path.replaceAll(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
  }));
};

/**
 * The names of `ip netns` on a machine, with the id of the namespace that each one stands for. They are read from the
 * kernel's list of mounts: a link that a student puts into the folder names nothing.
 */
export const namesOf = async (initPid: number): Promise<ReadonlyMap<string, string>> =>
  new Map(
    (await mountsOf(initPid)).flatMap(({ id, path }): (readonly [string, string])[] => {
      const name = /^\/(?:var\/)?run\/netns\/([^/]+)$/.exec(path)?.[1];
      // Of two mounts at one path, the later one is seen.
      return name === undefined ? [] : [[name, id]];
    }),
  );

/**
 * The file is in the machine's file system, where the student may have put a link or a FIFO on the path. So an opened
 * file counts only if its inode is the one that the kernel named.
 */
const openNamespace = async (path: string, id: string): Promise<FileHandle | undefined> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(unlessReplaced);
  if (!handle) return undefined;
  const { ino } = await handle.stat();
  if (`net:[${ino}]` === id) return handle;
  await handle.close();
  return undefined;
};

/** What a student can cause by another file on the path. */
const replaced: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO', 'ENODEV', 'ENAMETOOLONG', 'EINVAL'],
]);

/** Any other error, such as EMFILE, must not look like a missing namespace. */
const unlessReplaced = (error: NodeJS.ErrnoException): undefined => {
  if (replaced.has(error.code ?? '')) return undefined;
  throw new AgentError('FABRIC_UNREADABLE', error.message);
};
