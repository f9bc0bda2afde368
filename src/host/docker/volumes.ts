// The part of the adapter that handles volumes.
import type Dockerode from 'dockerode';
import { aborting, type Call, ignoring, labelFilter, undefinedIfMissing } from './call.ts';
import type { Volumes } from './port.ts';

export const createVolumes = (docker: Dockerode, call: Call): Volumes => ({
  create: (name, labels, signal) =>
    call(async () => {
      await docker.createVolume({ Name: name, Labels: { ...labels }, ...aborting(signal) });
    }, signal),
  exists: (name, signal) =>
    call(
      async () => (await undefinedIfMissing(docker.getVolume(name).inspect(aborting(signal)))) !== undefined,
      signal,
    ),
  list: (labels, signal) =>
    call(async () => {
      const filters = JSON.stringify({ label: labelFilter(labels) });
      const { Volumes: found } = await docker.listVolumes({ filters, ...aborting(signal) });
      return (found ?? []).map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} }));
    }, signal),
  remove: (name, signal) => call(() => ignoring([404], docker.getVolume(name).remove(aborting(signal))), signal),
});
