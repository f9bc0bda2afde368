import { describe, expect, test } from 'vitest';
import type { Container, PodSpec } from '../../../src/api/core.ts';
import { validatePodSpec } from '../../../src/node/apiserver/resources/pods/validate.ts';
import { fieldErrorBody } from '../../../src/node/apiserver/validation/field.ts';

const make = (over: Partial<Container> = {}): Container => ({ name: 'c', image: 'web', ...over });
const problemsOf = (spec: Partial<PodSpec>): string[] =>
  validatePodSpec({ containers: [make()], ...spec }, 'spec').map((error) => `${error.field}: ${fieldErrorBody(error)}`);

describe('the restart policy of a container', () => {
  const init = (over: object): string[] => problemsOf({ initContainers: [make({ name: 'i', ...over })] });
  const probe = { tcpSocket: { port: 80 }, successThreshold: 1 };

  test('is accepted for init containers, which may then have probes and hooks', () => {
    const lifecycle = { preStop: { exec: { command: ['true'] } } };
    expect(init({ restartPolicy: 'Always', livenessProbe: probe, startupProbe: probe, lifecycle })).toEqual([]);
  });

  test('is refused for other containers and with other values', () => {
    expect(problemsOf({ containers: [make({ restartPolicy: 'Always' })] })).toEqual([
      'spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers',
    ]);
    expect(init({ restartPolicy: 'Never' })).toEqual([
      'spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ]);
  });

  test('is needed for probes of an init container', () => {
    expect(init({ readinessProbe: probe })).toEqual([
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ]);
  });
});
