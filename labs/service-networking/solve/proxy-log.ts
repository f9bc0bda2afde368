import type { SolveScript } from '../../../src/api/lab.ts';

export const solve: SolveScript = async (lab) => {
  const log = await lab.sh('node01', 'cat /var/log/kube-proxy.log');
  await lab.answer('proxier', /Using (\w+) Proxier/i.exec(log)?.[1] ?? '');
  await lab.answer('mode-flag', '--proxy-mode');
  await lab.answer('added', log.split('\n').find((line) => /Adding new service port.*db-service/.test(line)) ?? '');
  await lab.sh(
    'node02',
    `sed -i -E 's/(^|[[:space:]])-v=[0-9]+/\\1-v=6/' /etc/systemd/system/kube-proxy.service
     systemctl daemon-reload
     systemctl restart kube-proxy`,
  );
};
