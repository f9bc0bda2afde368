// What distinguishes the sets of ipset, and the virtual services of IPVS. Sizes that the kernel chooses do not count.
import type { Change } from './compare.ts';

/** @param own what `ipset save` prints */
export const compareSets = (own: string, wanted: string): readonly Change[] =>
  compareLines('ipset', setLines(own), setLines(wanted));

/** @param own what `ipvsadm -Sn` prints */
export const compareServers = (own: string, wanted: string): readonly Change[] =>
  compareLines('ipvsadm', linesOf(own), linesOf(wanted));

/** @param own lines that name programs of BPF */
export const compareBpf = (own: string, wanted: string): readonly Change[] =>
  compareLines('bpf', linesOf(own), linesOf(wanted));

const linesOf = (text: string): readonly string[] => text.split('\n').filter(Boolean);

/** `create NAME TYPE …` without numbers that differ from set to set. */
const setLines = (text: string): readonly string[] =>
  linesOf(text).map((line) => line.replaceAll(/ (hashsize|maxelem|bucketsize|initval) \S+/g, ''));

const compareLines = (tool: string, own: readonly string[], wanted: readonly string[]): readonly Change[] => {
  const [is, should] = [new Set(own), new Set(wanted)];
  const change = (how: Change['how'], text: string): Change => ({ how, tool, table: '', text });
  return [
    ...own.filter((line) => !should.has(line)).map((line) => change('added', line)),
    ...wanted.filter((line) => !is.has(line)).map((line) => change('missing', line)),
  ];
};
