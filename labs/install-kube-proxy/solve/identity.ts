// With the kubeconfig of kube-proxy, the API server knows node02 as the right user.
import type { CheckScript } from 'kube-network-labs/lab';
import { kubeconfig, whoami } from './install.ts';

export const check: CheckScript = async (lab) => {
  const expected = {
    en: `the API server knows the user of ${kubeconfig} as system:kube-proxy`,
    ko: `API 서버가 ${kubeconfig}의 사용자를 system:kube-proxy로 인식함`,
  };
  const found = await whoami(lab);
  if ('error' in found) return { pass: false, expected, observed: found.error };
  return found.user === 'system:kube-proxy'
    ? { pass: true, observed: found.user }
    : { pass: false, expected, observed: found.user };
};
