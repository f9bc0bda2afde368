// Sentences of the commands that use the cluster: shell, kubectl, logs.
import { both } from './words.ts';

export const clusterMessages = {
  // topology
  noPods: both('no pods', '파드 없음'),
  service: both('SERVICE', '서비스'),
  serviceType: both('TYPE', '유형'),
  ports: both('PORTS', '포트'),
  endpoints: both('ENDPOINTS', '엔드포인트'),
  // shell, kubectl, logs
  whichMachine: both('Which machine?', '어느 머신입니까?'),
  machineNeeded: both('The name of a machine or pod is missing', '머신이나 파드의 이름이 빠졌습니다'),
  unknownMachine: both(
    (name: string) => `There is no machine or pod "${name}"`,
    (name) => `머신이나 파드 "${name}" 없음`,
  ),
  machines: both(
    (names: string) => `Machines: ${names}.`,
    (names) => `머신: ${names}`,
  ),
  units: both(
    (names: string) => `Components: ${names}.`,
    (names) => `구성 요소: ${names}`,
  ),
  unknownUnit: both(
    (unit: string) => `There is no systemd unit "${unit}"`,
    (unit) => `systemd 유닛 "${unit}" 없음`,
  ),
};
