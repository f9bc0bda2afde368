// The kubeconfig of kube-proxy makes it check the certificate of the API server.
import type { CheckScript } from 'kube-network-labs/lab';
import { isBlind } from './install.ts';

export const check: CheckScript = async (lab) => {
  const expected = {
    en: 'kube-proxy checks the certificate of the API server',
    ko: 'kube-proxy가 API 서버의 인증서를 확인함',
  };
  const observed = {
    en: 'the kubeconfig says insecure-skip-tls-verify: true',
    ko: 'kubeconfig에 insecure-skip-tls-verify: true가 있음',
  };
  return (await isBlind(lab)) ? { pass: false, expected, observed } : { pass: true, observed: 'certificate-authority' };
};
