import { describe, expect, test } from 'vitest';
import { bootFailure } from '../../../src/host/cluster/boot-failure.ts';

describe('a machine that cannot start', () => {
  test.each([
    'node01 cannot start: unshare: unshare failed: No space left on device',
    'node01 cannot start: unshare: write failed /proc/self/uid_map: Operation not permitted',
    'node01 cannot start: mount: /run/labs/lower: mount_setattr() failed: cannot set ID-mapping: Invalid argument.',
  ])('without a user namespace, names the flag that starts it all the same: %s', (reason) => {
    const error = bootFailure(reason);
    expect(error).toMatchObject({ code: 'LAB_NO_USER_NAMESPACE', hint: expect.stringContaining('--unsafe-nodes') });
    expect(error.hint).toContain('`labs doctor`');
    expect(error.message).toContain(reason);
  });

  test('says that the disk is full', () => {
    expect(bootFailure('node01 cannot start: mkfs.ext4: No space left on device').code).toBe('LAB_DISK_FULL');
  });

  test('does not promise that less protection helps against another reason', () => {
    const error = bootFailure('node01 cannot start: losetup: cannot find an unused loop device');
    expect(error.code).toBe('LAB_NO_BOOT');
    expect(error.hint).not.toContain('--unsafe-nodes');
  });
});
