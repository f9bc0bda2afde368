// Tells a component from another program that runs in the component's unit under its name.
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Place } from '../api/fabric.ts';
import { type Component, componentPorts, components } from '../api/paths.ts';
import { linkNow, readProc } from './proc.ts';
import { readMachineFile } from './read-file.ts';
import { type Netns, run } from './run.ts';

/** What labs has put into a machine: path → SHA-256. The host writes it into the fabric when it installs a machine. */
export const programsRecord = (machine: string): string => `/var/lib/labs-programs/${machine}.json`;

export interface Suspect {
  readonly hostPid: number;
  readonly unit: string | undefined;
  readonly place: Place;
  readonly netns: Netns;
}

/**
 * Whether the process is the component of its unit. Undefined for a process that is in no component's unit. A process
 * that shows other programs to itself for a moment while it starts can still deceive this.
 */
export const isGenuine = async ({ hostPid, unit, place, netns }: Suspect): Promise<boolean | undefined> => {
  const component = components.find((name) => unit === `${name}.service`);
  if (component === undefined) return undefined;
  if (!(await runsNode(hostPid)) || !(await hasPlainEnvironment(hostPid))) return false;
  if (!(await hasOwnPrograms(component, place))) return false;
  return await answers(component, { hostPid, netns });
};

const node = '/usr/bin/node';

/** The node image is the fabric's image, so that both have the same Node. */
const runsNode = async (hostPid: number): Promise<boolean> => {
  const exe = `/proc/${hostPid}/exe`;
  // Undefined: the process has ended, or it is none of the lab's.
  if (linkNow(exe) === undefined) return false;
  const [theirs, ours] = [exe, node].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (!theirs || !ours || theirs.size !== ours.size) return false;
  // No program can set this time, and no machine may set the clock. So this is the image's own file.
  if (theirs.ino === ours.ino && theirs.ctimeNs === ours.ctimeNs) return true;
  return (await digestOf(exe)) === (await digestOf(node));
};

const digests = new Map<string, Promise<string>>();

/** Node has 120 MB, so each file is read once. */
const digestOf = (path: string): Promise<string> => {
  const { dev, ino, size, ctimeNs } = statSync(path, { bigint: true });
  const key = [dev, ino, size, ctimeNs].join();
  const known = digests.get(key) ?? streamDigest(path);
  digests.set(key, known);
  return known;
};

const streamDigest = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** Variables that load other code into the program. */
const hasPlainEnvironment = async (hostPid: number): Promise<boolean> => {
  const environment = (await readProc(`/proc/${hostPid}/environ`)) ?? '';
  return !/(?:^|\0)(?:LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|NODE_OPTIONS|NODE_PATH)=/.test(environment);
};

const hasOwnPrograms = async (component: Component, { machine, pid }: Place): Promise<boolean> => {
  const record = await readFile(programsRecord(machine), 'utf8').catch(() => undefined);
  // A lab that an older version of labs has built has no record.
  if (record === undefined) return true;
  const wanted = Object.entries(JSON.parse(record) as Record<string, string>).filter(([path]) =>
    [component, `${component}.js`].some((name) => path.endsWith(`/${name}`)),
  );
  const same = wanted.map(async ([path, digest]) => {
    const file = await readMachineFile({ machine, pid, path, tailBytes: 4 << 20 });
    return file.exists && createHash('sha256').update(file.content).digest('hex') === digest;
  });
  return (await Promise.all(same)).every(Boolean);
};

const healthPorts: Partial<Record<Component, number>> = {
  'kube-proxy': componentPorts.proxyHealth,
  kubelet: componentPorts.kubeletHealth,
};

/** A component needs a moment before it answers. */
const youngSeconds = 10;

const answers = async (
  component: Component,
  { hostPid, netns }: { readonly hostPid: number; readonly netns: Netns },
): Promise<boolean> => {
  const port = healthPorts[component];
  if (port === undefined || (await ageOf(hostPid)) < youngSeconds) return true;
  const command = ['curl', '-q', '-s', '--noproxy', '*', '--max-time', '2', `http://127.0.0.1:${port}/healthz`];
  const { code, stdout } = await run(command, { netns, timeoutMs: 3000, maxBytes: 1 << 16 });
  return code === 0 && (component === 'kubelet' ? stdout === 'ok' : stdout.includes('lastUpdated'));
};

/** In seconds. */
const ageOf = async (hostPid: number): Promise<number> => {
  const [stat = '', uptime = ''] = await Promise.all([readProc(`/proc/${hostPid}/stat`), readProc('/proc/uptime')]);
  // In hundredths of a second since the machine of the engine has started.
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) / 100;
  return Number(uptime.split(' ')[0]) - started;
};
