// Remembers the network namespace in which a machine was wired: its root may move process 1 to another one later.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import type { WireLink } from '../api/wiring.ts';
import { linkNow, readProcNow } from './proc.ts';

/** On a tmpfs of the fabric's container, where no student is root. */
const pinFolder = '/run/labs-netns';

/** The namespace of this run of the machine, `net:[4026532450]`; undefined for a machine that was never pinned. */
export const pinOf = (initPid: number): string | undefined => {
  const path = pathOf(initPid);
  return path && readProcNow(path)?.split(' ')[0];
};

export interface Pinned {
  readonly machine: string;
  readonly pid: number;
}

/** The running machine that was wired with this address. */
export const pinnedAt = async (address: string): Promise<Pinned | undefined> => {
  for (const file of await readdir(pinFolder).catch(() => [])) {
    const [, wired, machine = ''] = (readProcNow(`${pinFolder}/${file}`) ?? '').split(' ');
    const pid = Number(file.split('-')[0]);
    if (wired === address && pathOf(pid) === `${pinFolder}/${file}`) return { machine, pid };
  }
  return undefined;
};

/**
 * Only the first time in a run of the machine: later, process 1 may be somewhere else. Rejected: a mount, because the
 * namespace of a machine that was stopped would stay and go on forwarding packets.
 */
export const pin = async ({ pid, address, machine }: WireLink): Promise<void> => {
  const path = pathOf(pid);
  const id = linkNow(`/proc/${pid}/ns/net`);
  if (path === undefined || id === undefined || pinOf(pid) !== undefined) return;
  await mkdir(pinFolder, { recursive: true });
  await writeFile(path, `${id} ${address} ${machine}`);
};

/** The process id may be another process's by now, so the name also has the time of the start. */
const pathOf = (initPid: number): string | undefined => {
  const stat = readProcNow(`/proc/${initPid}/stat`);
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return start === undefined ? undefined : `${pinFolder}/${initPid}-${start}`;
};
