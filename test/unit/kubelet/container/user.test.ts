import { describe, expect, test } from 'vitest';
import { resolveUser } from '../../../../src/node/kubelet/container/user.ts';
import { group, passwd } from '../builders.ts';

describe('a container’s user', () => {
  const groups = { supplementalGroups: [], imageGroups: true, passwd, group };
  test.each([
    { imageUser: '', uid: 0, gid: 0, extra: [], home: '/root' },
    { imageUser: 'mysql', uid: 999, gid: 998, extra: [50], home: '/var/lib/mysql' },
    { imageUser: '999:0', uid: 999, gid: 0, extra: [50], home: '/var/lib/mysql' },
    { imageUser: '4711', uid: 4711, gid: 0, extra: [], home: '/' },
  ])('comes from the image user "$imageUser"', ({ imageUser, uid, gid, extra, home }) => {
    expect(resolveUser({ imageUser, ...groups })).toEqual({ user: { uid, gid, additionalGids: extra }, home });
  });

  test('is the pod’s user and groups, if the pod names them', () => {
    const { user } = resolveUser({
      ...groups,
      imageUser: 'mysql',
      runAsUser: 1000,
      runAsGroup: 3000,
      supplementalGroups: [7],
    });
    expect(user).toEqual({ uid: 1000, gid: 3000, additionalGids: [7] });
  });

  test('has no groups of the image if the pod’s policy is Strict', () => {
    const { user } = resolveUser({ ...groups, imageGroups: false, imageUser: 'mysql', supplementalGroups: [7] });
    expect(user).toEqual({ uid: 999, gid: 998, additionalGids: [7] });
  });

  test('is refused when the image has no user of this name', () => {
    expect(() => resolveUser({ ...groups, imageUser: 'nobody-here' })).toThrow('unable to find user nobody-here');
  });
});
