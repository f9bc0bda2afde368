import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import {
  configuration,
  endOthers,
  ensureKubeconfig,
  isInstalled,
  restart,
  stop,
  synced,
  writeConfiguration,
} from './install.ts';

export const solve: SolveScript = async (lab) => {
  await ensureKubeconfig(lab);
  await writeConfiguration(lab);
  if (await isInstalled(lab)) await restart(lab);
  else await runOnce(lab);
  await lab.answer('ended', 'known');
};

const runOnce: SolveScript = async (lab) => {
  const { $ } = lab.node('node02');
  await endOthers(lab);
  await $`nohup kube-proxy --config=${configuration} --hostname-override=node02 </dev/null >/root/first-run.log 2>&1 &`;
  await synced(lab);
  await endOthers(lab);
};

export const clear: SetupScript = async (lab) => {
  await stop(lab);
  await lab.node('node02').$`rm -f ${configuration} /root/first-run.log`;
};
