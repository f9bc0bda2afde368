import type { LabHandle, SetupScript, SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  const log = await lab.node('node01').$`cat /var/log/kube-proxy.log`.text();
  await lab.answer('proxier', /Using (\w+) Proxier/i.exec(log)?.[1] ?? 'iptables');
  await lab.answer('mode-flag', '--proxy-mode');
  await lab.answer(
    'added',
    log.split('\n').find((line) => /Adding new service port.*default\/db-service/.test(line)) ?? '',
  );
  await setVerbosity(lab, 6);
};

/** kube-proxy on node02 is restarted only if its command line changes. */
const setVerbosity = async (lab: LabHandle, level: number): Promise<void> => {
  await lab.node('node02').$`
    unit=/etc/systemd/system/kube-proxy.service
    sed -i -E 's/(^|[[:space:]])--?v[= ][0-9]+/\\1-v=${level}/' $unit
    grep -q -- '-v=${level}' $unit || sed -i -E 's/^(ExecStart=[^[:space:]]+)/\\1 -v=${level}/' $unit
    if pgrep -ax kube-proxy | grep -qE -- '\\s-v=${level}(\\s|$)'; then exit 0; fi
    systemctl daemon-reload
    systemctl restart kube-proxy`;
};

export const clear: SetupScript = (lab) => setVerbosity(lab, 4);
