// The lab's own record of what a student did: one file for each event in the fabric, so that two processes at a time
// lose none. It lies beside the key of the progress file, works for a stopped lab, and goes with the lab.
import { randomBytes } from 'node:crypto';
import { buffer, text } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { type ProgressRecord, type Recorded, recordedSchema } from '../tasks/record.ts';

const recordParent = '/var/lib';
const recordFolder = 'labs-progress-record';

/** @param fabric the container; it may be gone */
export const progressRecord = (containers: Containers, fabric: string, signal?: AbortSignal): ProgressRecord => {
  let appended = 0;
  return {
    read: () => eventsIn(containers, fabric, signal),
    async append(event) {
      appended += 1;
      // Names in the order of time: one process may append twice in a millisecond.
      const order = [Date.now(), appended].map((number) => String(number).padStart(14, '0'));
      const tar = pack();
      tar.entry({ name: recordFolder, type: 'directory', mode: 0o700 });
      tar.entry(
        { name: `${recordFolder}/${order.join('-')}-${randomBytes(6).toString('hex')}.json`, mode: 0o600 },
        JSON.stringify(event),
      );
      tar.finalize();
      await containers.putArchive(fabric, recordParent, await buffer(tar), signal);
    },
  };
};

const eventsIn = async (
  containers: Containers,
  fabric: string,
  signal: AbortSignal | undefined,
): Promise<readonly Recorded[]> => {
  const found: (readonly [string, Recorded])[] = [];
  try {
    const archive = await containers.getArchive(fabric, `${recordParent}/${recordFolder}`, signal);
    for await (const entry of archive.pipe(extract())) {
      const content = await text(entry);
      if (entry.header.type === 'file') found.push([entry.header.name, recordedSchema.parse(JSON.parse(content))]);
    }
  } catch (error) {
    if (!(error instanceof LabError && missing.has(error.code))) throw error;
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, event]) => event);
};

const missing: ReadonlySet<string> = new Set(['LAB_FILE_MISSING', 'LAB_CONTAINER_MISSING']);
