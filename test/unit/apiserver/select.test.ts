import { describe, expect, test } from 'vitest';
import { namespaces, pods } from '../../../src/api/resources.ts';
import { parseResourceRequest } from '../../../src/node/apiserver/exchange/info.ts';
import { matcherOf } from '../../../src/node/apiserver/routes/selection.ts';
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

  test('is refused when it can not be parsed', () => {
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

  test('is refused, in Kubernetes’ words, on a field that Kubernetes does not allow', () => {
    expect(() => parseFieldSelector(pods, 'spec.foo=bar')).toThrow('field label not supported: spec.foo');
  });
});

test('a watch on the path of one namespace selects only this namespace', () => {
  const url = new URL('https://localhost/api/v1/namespaces/a?watch=1');
  const info = parseResourceRequest('GET', url);
  if (!info) throw new Error('no resource');
  const matches = matcherOf({ url, info, resource: namespaces });
  expect(['a', 'b'].filter((name) => matches({ metadata: { name } }))).toEqual(['a']);
});
