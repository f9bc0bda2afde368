// The report of `labs doctor`: src/host/setup/doctor.ts, src/host/setup/kernel.ts.
import type { Sentences } from './sentences.ts';

export const doctorSentences: Sentences = {
  // What the doctor saw
  works: '정상',
  'does not work': '동작하지 않음',
  'up to date': '최신 상태',
  'outdated: made from earlier sources': '오래됨: 이전 소스로 만든 이미지',
  'not made yet': '아직 만들지 않음',
  'not probed, because the node image is missing': '노드 이미지가 없어 확인하지 못함',
  'version {version}, engine as root': '버전 {version}, root로 실행되는 엔진',
  'version {version}, rootless engine': '버전 {version}, root 권한 없이 실행되는 엔진',
  '{version} on {system}, kernel {kernel}': '{version}, {system}, 커널 {kernel}',
  '{version} on {system}, kernel {kernel} (another machine)': '{version}, {system}, 커널 {kernel} (다른 컴퓨터)',
  "{size} GiB in the engine's machine": '엔진이 있는 컴퓨터에 {size} GiB',
  '{size} GiB free for Docker': 'Docker가 쓸 수 있는 공간 {size} GiB',
  '{count} instances per user': '사용자마다 인스턴스 {count}개',
  '{version}; labs needs {oldest}': '{version}. labs에는 {oldest} 이상이 필요합니다',
  // What the user can do
  'Install Node 24 or newer.': 'Node 24 이상을 설치하세요.',
  'Update Docker to 20.10 or newer.': 'Docker를 20.10 이상으로 업데이트하세요.',
  'A three-node lab takes about 700 MB.': '노드가 세 개인 실습은 약 700 MB를 사용합니다.',
  'Give the machine (or Docker Desktop) at least 2 GB.':
    '컴퓨터(또는 Docker Desktop)의 메모리를 2 GB 이상으로 늘리세요.',
  'Two or more make a lab start faster.': '프로세서가 두 개 이상이면 실습이 더 빨리 시작됩니다.',
  'Run `labs setup` to make it now; otherwise the next `labs start` makes it.':
    '지금 만들려면 `labs setup`을 실행하세요. 실행하지 않으면 다음 `labs start`가 만듭니다.',
  'Run `labs setup`, then `labs doctor` again.': '`labs setup`을 실행한 뒤 `labs doctor`를 다시 실행하세요.',
  "Only kube-proxy's {mode} mode needs it.": 'kube-proxy의 {mode} 모드에만 필요합니다.',
  "Only kube-proxy's counters of dropped packets need it.": 'kube-proxy가 버려진 패킷을 셀 때만 필요합니다.',
  'Only labs with a VXLAN pod network need it.': '파드 네트워크로 VXLAN을 쓰는 실습에만 필요합니다.',
  'Only labs whose links have a delay or a loss need it.': '링크에 지연이나 손실이 있는 실습에만 필요합니다.',
  'Only labs whose links have a rate need it.': '링크에 속도 제한이 있는 실습에만 필요합니다.',
  'Session affinity needs it.': '세션 어피니티에 필요합니다.',
  "Load the kernel module on the engine's machine: {command}.":
    '엔진이 있는 컴퓨터에서 커널 모듈을 불러오세요: {command}.',
  'To load it at each boot, add its name to {file}.': '부팅할 때마다 불러오려면 {file} 파일에 모듈 이름을 추가하세요.',
  'Allow CAP_SYS_ADMIN in containers. labs does not run on an engine that forbids namespaces.':
    '컨테이너에 CAP_SYS_ADMIN을 허용하세요. 네임스페이스를 금지하는 엔진에서는 labs를 쓸 수 없습니다.',
  'Update the kernel to {version} or newer. systemd in the nodes needs a cgroup2 mount.':
    '커널을 {version} 이상으로 업데이트하세요. 노드의 systemd에 cgroup2 마운트가 필요합니다.',
  'Without the {controller} controller, labs runs, and {same} limits of containers have no effect.':
    '{controller} 컨트롤러가 없어도 labs는 실행되지만, 컨테이너의 {same} 제한은 효과가 없습니다.',
  'Enable it with the kernel parameter {parameter}, or switch the machine to cgroup v2.':
    '커널 매개변수로 켜거나({parameter}), 컴퓨터를 cgroup v2로 바꾸세요.',
  'Free 2 GB. `docker system df` shows what uses the space.':
    '2 GB를 비우세요. 사용량은 `docker system df`로 볼 수 있습니다.',
  'Free some space.': '공간을 비우세요.',
  'Run `{command}`. Otherwise nodes may fail with "{said}".':
    '다음을 실행하세요: `{command}`. 실행하지 않으면 노드에서 "{said}" 오류가 날 수 있습니다.',
  'Use a Docker engine without user namespaces that allows the capabilities {capabilities}.':
    '사용자 네임스페이스를 쓰지 않고 다음 권한을 허용하는 Docker 엔진을 사용하세요: {capabilities}.',
};
