import { describe, expect, test } from 'vitest';
import { pods } from '../../../src/api/resources.ts';
import { parseFieldSelector } from '../../../src/node/apiserver/select/fields.ts';
import { parseLabelSelector } from '../../../src/node/apiserver/select/labels.ts';

describe('a label selector', () => {
  const labels = { app: 'web', tier: 'front', 'example.com/size': '3' };
  test.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app=db', false],
    ['tier in (front, back)', true],
    ['tier notin (front)', false],
    ['absent notin (x)', true],
    ['app', true],
    ['!app', false],
    ['!absent,app', true],
    ['absent!=x', true],
    ['example.com/size>2', true],
  ])('%s → %s', (text, matches) => {
    expect(parseLabelSelector(text)(labels)).toBe(matches);
  });

  test('that makes no sense is refused', () => {
    expect(() => parseLabelSelector('app in web')).toThrow('unable to parse requirement');
  });
});

describe('a field selector', () => {
  const pod = {
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'node01' },
    status: { phase: 'Running' },
  };
  test.each([
    ['metadata.name=p', true],
    ['spec.nodeName=node01,status.phase!=Succeeded', true],
    ['spec.nodeName=', false],
    ['spec.hostNetwork=false', true],
  ])('%s → %s', (text, matches) => {
    expect(parseFieldSelector(pods, text)(pod)).toBe(matches);
  });

  test('on a field that Kubernetes does not allow is refused in its words', () => {
    expect(() => parseFieldSelector(pods, 'spec.foo=bar')).toThrow('field label not supported: spec.foo');
  });
});
