// Opens the student's progress in an instance, running or stopped.
import { fabricMachine } from '../../api/cluster.ts';
import { progressKey } from '../cluster/progress-key.ts';
import { progressRecord } from '../cluster/progress-record.ts';
import type { Containers } from '../docker/port.ts';
import { containerName } from '../plan/names.ts';
import { openProgress, type ProgressStore } from '../tasks/progress.ts';
import type { Context } from './context.ts';

interface Known {
  /** The id of the instance, if the caller has it. */
  readonly instance?: string;
  /** Without the remark that the progress file lacks something: the lab may be another user's. */
  readonly isQuiet?: boolean;
}

export const progressIn = async (
  context: Context,
  name: string,
  { instance: known, isQuiet = false }: Known = {},
): Promise<ProgressStore> => {
  const { signal, environment } = context;
  const docker = await context.docker();
  const instance = known ?? (await fabricId(docker, name, signal));
  const kept =
    instance === ''
      ? {}
      : { key: progressKey(docker, instance, signal), record: progressRecord(docker, instance, signal) };
  const { output, say } = context;
  const onBehind = (): void => output.note(output.paint('yellow', `! ${say.progressBehind(name)}`));
  const told = isQuiet ? {} : { onBehind };
  return openProgress({ stateFolder: environment.stateFolder, name, instance, ...kept, ...told });
};

/** Empty when the fabric does not exist. */
export const fabricId = async (docker: Containers, name: string, signal: AbortSignal): Promise<string> =>
  (await docker.inspect(containerName(name, fabricMachine), signal))?.id ?? '';
