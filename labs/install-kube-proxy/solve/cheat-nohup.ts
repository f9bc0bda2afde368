// kube-proxy runs in the background, and systemd knows nothing of it.
import type { CheatScript } from 'kube-network-labs/lab';
import { configuration, endOthers, ensureKubeconfig, synced, writeConfiguration } from './install.ts';

export const cheat: CheatScript = async (lab) => {
  await ensureKubeconfig(lab);
  await writeConfiguration(lab);
  await endOthers(lab);
  const { $ } = lab.node('node02');
  await $`nohup kube-proxy --config=${configuration} --hostname-override=node02 </dev/null >/dev/null 2>&1 &`;
  await synced(lab);
  await lab.answer('enable', 'link');
};
