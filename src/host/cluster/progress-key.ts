// The key that signs a lab's progress file. The fabric keeps it: no student is root there, and it goes with the lab.
import { randomBytes } from 'node:crypto';
import { buffer, text } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import type { PlannedFile } from '../plan/types.ts';

const keyFolder = '/var/lib';
const keyFile = 'labs-progress-key';

/** Works for a stopped fabric, too. @param fabric the container; it may be gone */
export const progressKey = (containers: Containers, fabric: string, signal?: AbortSignal) => {
  let known: string | undefined;
  const read = async (): Promise<string | undefined> => {
    known ??= await keyIn(containers, fabric, signal);
    return known;
  };
  const make = async (): Promise<string> => {
    if ((await read()) === undefined) await putKey(containers, fabric, signal);
    const key = await read();
    if (key === undefined)
      throw new LabError('LAB_PROGRESS_KEY', 'The fabric did not keep the key of the progress file');
    return key;
  };
  return { read, make };
};

const keyIn = async (containers: Containers, fabric: string, signal?: AbortSignal): Promise<string | undefined> => {
  try {
    const archive = await containers.getArchive(fabric, `${keyFolder}/${keyFile}`, signal);
    for await (const entry of archive.pipe(extract())) return (await text(entry)).trim();
  } catch (error) {
    if (!(error instanceof LabError && missing.has(error.code))) throw error;
  }
  return undefined;
};

const missing: ReadonlySet<string> = new Set(['LAB_FILE_MISSING', 'LAB_CONTAINER_MISSING']);

/** A key for a new fabric, as one of its files. */
export const newKey = (): PlannedFile => ({
  path: `${keyFolder}/${keyFile}`,
  mode: 0o600,
  content: keyText(),
  secret: true,
});

const keyText = (): string => `${randomBytes(32).toString('hex')}\n`;

const putKey = async (containers: Containers, fabric: string, signal?: AbortSignal): Promise<void> => {
  const tar = pack();
  tar.entry({ name: keyFile, mode: 0o600 }, keyText());
  tar.finalize();
  await containers.putArchive(fabric, keyFolder, await buffer(tar), signal);
};
