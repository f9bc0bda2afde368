// Creates, lists and deletes named network namespaces: mounts under /run/netns, as `ip netns` makes them.
import { readdir } from 'node:fs/promises';
import { run, runOk } from './exec.ts';

const folder = '/run/netns';

export const netnsPath = (name: string): string => `${folder}/${name}`;

export const addNetns = async (name: string): Promise<void> => {
  await runOk(['ip', 'netns', 'add', name]);
};

/** No error if the namespace does not exist. */
export const deleteNetns = async (name: string): Promise<void> => {
  const { code, stderr } = await run(['ip', 'netns', 'delete', name]);
  if (code !== 0 && !/No such file/i.test(stderr)) throw new Error(`ip netns delete ${name}: ${stderr.trim()}`);
};

export const listNetns = async (): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
};
