// Keeps the data plane of a lab as it was at some moments, so that `labs diff` can compare.
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod } from '../../api/core-pods.ts';
import { readRegularFile } from '../../kit/read-file.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { writingIn } from '../../kit/unwritable.ts';
import { nameOfNamespace } from '../trace/lab.ts';
import { type Snapshot, snapshotOf } from '../trace/snapshot.ts';
import type { Context } from './context.ts';
import type { Moment } from './moments.ts';
import type { Session } from './session.ts';

export interface KeptSnapshot {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly snapshot: Snapshot;
}

/** @throws LabError when the fabric does not answer */
export const takeSnapshot = async ({ access }: Pick<Session, 'access'>): Promise<KeptSnapshot> => {
  const { fabric, machines } = access;
  const [namespaces, { status, body }] = await Promise.all([
    fabric.call('dataplane', { machines: machines.map(({ name, pid }) => ({ machine: name, pid })) }),
    fabric.call('kube', { path: '/api/v1/pods' }).catch(() => ({ status: 0, body: {} })),
  ]);
  const pods = status === 200 ? ((body as { readonly items?: readonly Pod[] }).items ?? []) : [];
  const snapshot = snapshotOf(namespaces, (namespace, index) => nameOfNamespace(namespace, { pods, index }));
  return { at: new Date().toISOString(), snapshot };
};

/** Takes a snapshot and keeps it in the place of the last one of that moment. */
export const keepSnapshot = async (context: Context, session: Session, moment: Moment): Promise<void> =>
  writeSnapshot(context, session, { moment, kept: await takeSnapshot(session) });

/** @throws LabError `LAB_FOLDER_UNWRITABLE` */
export const writeSnapshot = async (
  { environment: { stateFolder } }: Context,
  { name, access }: Session,
  { moment, kept }: { readonly moment: Moment; readonly kept: KeptSnapshot },
): Promise<void> => {
  const file = fileOf(stateFolder, name, moment);
  await writingIn({ folder: stateFolder, variable: 'XDG_STATE_HOME' }, async () => {
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, JSON.stringify({ instance: access.instance, ...kept }));
  });
};

/** Undefined when there is none of this instance. */
export const readSnapshot = async (
  { environment: { stateFolder } }: Context,
  { name, access }: Session,
  moment: Moment,
): Promise<KeptSnapshot | undefined> => {
  try {
    const text = await readRegularFile(fileOf(stateFolder, name, moment));
    const { instance, at, snapshot } = JSON.parse(text) as KeptSnapshot & { readonly instance?: string };
    return instance === access.instance ? { at, snapshot } : undefined;
  } catch {
    // A file that cannot be read is replaced by the next snapshot.
    return undefined;
  }
};

export const removeSnapshots = (stateFolder: string, name: string): Promise<void> =>
  rm(folderOf(stateFolder, name), { recursive: true, force: true });

const folderOf = (stateFolder: string, name: string): string =>
  join(stateFolder, 'snapshots', encodeURIComponent(name));

const fileOf = (stateFolder: string, name: string, moment: Moment): string =>
  join(folderOf(stateFolder, name), `${moment}.json`);
