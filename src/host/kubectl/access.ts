// Reads from a running lab what a client on the user's machine needs to reach it.
import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { fabricMachine } from '../../api/cluster.ts';
import { nodePaths } from '../../api/paths.ts';
import { LabError } from '../../kit/error.ts';
import type { ContainerSummary, Containers } from '../docker/port.ts';
import { labels } from '../plan/names.ts';
import { ownFile, readIfExists, writeOwnFile } from './files.ts';
import { type Access, credentialsIn, targetIn } from './kubeconfig.ts';

/** The fabric of a lab. Its files come from labs alone: the student is root in the nodes, but not here. */
export const findFabric = async (
  containers: Containers,
  lab: string,
  signal?: AbortSignal,
): Promise<ContainerSummary> => {
  const [fabric] = await containers.list({ [labels.name]: lab, [labels.role]: fabricMachine }, signal);
  if (!fabric) throw new LabError('LAB_NOT_READY', `The fabric of ${lab} does not exist`);
  return fabric;
};

/** @param port of 127.0.0.1 on the user's machine */
export const readAccess = async (
  containers: Containers,
  lab: string,
  { fabric, port, signal }: { readonly fabric: ContainerSummary; readonly port: number; readonly signal?: AbortSignal },
): Promise<Access> => {
  const archive = await containers.getArchive(fabric.id, nodePaths.adminConfig, signal);
  const credentials = credentialsIn(await firstFile(archive));
  return { lab, server: `https://127.0.0.1:${port}`, instance: fabric.id, ...credentials };
};

const firstFile = async (archive: NodeJS.ReadableStream): Promise<string> => {
  for await (const entry of archive.pipe(extract())) return await text(entry);
  throw new Error('the archive is empty');
};

/** Brings the lab's own kubeconfig up to date. Reads the lab's credentials only if they have changed. */
export const refreshOwnFile = async (
  containers: Containers,
  lab: string,
  stateFolder: string,
  at: { readonly fabric: ContainerSummary; readonly port: number; readonly signal?: AbortSignal },
): Promise<string> => {
  const file = ownFile(stateFolder, lab);
  const known = targetIn(await readIfExists(file), lab);
  if (known?.server !== `https://127.0.0.1:${at.port}` || known.instance !== at.fabric.id)
    await writeOwnFile(file, await readAccess(containers, lab, at));
  return file;
};
