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
  'version {version}': '버전 {version}',
  'as root: all of labs works': 'root로 실행 중: labs의 모든 기능을 쓸 수 있음',
  'as root, with userns-remap: all of labs works': 'root로 실행 중, userns-remap 사용: labs의 모든 기능을 쓸 수 있음',
  'rootless: labs does not work': 'root 권한 없이 실행 중(rootless): labs를 쓸 수 없음',
  'the engine labels containers: labs turns this off for its own (label=disable)':
    '엔진이 컨테이너에 레이블을 붙임: labs의 컨테이너에는 붙이지 않음 (label=disable)',
  'the engine or its kernel has no seccomp': '엔진이나 커널에 seccomp가 없음',
  'not tried, because no user namespace can be made': '사용자 네임스페이스를 만들 수 없어 확인하지 않음',
  'not tried, because no ids can be mapped': 'ID를 매핑할 수 없어 확인하지 않음',
  'the kernel has no user namespaces': '커널에 사용자 네임스페이스가 없음',
  'user.max_user_namespaces is {count}': 'user.max_user_namespaces 값: {count}',
  'kernel.unprivileged_userns_clone is 0: nodes get their user namespaces from root, and programs in them can make none':
    'kernel.unprivileged_userns_clone 값이 0임: 노드의 사용자 네임스페이스는 root가 만들지만, 노드 안의 프로그램은 만들 수 없음',
  'restricts user namespaces of programs without rights: nodes get theirs from root, and namespaces that programs in them make have no capabilities':
    '권한 없는 프로그램의 사용자 네임스페이스를 제한함: 노드의 것은 root가 만들지만, 노드 안의 프로그램이 만든 것에는 권한이 없음',
  'does not restrict user namespaces': '사용자 네임스페이스를 제한하지 않음',
  '{version} on {system}, kernel {kernel}': '{version}, {system}, 커널 {kernel}',
  '{version} on {system}, kernel {kernel} (another machine)': '{version}, {system}, 커널 {kernel} (다른 컴퓨터)',
  "{size} GiB in the engine's machine": '엔진이 있는 컴퓨터에 {size} GiB',
  '{size} GiB free for Docker': 'Docker가 쓸 수 있는 공간 {size} GiB',
  '{count} instances per user': '사용자마다 인스턴스 {count}개',
  '{version}; labs needs {oldest}': '{version}. labs에는 {oldest} 이상이 필요합니다',
  // What the user can do
  'Root of a node is a user without rights by its user namespace.':
    '노드의 root는 사용자 네임스페이스 덕분에 권한 없는 사용자가 됩니다.',
  'Allow user namespaces: `{command}`.': '사용자 네임스페이스를 허용하세요: `{command}`.',
  'Without it, only `labs start --unsafe-nodes` starts a lab.':
    '그러지 않으면 `labs start --unsafe-nodes`로만 실습을 시작할 수 있습니다.',
  'The disk of a node is a file system in a file, so that a node cannot fill the disk of the engine.':
    '노드가 엔진의 디스크를 다 쓰지 못하도록, 노드의 디스크는 파일 하나에 든 파일 시스템입니다.',
  'Nodes share one copy of their files, which belongs to the root of each node.':
    '노드들은 파일의 사본 하나를 함께 쓰며, 노드마다 그 파일은 자기 root의 것으로 보입니다.',
  'Use a kernel of version {version} or newer, and put the folder of Docker on ext4, xfs or btrfs.':
    '커널 {version} 이상을 쓰고, Docker의 폴더를 ext4, xfs, btrfs 중 하나에 두세요.',
  'A node writes to a layer of its own above the shared files.':
    '노드는 함께 쓰는 파일 위에 있는 자기 레이어에 씁니다.',
  'Use a kernel of version {version} or newer.': '커널 {version} 이상을 사용하세요.',
  'systemd in a node makes control groups for its services.': '노드의 systemd가 서비스마다 컨트롤 그룹을 만듭니다.',
  'Use a kernel with cgroup2, and an engine whose containers may share the cgroup namespace of the machine (cgroupns=host).':
    'cgroup2가 있는 커널과, 컨테이너가 컴퓨터의 cgroup 네임스페이스를 함께 쓸 수 있는 엔진을 사용하세요 (cgroupns=host).',
  'A filter of system calls keeps root of a node from parts of the kernel.':
    '시스템 호출 필터가 노드의 root를 커널의 일부에서 떼어 놓습니다.',
  'Use a kernel with CONFIG_SECCOMP_FILTER.': 'CONFIG_SECCOMP_FILTER가 켜진 커널을 사용하세요.',
  'Use a kernel with CONFIG_SECCOMP_FILTER, and an engine that allows the options `seccomp` and `no-new-privileges`.':
    'CONFIG_SECCOMP_FILTER가 켜진 커널과, `seccomp`와 `no-new-privileges` 옵션을 허용하는 엔진을 사용하세요.',
  'Use a kernel with CONFIG_USER_NS.': 'CONFIG_USER_NS가 켜진 커널을 사용하세요.',
  'Each node takes a user namespace.': '노드마다 사용자 네임스페이스가 하나씩 필요합니다.',
  'Allow more: `{command}`.': '더 많이 허용하세요: `{command}`.',
  'Nodes need loop devices, mounts and control groups that only root of the machine can make.':
    '노드에는 컴퓨터의 root만 만들 수 있는 루프 장치, 마운트, 컨트롤 그룹이 필요합니다.',
  'Use a Docker engine that runs as root.': 'root로 실행되는 Docker 엔진을 사용하세요.',
  'With userns-remap, labs works, too.': 'userns-remap을 쓰는 엔진에서도 labs를 쓸 수 있습니다.',
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
  'Use a Docker engine that allows the capabilities {capabilities} and pid=host.':
    'pid=host와 다음 권한을 허용하는 Docker 엔진을 사용하세요: {capabilities}.',
};
