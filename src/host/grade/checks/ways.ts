// What becomes of a packet, in words: for the checks that follow packets through the model of the data plane.
import { fabricMachine } from '../../../api/cluster.ts';
import { linkLoss, type Way } from '../../../dataplane/cluster/way.ts';
import type { Headers } from '../../../dataplane/node/packet.ts';

export const waysEnglish = {
  delivered: (to: string, source: string) => `arrive at ${to}, from ${source}`,
  silent: (to: string) => `arrive at ${to}, where no program listens`,
  dropped: (machine: string) => `are dropped on ${machine}`,
  rejected: (machine: string) => `are refused on ${machine}`,
  lost: () => 'are lost on a link that loses all packets, because the lab says so',
  outside: () => 'leave the cluster, because no rule and no route in it leads there',
  unroutable: (machine: string) => `find no way out of ${machine}`,
  loop: (machine: string) => `go round in a circle at ${machine}`,
  lostSomewhere: () => 'do not arrive',
  rejectedSomewhere: () => 'are refused',
  unknownEnd: (machine: string, why: string) => `cannot be followed on ${machine}: ${why}`,
};

export const waysKorean: typeof waysEnglish = {
  delivered: (to, source) => `${to}에 도착, 출발지 ${source}`,
  silent: (to) => `${to}에 왔지만 기다리는 프로그램이 없음`,
  dropped: (machine) => `${machine}에서 버려짐`,
  rejected: (machine) => `${machine}에서 거부됨`,
  lost: () => '실습이 정한 대로 패킷을 모두 잃는 링크에서 사라짐',
  outside: () => '이끄는 규칙이나 경로가 없어 클러스터 밖으로 나감',
  unroutable: (machine) => `${machine}에서 나갈 길이 없음`,
  loop: (machine) => `${machine}에서 제자리를 돎`,
  lostSomewhere: () => '도착하지 않음',
  rejectedSomewhere: () => '거부됨',
  unknownEnd: (machine, why) => `${machine}에서 어떻게 되는지 알 수 없음: ${why}`,
};

/** Whether the machine or pod that sends the packet changes its destination itself. */
export const redirects = (way: Way): boolean => destinationBefore(way) !== destinationAfter(way);

export const destinationBefore = ({ hops: [first] }: Way): string => (first ? endpoint(first.before) : '');
export const destinationAfter = ({ hops: [first] }: Way): string => (first ? endpoint(first.after) : '');

const endpoint = ({ destination, destinationPort }: Headers): string => `${destination}:${destinationPort}`;

/** `address:port` of what receives the packet; empty if nothing does. */
export const addressOf = ({ end }: Way): string => (end.kind === 'delivered' ? `${end.address}:${end.port}` : '');

export const endOf = (say: typeof waysEnglish, way: Way): string => {
  const { end, headers } = way;
  const machine = machineName(end.machine);
  if (end.kind === 'dropped' && end.by === linkLoss) return say.lost();
  if (end.machine === fabricMachine) return say.outside();
  switch (end.kind) {
    case 'delivered':
      return end.listening === false ? say.silent(addressOf(way)) : say.delivered(addressOf(way), headers.source);
    case 'dropped':
      return say.dropped(machine);
    case 'rejected':
      return say.rejected(machine);
    case 'unroutable':
      return say.unroutable(machine);
    case 'loop':
      return say.loop(machine);
    case 'unknown':
      return say.unknownEnd(machine, end.reasons.join('; '));
  }
};

/** Like `endOf`, but without the machine where a packet is lost. */
export const symptomOfEnd = (say: typeof waysEnglish, way: Way): string => {
  if (way.end.kind === 'delivered') return endOf(say, way);
  return way.end.kind === 'rejected' ? say.rejectedSomewhere() : say.lostSomewhere();
};

/** A pod of the default namespace is known by its name alone. */
export const machineName = (machine: string): string => machine.replace(/^default\//, '');

export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
