// systemd starts kube-proxy of node02 again when it was killed.
import type { CheckScript } from 'kube-network-labs/lab';

/** The values with which systemd restarts a program that a signal has ended. */
const restarting = ['always', 'on-failure', 'on-abnormal', 'on-abort'];

export const check: CheckScript = async (lab) => {
  const value = (await lab.node('node02').$`systemctl show -p Restart --value kube-proxy`.text()).trim();
  const observed = `Restart=${value}`;
  if (restarting.includes(value)) return { pass: true, observed };
  const expected = { en: 'systemd restarts it', ko: 'systemd가 다시 시작함' };
  return { pass: false, expected, observed };
};
