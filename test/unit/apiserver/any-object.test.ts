import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseField, shapeOf, typeOf } from '../../../src/api/field-types.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { allResources, ipAddresses, type Resource } from '../../../src/api/resources.ts';
import { parseCidr } from '../../../src/api/scalars.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import { createIpAllocator } from '../../../src/node/apiserver/allocation/ip-allocator.ts';
import { createPortAllocator } from '../../../src/node/apiserver/allocation/port-allocator.ts';
import { bootstrap } from '../../../src/node/apiserver/bootstrap.ts';
import { applyMergePatch } from '../../../src/node/apiserver/patch/merge.ts';
import { decodeObject } from '../../../src/node/apiserver/schema/decode.ts';
import { StatusError } from '../../../src/node/apiserver/status.ts';
import { openLog } from '../../../src/node/apiserver/store/log.ts';
import { openStore } from '../../../src/node/apiserver/store/store.ts';
import { tableOf } from '../../../src/node/apiserver/table/table.ts';
import { aRequest, aSigningRequest } from '../../support/signing-request.ts';

// Random objects: any fields of the schema, with values that are likely to matter.
const words = [
  '',
  'a',
  'web',
  'None',
  'NodePort',
  'ClusterIP',
  'ExternalName',
  'LoadBalancer',
  '10.96.0.7',
  '1.2.3.4',
  'TCP',
  'Local',
];

const anyOf = (token: string, depth: number): fc.Arbitrary<unknown> => {
  const shape = shapeOf(token);
  switch (shape.is) {
    case 'list':
      return fc.array(anyOf(shape.item, depth - 1), { maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'app', 'x/y'), anyOf(shape.item, depth - 1), { maxKeys: 2 });
    case 'struct':
      return depth <= 0 ? fc.constant({}) : structOf(shape.fields, depth);
    case 'scalar':
      return scalarOf(shape.type);
  }
};

const structOf = (fields: Readonly<Record<string, string>>, depth: number): fc.Arbitrary<Record<string, unknown>> => {
  const names = Object.keys(fields).filter((name) => !name.startsWith('~') && !['apiVersion', 'kind'].includes(name));
  return fc.subarray(names, { maxLength: Math.min(8, names.length) }).chain((chosen) => {
    const values = chosen.map((name) => [name, anyOf(parseField(fields[name] ?? '').token, depth - 1)] as const);
    return fc.record(Object.fromEntries(values));
  });
};

const scalarOf = (type: string): fc.Arbitrary<unknown> => {
  switch (type) {
    case 'bool':
      return fc.boolean();
    case 'int':
    case 'int32':
    case 'int64':
      return fc.constantFrom(-1, 0, 1, 80, 30_080, 70_000);
    case 'float64':
      return fc.constant(1);
    case 'IntOrString':
      return fc.constantFrom(80, 'http', '25%', '');
    case 'Quantity':
      return fc.constantFrom('1', '100m', '64Mi');
    case 'Time':
    case 'MicroTime':
      return fc.constant('2026-01-01T00:00:00Z');
    case 'bytes':
      return fc.constant('YQ==');
    default:
      return fc.constantFrom(...words);
  }
};

const folder = mkdtempSync(join(tmpdir(), 'labs-any-object-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const context = () => ({
  store: openStore(openLog(mkdtempSync(join(folder, 'store-')))),
  clusterIps: createIpAllocator(parseCidr('10.96.0.0/12')),
  nodePorts: createPortAllocator({ first: 30_000, last: 32_767 }),
  logger: { info() {}, warning() {}, error() {}, enabled: () => false },
});

/** A StatusError is a correct refusal. Any other error is a bug. */
const attempt = (write: () => KubeObject): KubeObject | undefined => {
  try {
    return write();
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    return undefined;
  }
};

const decoded = (resource: Resource, value: Record<string, unknown>, name: string): KubeObject => {
  const { object } = decodeObject(typeOf(resource), value);
  const metadata = { ...(object.metadata as object), name, ...(resource.namespaced ? { namespace: 'default' } : {}) };
  return { ...object, metadata: { ...metadata, resourceVersion: '' } } as unknown as KubeObject;
};

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'web' }] } };
const workload = { spec: { selector: { matchLabels: { app: 'a' } }, template } };
/** The required fields of a kind. */
const { spec: signing } = aSigningRequest(await aRequest());

const bases: Readonly<Record<string, Record<string, unknown>>> = {
  certificatesigningrequests: { spec: signing },
  pods: { spec: template.spec },
  services: { spec: { ports: [{ port: 80 }] } },
  deployments: workload,
  replicasets: workload,
  daemonsets: workload,
  endpointslices: { addressType: 'IPv4' },
  servicecidrs: { spec: { cidrs: ['10.0.0.0/24'] } },
  ipaddresses: { spec: { parentRef: { resource: 'services', name: 'a' } } },
};

describe.each(allResources)('a random $kind', (resource) => {
  test('is stored and printed, or refused with a Status', () => {
    const api = context();
    bootstrap(api, '192.168.56.10', 6443);
    const any = structOf((shapeOf(typeOf(resource)) as { fields: Record<string, string> }).fields, 6);
    const base = bases[resource.plural] ?? {};
    const show = (object: KubeObject) => tableOf(resource, [object], { listMeta: {}, include: 'Metadata' });
    // The name of an IPAddress is an address.
    const nameOf = (kind: number, index: number): string =>
      resource === ipAddresses ? `10.${kind}.0.${index}` : `n${kind}-${index}`;
    let number = 0;
    fc.assert(
      fc.property(any, (value) => {
        number += 1;
        const created = attempt(() => createInStore(api, resource, decoded(resource, value, nameOf(8, number))));
        if (created) show(created);
        const plain = createInStore(api, resource, decoded(resource, base, nameOf(9, number)));
        const changed = applyMergePatch(base, value) as Record<string, unknown>;
        const updated = attempt(() => updateInStore(api, resource, decoded(resource, changed, plain.metadata.name)));
        if (updated) show(updated);
      }),
      { numRuns: 100 },
    );
    expect(number).toBe(100);
    api.store.close();
  });
});
