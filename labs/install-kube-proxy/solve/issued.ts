// The certificate of kube-proxy on node02 is signed by the cluster, for the right user, and fits the key.
import { X509Certificate } from 'node:crypto';
import type { CheckScript, LabHandle } from 'kube-network-labs/lab';
import { pki, problemOfCertificate } from './install.ts';

const problems = {
  key: { en: `no file ${pki}/kube-proxy.key`, ko: `${pki}/kube-proxy.key 파일이 없음` },
  certificate: { en: `no certificate in ${pki}/kube-proxy.crt`, ko: `${pki}/kube-proxy.crt에 인증서가 없음` },
  authority: {
    en: 'the certificate is not signed by the authority of the cluster for clients',
    ko: '클러스터의 클라이언트 인증 기관이 서명하지 않은 인증서',
  },
  pair: { en: 'the key does not belong to the certificate', ko: '인증서와 짝이 맞지 않는 키' },
};

export const check: CheckScript = async (lab) => {
  const problem = await problemOfCertificate(lab);
  if (problem === undefined) return { pass: true, observed: 'CN=system:kube-proxy' };
  const expected = {
    en: 'a key, and a certificate of the cluster for it, for CN=system:kube-proxy',
    ko: '키와, 그 키에 대해 클러스터가 발급한 CN=system:kube-proxy 인증서',
  };
  const observed = problem === 'user' ? ofUser(await subject(lab)) : problems[problem];
  return { pass: false, expected, observed };
};

const subject = async (lab: LabHandle): Promise<string> =>
  new X509Certificate((await lab.node('node02').read(`${pki}/kube-proxy.crt`)) ?? '').subject;

const ofUser = (name: string) => ({ en: `the certificate is for ${name}`, ko: `인증서의 사용자: ${name}` });
