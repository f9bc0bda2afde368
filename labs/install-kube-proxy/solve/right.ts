// kube-proxy of node02 is the right user, checks the API server, and knows the network of the pods.
import type { CheckScript } from 'kube-network-labs/lab';
import { configuration, isBlind, whoami } from './install.ts';

export const check: CheckScript = async (lab) => {
  const found = await whoami(lab);
  // Read after the answer of the API server: else a kubeconfig that changes meanwhile could pass.
  const [blind, config, active] = await Promise.all([
    isBlind(lab),
    lab.node('node02').read(configuration),
    lab.node('node02').$`systemctl is-active kube-proxy`.nothrow(),
  ]);
  const isUser = 'user' in found && found.user === 'system:kube-proxy';
  const knowsPods = !/clusterCIDR["']?\s*:\s*["']?10\.24\.0\.0/.test(config ?? '');
  if (isUser && !blind && knowsPods && active.exitCode === 0) return { pass: true, observed: found.user };
  const expected = { en: 'an installation as before the fault', ko: '고장 나기 전과 같은 설치' };
  return { pass: false, expected, observed: { en: 'another one', ko: '그렇지 않음' } };
};
