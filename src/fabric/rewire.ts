// Connects machines again that were restarted outside of labs, for example by `docker restart`, which takes their link.
import { readFile, writeFile } from 'node:fs/promises';
import type { Wired, WireLink, WireParams } from '../api/wiring.ts';
import { type WireOptions, wire } from './wire.ts';

export interface WiringOptions extends WireOptions {
  /** Which process 1 each machine had when it got its link. On a tmpfs, so that it is gone with the fabric's bridge. */
  readonly record?: string;
  /** Pins the network namespace of a machine. */
  readonly pin?: (link: WireLink) => Promise<void>;
  /** Only one agent may change links at a time. */
  readonly claim: () => Promise<{ readonly claimed: boolean }>;
  readonly release: () => Promise<unknown>;
}

/** Machine → its process 1. */
type Known = Readonly<Record<string, string>>;

export const createWiring = ({ record = '/run/labs-wired.json', claim, release, home, pin }: WiringOptions) => {
  const connect = async (params: WireParams, known: Known): Promise<Wired> => {
    const result = await wire(params, home ? { home } : {});
    for (const link of params.links) await pin?.(link);
    const own = await Promise.all(params.links.map(async (link) => [link.machine, await processOf(link)] as const));
    await writeFile(record, JSON.stringify({ ...known, ...Object.fromEntries(own) }));
    return result;
  };
  /** A link that a student removed stays removed: only a machine with another process 1 is connected. */
  const rewire = async (params: WireParams): Promise<Wired> => {
    const known = await readKnown(record);
    const own = await Promise.all(params.links.map(async (link) => ({ link, process: await processOf(link) })));
    const restarted = own.filter(({ link, process }) => process !== undefined && process !== known[link.machine]);
    if (restarted.length === 0) return { wired: [], links: 0 };
    // Who holds the claim connects all machines.
    if (!(await claim()).claimed) return { wired: [], links: 0 };
    try {
      return await connect({ ...params, links: restarted.map(({ link }) => link) }, known);
    } finally {
      await release();
    }
  };
  return { wire: (params: WireParams) => connect(params, {}), rewire };
};

const readKnown = async (record: string): Promise<Known> => {
  try {
    return JSON.parse(await readFile(record, 'utf8')) as Known;
  } catch {
    return {};
  }
};

/** The process id and the start time, because another process may get the same id. Undefined: it has ended. */
const processOf = async ({ pid }: WireLink): Promise<string | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Behind the name, which may contain spaces, the start time is the 20th word.
  return stat && `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
};
