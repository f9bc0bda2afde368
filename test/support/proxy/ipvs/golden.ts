// The recordings of ipvs mode, and functions that bring kernel state into a comparable form.
import { goldenText } from '../golden.ts';

const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/** Servers of one family. @param text of `ipvsadm -Sn` */
export const comparableServers = (text: string): string[] =>
  lines(text)
    .map((line) => line.trim())
    .sort();

/** Sets without the random values of the kernel. @param text of `ipset save` */
export const comparableSets = (text: string): string[] =>
  lines(text)
    .map((line) => line.replace(/ initval \S+/, '').trim())
    .sort();

/** @param text of `ip address show dev kube-ipvs0` */
export const comparableAddresses = (text: string): string[] =>
  [...text.matchAll(/ inet (\S+) scope (\S+)/g)].map(([, address = '', scope = '']) => `${address} ${scope}`).sort();

/** Sorted, except within chains of kube-proxy, whose order matters. @param text of `iptables-save` */
export const comparableTable = (text: string): string[] => {
  const kept = lines(text)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, '').trim());
  const chainOf = (line: string): string => (line.startsWith('-A KUBE-') ? (line.split(' ')[1] ?? '') : line);
  return kept.sort((a, b) => (chainOf(a) < chainOf(b) ? -1 : chainOf(a) > chainOf(b) ? 1 : 0));
};

export const goldenServers = (): string[] => comparableServers(goldenText('ipvs/default', 'ipvsadm-sorted'));
export const goldenSets = (): string[] => comparableSets(goldenText('ipvs/default', 'ipset-sorted'));
export const goldenAddresses = (): string[] => comparableAddresses(goldenText('ipvs/default', 'kube-ipvs0'));
/** @param table e.g. `nat-v6` */
export const goldenTable = (table: string): string[] => comparableTable(goldenText('ipvs/default', table));
