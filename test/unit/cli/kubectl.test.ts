import { expect, test } from 'vitest';
import { needsThisMachine } from '../../../src/host/cli/commands/kubectl.ts';

test.each([
  ['apply -f pod.yaml', '-f pod.yaml'],
  ['apply --filename=pod.yaml', '--filename pod.yaml'],
  ['apply -k overlays/', '-k overlays/'],
  ['create configmap m --from-file a=b', '--from-file a=b'],
  ['cp box:/etc/hosts .', 'cp'],
  ['port-forward pod/web 8080:80', 'port-forward'],
  ['proxy', 'proxy'],
])('kubectl %s needs this machine', (line, wanted) => {
  expect(needsThisMachine(line.split(' '))).toBe(wanted);
});

test.each([
  'get pods -o wide',
  'apply -f -',
  'apply -f https://example.com/pod.yaml',
  'exec web -- cp a b',
  'logs web --tail=3',
])('kubectl %s runs anywhere', (line) => {
  expect(needsThisMachine(line.split(' '))).toBeUndefined();
});
