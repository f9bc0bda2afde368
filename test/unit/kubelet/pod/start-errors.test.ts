import { describe, expect, test } from 'vitest';
import {
  foundImage,
  invalidImageName,
  missingImage,
  startFailure,
} from '../../../../src/node/kubelet/pod/start-errors.ts';
import { container, now } from '../builders.ts';

describe('a container that cannot start', () => {
  test('names the command that loads a missing image', () => {
    const { blocked, events } = missingImage(container({ image: 'nginx:1.27' }), undefined, now);
    expect(blocked.reason).toBe('ErrImagePull');
    expect(blocked.message).toContain('labs image load nginx:1.27');
    expect(events.map(({ reason }) => reason)).toEqual(['Pulling', 'Failed', 'Failed']);
    const again = missingImage(container({ image: 'nginx:1.27' }), blocked, now);
    expect(again.blocked.reason).toBe('ImagePullBackOff');
    expect(missingImage(container({ image: 'nginx:1.27' }), again.blocked, now).events).toEqual([]);
  });

  test('has its own reason under the pull policy Never', () => {
    const { blocked } = missingImage(container({ imagePullPolicy: 'Never' }), undefined, now);
    expect(blocked.reason).toBe('ErrImageNeverPull');
  });

  test.each([
    { image: 'Web', why: 'invalid reference format: repository name (library/Web) must be lowercase' },
    { image: 'web:a b', why: 'invalid reference format' },
    { image: 'web:', why: 'invalid reference format' },
    { image: 'http://web', why: 'invalid reference format' },
    {
      image: 'a'.repeat(64),
      why: `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`,
    },
  ])('says that $image is no name of an image', ({ image, why }) => {
    const problem = invalidImageName(container({ image }), undefined, now);
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${why}`;
    expect(problem?.blocked).toMatchObject({ reason: 'InvalidImageName', message });
    expect(problem?.events.map(({ reason }) => reason)).toEqual(['InspectFailed', 'Failed']);
    expect(invalidImageName(container({ image }), problem?.blocked, now)?.events).toEqual([]);
  });

  test.each([
    ...['web', 'web:1.2_3-x', 'library/web', 'quay.io/team/web:v1', 'localhost/web', 'reg:5000/a/b', 'LOCAL/web'],
    `web@sha256:${'0'.repeat(64)}`,
  ])('takes %s as the name of an image', (image) => {
    expect(invalidImageName(container({ image }), undefined, now)).toBeUndefined();
  });

  test('waits twice as long after each start that failed', () => {
    const first = startFailure(new Error('no such file'), undefined, now);
    const second = startFailure(new Error('no such file'), first, now);
    expect([first.retryAt - now, second.retryAt - now]).toEqual([10_000, 20_000]);
  });
});

test('an image counts as pulled under the pull policy Always, and as present under any other', () => {
  const image = { reference: 'docker.io/library/web:latest', digest: 'sha256:aa', size: 12, config: {} };
  const events = (imagePullPolicy: 'Always' | 'IfNotPresent') =>
    foundImage(container({ imagePullPolicy }), image, 3).map(({ message }) => message);
  expect(events('IfNotPresent')).toEqual(['Container image "web" already present on machine']);
  expect(events('Always')).toEqual([
    'Pulling image "web"',
    'Successfully pulled image "web" in 3ms (3ms including waiting). Image size: 12 bytes.',
  ]);
});
