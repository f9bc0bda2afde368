// Answers to the question whether a packet matches, and names that several kinds of rules compare.
import type { Result } from './chain.ts';
import { chance, either, fork, next } from './engine.ts';
import type { PacketState } from './state.ts';

/** True or false, or a share of all packets, or why the model cannot tell ('' stands for the match's own text). */
export type Answer = boolean | number | { readonly unsure: string } | typeof depends;

/** On the moment: whether a limit holds, say. Both ways are possible. */
export const depends = 'depends';

export const unsure = (what: string): Answer => ({ unsure: what });

export const resultsOf = (packet: PacketState, answer: Answer, where: string): Result[] => {
  if (answer === true) return next(packet);
  if (answer === false) return [{ kind: 'break', packet }];
  if (answer === depends) return fork(packet, where);
  return typeof answer === 'number' ? chance(packet, answer) : either(packet, answer.unsure || where);
};

export const both = (answers: readonly Answer[]): Answer => {
  if (answers.includes(false)) return false;
  const open = answers.filter((answer) => answer !== true);
  return open.find((answer) => answer !== depends) ?? open[0] ?? true;
};

/** A `+` at the end stands for any ending. A link that the hook does not have has the name ''. */
export const nameMatches = (pattern: string, name: string): boolean =>
  pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const protocolNames: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmpv6',
  '132': 'sctp',
  '136': 'udplite',
  '33': 'dccp',
  'ipv6-icmp': 'icmpv6',
  esp: '50',
  ah: '51',
  gre: '47',
  ipip: '4',
  ipv6: '41',
  igmp: '2',
};
export const protocolName = (text: string): string => protocolNames[text] ?? text;

/** What `--ctstate` and `ct state` compare: the connection's state, and what NAT changed. */
export const statesOf = ({ tracked }: PacketState): string[] => {
  if (tracked === 'none' || tracked === 'invalid') return ['INVALID'];
  if (tracked === 'untracked') return ['UNTRACKED'];
  return [tracked.state, ...(tracked.changed.source ? ['SNAT'] : []), ...(tracked.changed.destination ? ['DNAT'] : [])];
};
