// Why a machine did not start, as an error of labs. The agent's error has the kernel's own words.
import { LabError } from '../../kit/error.ts';
import { diskFull, isDiskFull } from '../docker/errors.ts';

/** What the kernel says when it does not allow a user namespace, or no mount whose ids are mapped. */
const refusals = /unshare failed|uid_map|gid_map|idmap|mount_setattr|cannot be a user without rights/i;

/** @param reason of `FABRIC_NO_BOOT` */
export const bootFailure = (reason: string): LabError => {
  if (refusals.test(reason))
    return new LabError(
      'LAB_NO_USER_NAMESPACE',
      `The engine's machine does not let root of a node be a user without rights: ${reason}`,
      {
        hint:
          'Run `labs doctor` to see what is missing. ' +
          '`labs start --unsafe-nodes` starts the lab without this protection.',
      },
    );
  if (isDiskFull(reason)) return diskFull(reason);
  return new LabError('LAB_NO_BOOT', reason, { hint: 'Run `labs doctor` to find the cause.' });
};
