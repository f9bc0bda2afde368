import { describe, expect, test } from 'vitest';
import { missingImage, startFailure } from '../../../../src/node/kubelet/pod/start-errors.ts';
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

  test('waits twice as long after each start that failed', () => {
    const first = startFailure(new Error('no such file'), undefined, now);
    const second = startFailure(new Error('no such file'), first, now);
    expect([first.retryAt - now, second.retryAt - now]).toEqual([10_000, 20_000]);
  });
});
