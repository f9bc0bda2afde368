import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { removeRules, writeMasquerading, writeRules } from './rules.ts';

const earlier = ['solo', 'fruit', 'gate', 'loyal', 'empty', 'clock'];
const left = ['kubernetes', 'kube-system/kube-dns'];

export const solve: SolveScript = async (lab) => {
  await writeRules(lab, { node: 'node01', services: [...earlier, ...left] });
  await writeMasquerading(lab, 'node01');
  await lab.node('node01').$`sysctl -qw net.ipv4.conf.all.route_localnet=1`;
  await lab.answer('count', '8');
  await lab.answer('mark', '0x4000');
};

export const clear: SetupScript = async (lab) => {
  await removeRules(lab, { node: 'node01', services: left });
  await lab.node('node01').$`sysctl -qw net.ipv4.conf.all.route_localnet=0`;
};
