import { describe, expect, test } from 'vitest';
import { decodeObject } from '../../../src/node/apiserver/schema/decode.ts';
import { decodeProtobuf } from '../../../src/node/apiserver/schema/protobuf.ts';

describe('decoding JSON', () => {
  test('drops unknown fields and names them by path', () => {
    const { object, unknown } = decodeObject('core.v1.Pod', {
      metadata: { name: 'p', lables: {} },
      spec: { containers: [{ name: 'a', imag: 'x' }] },
    });
    expect(unknown).toEqual(['metadata.lables', 'spec.containers[0].imag']);
    expect(object).toEqual({ metadata: { name: 'p' }, spec: { containers: [{ name: 'a' }] } });
  });

  test('treats null as absent', () => {
    const { object } = decodeObject('core.v1.Pod', {
      metadata: { creationTimestamp: null, labels: { a: null } },
      spec: null,
    });
    expect(object).toEqual({ metadata: { labels: { a: '' } } });
  });

  test('accepts numbers as quantities', () => {
    const container = { name: 'a', resources: { limits: { cpu: 1 } } };
    const { object } = decodeObject('core.v1.Pod', { spec: { containers: [container] } });
    expect(object).toMatchObject({ spec: { containers: [{ resources: { limits: { cpu: '1' } } }] } });
  });

  test.each([
    {
      value: { spec: { ports: [{ port: '80' }] } },
      says: 'json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
    },
    {
      value: { spec: { type: 5 } },
      says: 'json: cannot unmarshal number into Go struct field ServiceSpec.spec.type of type v1.ServiceType',
    },
    {
      value: { spec: { ports: {} } },
      says: 'json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort',
    },
    {
      value: { metadata: { labels: { a: 1 } } },
      says: 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    },
    {
      value: { spec: { ports: [{ port: 1.5 }] } },
      says: 'json: cannot unmarshal number 1.5 into Go struct field ServicePort.spec.ports.port of type int32',
    },
  ])('refuses a wrong type: $says', ({ value, says }) => {
    expect(() => decodeObject('core.v1.Service', value)).toThrow(says);
  });
});

describe('decoding protobuf', () => {
  // Writes a length-delimited field: tag, length, bytes.
  const field = (number: number, ...parts: (Buffer | string)[]): Buffer => {
    const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    return Buffer.concat([Buffer.from([(number << 3) | 2, body.length]), body]);
  };
  const varint = (number: number, value: number): Buffer => Buffer.from([number << 3, value]);
  const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
    Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, apiVersion), field(2, kind)), field(2, raw)]);

  test('gives the same object as JSON', () => {
    const port = Buffer.concat([varint(3, 80), field(4, varint(1, 1), field(3, 'http'))]);
    const spec = Buffer.concat([field(1, port), field(2, field(1, 'app'), field(2, 'web')), field(3, '')]);
    const raw = Buffer.concat([field(1, field(1, 'web')), field(2, spec)]);
    expect(decodeProtobuf(envelope('v1', 'Service', raw))).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'web' } },
    });
  });

  test('keeps a zero of a pointer field', () => {
    const raw = field(2, varint(1, 0), varint(5, 0));
    expect(decodeProtobuf(envelope('apps/v1', 'Deployment', raw))).toMatchObject({ spec: { replicas: 0 } });
  });

  test('inlines structs that JSON inlines and protobuf nests', () => {
    const volume = field(1, field(1, 'data'), field(2, field(2, '')));
    expect(decodeProtobuf(envelope('v1', 'Pod', field(2, volume)))).toMatchObject({
      spec: { volumes: [{ name: 'data', emptyDir: {} }] },
    });
  });

  test.each([
    { name: 'a body without an envelope', body: Buffer.from('{}') },
    { name: 'a truncated message', body: envelope('v1', 'Pod', Buffer.from([0x0a, 0x7f])) },
    { name: 'an unknown kind', body: envelope('v1', 'Nothing', Buffer.alloc(0)) },
  ])('refuses $name', ({ body }) => {
    expect(() => decodeProtobuf(body)).toThrow();
  });
});
