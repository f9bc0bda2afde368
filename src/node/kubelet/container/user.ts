// Finds the user and groups that a container runs as. Pure.
import type { ContainerUser } from '../runtime/runtime.ts';

export interface UserContext {
  /** The image's `USER`: a name or number, with or without a group, such as `mysql` or `1000:1000`. May be empty. */
  readonly imageUser: string;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  /** Whether the user's groups in the image's /etc/group count. */
  readonly imageGroups: boolean;
  /** The content of the image's /etc/passwd and /etc/group; empty when the image has none. */
  readonly passwd: string;
  readonly group: string;
}

/** @returns the user, and the user's home folder. @throws Error when the image has no user or group of that name */
export const resolveUser = (context: UserContext): { user: ContainerUser; home: string } => {
  const [imageUser = '', imageGroup = ''] = context.imageUser.split(':');
  const name = context.runAsUser === undefined ? imageUser || '0' : String(context.runAsUser);
  const isId = /^\d+$/.test(name);
  const row = rows(context.passwd).find(([login, , uid]) => login === name || (isId && uid === name));
  if (!row && !isId) throw new Error(`unable to find user ${name}: no matching entries in passwd file`);
  const uid = row ? Number(row[2]) : Number(name);
  const fromImage =
    context.runAsUser === undefined && imageGroup !== '' ? groupId(imageGroup, context.group) : undefined;
  const gid = context.runAsGroup ?? fromImage ?? (row ? Number(row[3]) : 0);
  const memberOf = rows(context.group)
    .filter(
      ([, , , members = '']) => context.imageGroups && row?.[0] !== undefined && members.split(',').includes(row[0]),
    )
    .map(([, , id]) => Number(id));
  const additionalGids = [...new Set([...memberOf, ...context.supplementalGroups])].filter((id) => id !== gid);
  return { user: { uid, gid, additionalGids }, home: row?.[5] || '/' };
};

const groupId = (group: string, table: string): number => {
  if (/^\d+$/.test(group)) return Number(group);
  const row = rows(table).find(([name]) => name === group);
  if (!row) throw new Error(`unable to find group ${group}: no matching entries in group file`);
  return Number(row[2]);
};

/** @param table lines whose fields are separated by colons */
const rows = (table: string): string[][] => table.split('\n').map((line) => line.split(':'));
