import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { listsOf } from './lists.ts';
import { patchService } from './objects.ts';

const lounge = {
  name: 'lounge',
  spec: { type: 'NodePort', selector: { app: 'coffee' }, ports: [{ port: 80, nodePort: 30300 }] },
};

export const solve: SolveScript = async (lab) => {
  await patchService(lab, lounge, {
    selector: lounge.spec.selector,
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 1800 } },
  });
  await lab.until({ en: 'node01 keeps lists of clients', ko: 'node01에 클라이언트 목록 있음' }, async () => {
    return (await listsOf(lab)).length > 0;
  });
  await lab.answer('per-node', 'per-node');
  await lab.answer('list', (await listsOf(lab))[0] ?? '');
  await lab.answer('prolonged', 'never');
};

export const clear: SetupScript = async (lab) => {
  // Those that a student wrote by hand stay otherwise. The controller makes its own anew.
  await lab.kubectl('delete', 'endpointslices', '-l', 'kubernetes.io/service-name=lounge', '--ignore-not-found');
  await patchService(lab, lounge, { sessionAffinity: 'None', sessionAffinityConfig: null });
};
