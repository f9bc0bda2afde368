// The write path of the API server over a store that forgets everything at the end of the test.
import { parseCidr } from '../../../src/api/scalars.ts';
import { createIpAllocator } from '../../../src/node/apiserver/allocation/ip-allocator.ts';
import { createPortAllocator } from '../../../src/node/apiserver/allocation/port-allocator.ts';
import { bootstrap } from '../../../src/node/apiserver/bootstrap.ts';
import type { AdmissionContext } from '../../../src/node/apiserver/resources/definition.ts';
import type { RevisionLog } from '../../../src/node/apiserver/store/log.ts';
import { openStore } from '../../../src/node/apiserver/store/store.ts';

const noLog: RevisionLog = {
  load: () => [].values(),
  append() {},
  compacted: 0,
  compact() {},
  forget() {},
  close() {},
};

export const memoryApi = (): AdmissionContext => {
  const api = {
    store: openStore(noLog),
    clusterIps: createIpAllocator(parseCidr('10.96.0.0/12')),
    nodePorts: createPortAllocator({ first: 30_000, last: 32_767 }),
    logger: { info() {}, warning() {}, error() {}, enabled: () => false },
  };
  bootstrap(api, '192.168.56.10', 6443);
  return api;
};
