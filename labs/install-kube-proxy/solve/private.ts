// Nobody but root can read the private key of kube-proxy.
import type { CheckScript } from 'kube-network-labs/lab';
import { pki } from './install.ts';

export const check: CheckScript = async (lab) => {
  const path = `${pki}/kube-proxy.key`;
  const observed = (await lab.node('node02').$`stat -L -c '%U %a' ${path}`.nothrow()).stdout.trim();
  if (/^root [0-7]00$/.test(observed)) return { pass: true, observed };
  const expected = { en: 'owner root, and no rights for others', ko: '소유자는 root, 다른 사용자의 권한은 없음' };
  const hint = { en: 'chmod changes the rights of a file.', ko: '파일의 권한은 chmod로 바꿉니다.' };
  return { pass: false, expected, observed, hint };
};
