// Tells a component from another program that runs in the component's unit under its name.
import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream, statSync } from 'node:fs';
import { type FileHandle, readFile } from 'node:fs/promises';
import type { Place } from '../api/facts.ts';
import { type Component, componentPorts, components, nodePaths, programStarter } from '../api/paths.ts';
import { nodeArguments } from './node-arguments.ts';
import { linkNow, readProc } from './proc.ts';
import { withMachineFile } from './read-file.ts';
import { type Netns, run } from './run.ts';

/** What labs has put into a machine: path → SHA-256. The host writes it into the fabric when it installs a machine. */
export const programsRecord = (machine: string): string => `/var/lib/labs-programs/${machine}.json`;

/** The program that `labs install-proxy` has put in the place of kube-proxy. The host writes it into the fabric. */
export const ownProxyRecord = (machine: string): string => `/var/lib/labs-programs/${machine}.own.json`;

export interface OwnProxy {
  /** The file that Node is given. */
  readonly entry: string;
  /** Path → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Suspect {
  readonly hostPid: number;
  readonly unit: string | undefined;
  /** A process that was stopped answers nobody. */
  readonly isStopped: boolean;
  readonly place: Place;
  readonly netns: Netns;
}

/**
 * Whether the process is the component of its unit. Undefined for a process that is in no component's unit.
 * `docs/evidence.md` says what this cannot see.
 */
export const isGenuine = async ({ hostPid, unit, isStopped, place, netns }: Suspect): Promise<boolean | undefined> => {
  const component = components.find((name) => unit === `${name}.service`);
  if (component === undefined) return undefined;
  if (!(await runsNode(hostPid)) || !(await hasPlainEnvironment(hostPid))) return false;
  const own = component === 'kube-proxy' ? await ownProxyOf(place.machine) : undefined;
  if (own) return (await isStudents(own, place, hostPid)) && (await runsOwnCode(hostPid));
  if (!(await hasPlainArguments(hostPid, component)) || !(await runsOwnCode(hostPid))) return false;
  if (!(await hasOwnPrograms(component, place, hostPid))) return false;
  return isStopped || (await answers(component, { hostPid, netns }));
};

const ownProxyOf = async (machine: string): Promise<OwnProxy | undefined> => {
  const record = await readFile(ownProxyRecord(machine), 'utf8').catch(() => undefined);
  return record === undefined ? undefined : (JSON.parse(record) as OwnProxy);
};

/** Where the student's program takes the place of kube-proxy, only this program counts, as it was installed. */
const isStudents = async ({ entry, files }: OwnProxy, { pid }: Place, hostPid: number): Promise<boolean> => {
  const words = await nodeArguments(hostPid);
  if (words === 'unreadable') return true;
  const script = words?.indexOf(entry) ?? -1;
  if (!words?.slice(1, script).every((word) => harmless.test(word) || word === '--title=kube-proxy')) return false;
  return script > 0 && (await areAsInstalled(files, { pid, viewer: hostPid }));
};

/** Of Node's own flags, those about memory and the one about certificates are harmless: others load code. */
const harmless = /^--(?:max-[\w-]+=\d+|use-openssl-ca)$/;

const node = '/usr/bin/node';

const runsNode = async (hostPid: number): Promise<boolean> => {
  const exe = `/proc/${hostPid}/exe`;
  // Undefined: the process has ended, or it is none of the lab's.
  return linkNow(exe) !== undefined && (await isSameFile(exe, ofImage(node)));
};

/** The machines' root file system, as it is without the changes of a student. */
const rootFolder = '/labs/root';
const ofImage = (path: string): string => `${rootFolder}${path}`;

const isSameFile = async (...paths: readonly [string, string]): Promise<boolean> => {
  const [theirs, ours] = paths.map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (!theirs || !ours || theirs.size !== ours.size) return false;
  // No program can set this time, and no machine may set the clock. So this is the image's own file.
  if (theirs.ino === ours.ino && theirs.ctimeNs === ours.ctimeNs) return true;
  const [one, other] = await Promise.all(paths.map(digestOf));
  return one === other;
};

/** Nothing but the component is loaded, and it shows the flags that it was started with. */
const hasPlainArguments = async (hostPid: number, component: Component): Promise<boolean> => {
  const words = await nodeArguments(hostPid);
  if (words === 'unreadable') return true;
  const script = words?.indexOf(`${nodePaths.components}/${component}.js`) ?? -1;
  if (!words || script < 1) return false;
  if (!words.slice(1, script).every((word) => harmless.test(word) || word === programStarter)) return false;
  const shown = ((await readProc(`/proc/${hostPid}/cmdline`)) ?? '').replace(/\0+$/, '');
  // `process.title` is one word. Until then, the kernel shows the arguments themselves.
  return shown.includes('\0') || shown === [component, ...words.slice(script + 1)].join(' ');
};

