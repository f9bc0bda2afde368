// The unit runs now, and neither after a crash nor after the next boot.
import type { CheatScript } from 'kube-network-labs/lab';
import { configuration, ensureKubeconfig, restart, writeConfiguration, writeUnit } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await ensureKubeconfig(lab);
  await writeConfiguration(lab);
  const start = `/usr/local/bin/kube-proxy --config=${configuration} --hostname-override=node02`;
  await writeUnit(lab, `[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=${start}\n`);
  await restart(lab);
  await lab.answer('enable', 'link');
};
