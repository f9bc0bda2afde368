// What the node's user namespace allows (user_namespaces(7)). A node of labs is in one, other nodes usually are not.
import { readFile } from 'node:fs/promises';

const everyId = 2 ** 32 - 1;

/** How many group ids exist here, from 0 upwards. */
export const groupIds = async (): Promise<number> => {
  const lines = (await readFile('/proc/self/gid_map', 'utf8')).trim().split('\n');
  return Math.max(
    ...lines.map((line) => line.trim().split(/\s+/).map(Number)).map(([first = 0, , count = 0]) => first + count),
  );
};

export const isInUserNamespace = async (): Promise<boolean> => (await groupIds()) < everyId;