/** LD_PRELOAD and /etc/ld.so.preload are not the only ways to load a library. All libraries are those of the image. */
const runsOwnCode = async (hostPid: number): Promise<boolean> => {
  const maps = (await readProc(`/proc/${hostPid}/maps`)) ?? '';
  const files = maps.matchAll(/^(\S+) ..x. \S+ \S+ [1-9]\d* +(.*)$/gm);
  const ranges = new Map([...files].map(([, range = '', path = '']) => [path, range] as const));
  const same = [...ranges].map(async ([path, range]) => {
    const file = `/proc/${hostPid}/map_files/${range}`;
    return linkNow(file) === undefined || (await isSameFile(file, ofImage(path)));
  });
  return (await Promise.all(same)).every(Boolean);
};

/** By file and the time of its last change, which no program can set. */
const digests = new Map<string, Promise<string>>();
const mostDigests = 1000;

/** Node has 120 MB, and a lab's components have some, so each file is read once. */
const once = ({ dev, ino, size, ctimeNs }: BigIntStats, digest: () => Promise<string>): Promise<string> => {
  const key = [dev, ino, size, ctimeNs].join();
  const known = digests.get(key);
  if (known) return known;
  if (digests.size >= mostDigests) digests.clear();
  const reading = digest();
  digests.set(key, reading);
  // A student may replace the file while it is read. The next question reads it again.
  reading.catch(() => digests.delete(key));
  return reading;
};

const digestOf = (path: string): Promise<string> => once(statSync(path, { bigint: true }), () => streamDigest(path));

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const streamDigest = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** Variables that load other code into the program. */
const hasPlainEnvironment = async (hostPid: number): Promise<boolean> => {
  const environment = (await readProc(`/proc/${hostPid}/environ`)) ?? '';
  return !/(?:^|\0)(?:LD_\w+|NODE_(?:OPTIONS|PATH|COMPILE_CACHE)|OPENSSL_\w+)=/.test(environment);
};

const hasOwnPrograms = async (component: Component, { machine, pid }: Place, viewer: number): Promise<boolean> => {
  const record = await readFile(programsRecord(machine), 'utf8').catch(() => undefined);
  // A lab that an older version of labs has built has no record.
  if (record === undefined) return true;
  const wanted = Object.entries(JSON.parse(record) as Record<string, string>).filter(([path]) =>
    [component, `${component}.js`, `${component}.js.cache`, 'start.js'].some((name) => path.endsWith(`/${name}`)),
  );
  // Where a student writes the component, labs has put none.
  return (
    wanted.some(([path]) => path.endsWith(`/${component}.js`)) &&
    (await areAsInstalled(Object.fromEntries(wanted), { pid, viewer }))
  );
};

/** @param viewer a process whose view of the files counts */
const areAsInstalled = async (
  files: Readonly<Record<string, string>>,
  { pid, viewer }: { readonly pid: number; readonly viewer: number },
): Promise<boolean> => {
  const same = Object.entries(files).map(
    async ([path, digest]) => (await withMachineFile({ pid, path, viewer }, programDigest)) === digest,
  );
  return (await Promise.all(same)).every(Boolean);
};

/** No component is as large. A student may put any file in its place. */
const largestProgram = 4 << 20;

const programDigest = async (file: FileHandle): Promise<string | undefined> => {
  const stat = await file.stat({ bigint: true });
  if (stat.size > largestProgram) return undefined;
  return once(stat, async () => {
    const content = Buffer.alloc(Number(stat.size));
    const { bytesRead } = await file.read(content, 0, content.length, 0);
    return sha256(content.subarray(0, bytesRead));
  });
};

const healthPorts: Partial<Record<Component, number>> = {
  'kube-proxy': componentPorts.proxyHealth,
  kubelet: componentPorts.kubeletHealth,
};

/** curl takes four times as long to start. The server closes the connection at the end of its answer. */
const ask = `exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3
IFS= read -r -d '' answer <&3
printf %s "$answer"`;

/** A component needs a moment before it answers. */
const youngSeconds = 10;

const answers = async (
  component: Component,
  { hostPid, netns }: { readonly hostPid: number; readonly netns: Netns },
): Promise<boolean> => {
  const port = healthPorts[component];
  if (port === undefined || (await ageOf(hostPid)) < youngSeconds) return true;
  const { stdout } = await run(['bash', '-c', ask, 'bash', String(port)], {
    netns,
    timeoutMs: 3000,
    maxBytes: 1 << 16,
  });
  const [, body] = /^HTTP\/1\.\d 200 .*?\r\n\r\n(.*)$/s.exec(stdout) ?? [];
  return body !== undefined && (component === 'kubelet' ? body === 'ok' : body.includes('lastUpdated'));
};

/** In seconds. */
const ageOf = async (hostPid: number): Promise<number> => {
  const [stat = '', uptime = ''] = await Promise.all([readProc(`/proc/${hostPid}/stat`), readProc('/proc/uptime')]);
  // In hundredths of a second since the machine of the engine has started.
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) / 100;
  return Number(uptime.split(' ')[0]) - started;
};
