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
  hostShell: both(
    (name: string) => `A shell of this machine: labs and kubectl use the lab ${name}. \`exit\` ends it.`,
    (name) => `이 컴퓨터의 셸입니다. labs와 kubectl이 ${name} 실습을 사용합니다. \`exit\`로 끝냅니다.`,
  ),
  machineEnded: both(
    (name: string) => `${name} was stopped. This is the shell of your own machine again.`,
    (name) => `머신이나 파드가 멈췄습니다: ${name}. 이제 이 컴퓨터의 셸입니다.`,
  ),
  unknownMachine: both(
    (name: string) => `There is no machine or pod "${name}"`,
    (name) => `없는 머신이나 파드입니다: "${name}"`,
  ),
  podElsewhere: both(
    (namespace: string, command: string) => `A pod of this name is in the namespace ${namespace}: \`${command}\``,
    (namespace, command) => `이 이름의 파드는 ${namespace} 네임스페이스에 있습니다: \`${command}\``,
  ),
  podUnknown: both(
    (pod: string, said: string) =>
      `There is no machine "${pod}", and the API server does not answer whether there is such a pod: ${said}`,
    (pod, said) => `머신 이름이 아니고, 그런 파드가 있는지 API 서버가 답하지 않습니다 ("${pod}"): ${said}`,
  ),
  apiSilentHint: both(
    'On the control plane, run `systemctl status kube-apiserver`.',
    '컨트롤 플레인에서 다음을 실행해 보세요: `systemctl status kube-apiserver`',
  ),
  machineMissing: both(
    (name: string) => `The machine ${name} no longer exists: its container was removed`,
    (name) => `컨테이너가 삭제되어 없어진 머신입니다: ${name}`,
  ),
  noLogs: both(
    (name: string) => `The machine ${name} has no logs of components: it is outside of the cluster`,
    (name) => `클러스터 밖에 있어 구성 요소의 로그가 없는 머신입니다: ${name}`,
  ),
  reconnected: both(
    (names: string) => `Restarted outside of labs and connected to the network again: ${names}`,
    (names) => `labs 밖에서 다시 시작된 머신을 네트워크에 다시 연결했습니다: ${names}`,
  ),
  machinesStopped: both(
    (names: string) =>
      `Not running: ${names}. Checks that need these machines are broken and give no points. ` +
      'Run `labs start`, then try again.',
    (names) =>
      `실행 중이 아닌 머신: ${names}. 이 머신이 필요한 검사는 오류가 되고 점수가 없습니다. \`labs start\`를 실행한 뒤 다시 시도하세요.`,
  ),
  changeUndone: both(
    'A grading was interrupted while it changed the cluster. What it had changed is undone.',
    '채점이 클러스터를 바꾸는 도중에 중단되었습니다. 바꾼 것을 되돌렸습니다.',
  ),
  changeKept: both(
    (names: string) =>
      `What a grading has changed cannot be undone yet: ${names}. The next command tries again. ` +
      '`labs kubectl get pods -o yaml` may show the cause, such as a finalizer.',
    (names) =>
      `채점이 바꾼 것을 아직 되돌릴 수 없습니다: ${names}. 다음 명령이 다시 시도합니다. ` +
      'finalizer 같은 원인을 볼 수 있는 명령: `labs kubectl get pods -o yaml`',
  ),
  placeNeeded: both(
    'The machine or pod in which the command should run is missing',
    '명령을 실행할 머신이나 파드가 빠졌습니다',
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
    (unit) => `없는 systemd 유닛입니다: "${unit}"`,
  ),
};
