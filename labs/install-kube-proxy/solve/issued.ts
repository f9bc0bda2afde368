// The certificate of kube-proxy on node02 is signed by the cluster, for the right user, and fits the key.
import type { CheckScript } from 'kube-network-labs/lab';
import { pki, problemOfCertificate } from './install.ts';

const problems = {
  key: { en: `no file ${pki}/kube-proxy.key`, ko: `${pki}/kube-proxy.key 파일이 없음` },
  certificate: { en: `no certificate in ${pki}/kube-proxy.crt`, ko: `${pki}/kube-proxy.crt에 인증서가 없음` },
  authority: {
    en: 'the certificate is not signed by the authority of the cluster for clients',
    ko: '클러스터의 클라이언트 인증 기관이 서명하지 않은 인증서',
  },
  user: { en: 'the certificate is for another user', ko: '다른 사용자의 인증서' },
  pair: { en: 'the key does not belong to the certificate', ko: '인증서와 짝이 맞지 않는 키' },
};

export const check: CheckScript = async (lab) => {
  const problem = await problemOfCertificate(lab);
  if (problem === undefined) return { pass: true, observed: 'CN=system:kube-proxy' };
  const expected = {
    en: 'a key, and a certificate of the cluster for it',
    ko: '키와, 그 키에 대해 클러스터가 발급한 인증서',
  };
  return { pass: false, expected, observed: problems[problem] };
};
