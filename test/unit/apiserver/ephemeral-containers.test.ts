import { describe, expect, test } from 'vitest';
import type { EphemeralContainer, Pod, PodSpec } from '../../../src/api/core-pods.ts';
import { ephemeralContainers } from '../../../src/node/apiserver/resources/pods/ephemeral.ts';
import { validateNewPod } from '../../../src/node/apiserver/resources/pods/validate/spec.ts';
import { validatePodUpdate } from '../../../src/node/apiserver/resources/pods/validate/update.ts';
import { type FieldError, fieldErrorBody } from '../../../src/node/apiserver/validation/field.ts';

const podWith = (list?: EphemeralContainer[], over: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image: 'web' }], ...(list ? { ephemeralContainers: list } : {}), ...over },
});
const texts = (errors: readonly FieldError[]): string[] =>
  errors.map((error) => `${error.field}: ${fieldErrorBody(error)}`);
const debugger1: EphemeralContainer = { name: 'd1', image: 'toolbox' };

/** Sends `list` to the subresource of a pod that has `before`. */
const put = (list: EphemeralContainer[], before?: EphemeralContainer[], over: Partial<PodSpec> = {}) => {
  const current = ephemeralContainers.take(podWith(before), podWith());
  const next = ephemeralContainers.take(podWith(list, over), current);
  return { next, problems: texts(ephemeralContainers.validate(next, current)) };
};

describe('the subresource ephemeralcontainers', () => {
  test('adds containers with defaults, and changes nothing else', () => {
    const { next, problems } = put([debugger1], undefined, { hostNetwork: true });
    expect(problems).toEqual([]);
    expect(next.spec.hostNetwork).toBeUndefined();
    expect(next.spec.ephemeralContainers).toMatchObject([
      { imagePullPolicy: 'Always', terminationMessagePolicy: 'File' },
    ]);
  });

  test('refuses to change or remove a container', () => {
    expect(put([], [debugger1]).problems).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d1" may not be removed',
    ]);
    expect(put([{ ...debugger1, image: 'web' }], [debugger1]).problems).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d1" may not be changed',
    ]);
  });

  test('refuses a name that another container has, and a target that does not exist', () => {
    expect(put([{ name: 'web', image: 'x', targetContainerName: 'db' }]).problems).toEqual([
      'spec.ephemeralContainers[0].name: Duplicate value: "web"',
      'spec.ephemeralContainers[0].targetContainerName: Not found: "db"',
    ]);
    expect(put([debugger1, debugger1]).problems).toEqual(['spec.ephemeralContainers[1].name: Duplicate value: "d1"']);
  });

  test('refuses what only lasting containers have', () => {
    const probe = { exec: { command: ['true'] } };
    expect(put([{ ...debugger1, livenessProbe: probe, lifecycle: {}, resources: {} }]).problems).toEqual([
      'spec.ephemeralContainers[0].livenessProbe: Forbidden: cannot be set for an Ephemeral Container',
    ]);
  });
});

test('ephemeral containers come by their subresource only', () => {
  expect(texts(validateNewPod(podWith([debugger1])))).toEqual([
    'spec.ephemeralContainers: Forbidden: cannot be set on create',
  ]);
  expect(texts(validatePodUpdate(podWith(), podWith([debugger1])))[0]).toMatch(/^spec: Forbidden: pod updates may not/);
});
