// Writes to the API server's store without a server, for tests of admission and validation.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resources.ts';
import { parseCidr } from '../../src/api/scalars.ts';
import { createInStore, updateInStore } from '../../src/node/apiserver/admission/write.ts';
import { createIpAllocator } from '../../src/node/apiserver/allocation/ip-allocator.ts';
import { createPortAllocator } from '../../src/node/apiserver/allocation/port-allocator.ts';
import { bootstrap } from '../../src/node/apiserver/bootstrap.ts';
import type { AdmissionContext } from '../../src/node/apiserver/resources/definition.ts';
import { StatusError } from '../../src/node/apiserver/status.ts';
import { openLog } from '../../src/node/apiserver/store/log.ts';
import { openStore } from '../../src/node/apiserver/store/store.ts';
import { silent } from './proxy/replay.ts';

export interface Admission extends Disposable {
  readonly context: AdmissionContext;
  /** Creates the object with a new name in the namespace `default`, unless it has a name. */
  create<T extends KubeObject>(resource: Resource<T>, object: object): T;
  /** Updates the stored object. @param change may modify the copy that it gets */
  update<T extends KubeObject>(resource: Resource<T>, current: T, change: (next: T) => void): T;
}

export const openAdmission = (): Admission => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-admission-'));
  const store = openStore(openLog(folder));
  const context: AdmissionContext = {
    store,
    clusterIps: createIpAllocator(parseCidr('10.96.0.0/12')),
    nodePorts: createPortAllocator({ first: 30_000, last: 32_767 }),
    logger: silent,
  };
  bootstrap(context, '192.168.56.10', 6443);
  let count = 0;
  return {
    context,
    create: (resource, object) => {
      const { metadata, ...rest } = structuredClone(object) as Partial<KubeObject>;
      const named = { metadata: { name: `x${count++}`, namespace: 'default', ...metadata }, ...rest };
      return createInStore(context, resource, named) as never;
    },
    update: (resource, current, change) => {
      const next = structuredClone(current);
      change(next);
      return updateInStore(context, resource, next) as never;
    },
    [Symbol.dispose]: () => {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** The message of the refusal, which must come with this code. Empty if the write succeeds. */
export const refusal = (code: number, write: () => unknown): string => {
  try {
    write();
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    const { status } = error as StatusError;
    expect(status.code, status.message).toBe(code);
    return status.message ?? '';
  }
};

/** `field: message` of each problem of a write that is refused with 422. Empty if the write succeeds. */
export const problemsOf = (write: () => unknown): string[] => {
  try {
    write();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    const { status } = error as StatusError;
    expect(status.code, status.message).toBe(422);
    return (status.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  }
};
