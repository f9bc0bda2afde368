// Korean for the report of `labs doctor`: names of what it tried, and the sentences of its remedies.
import { both } from './words.ts';

export const doctorMessages = {
  /** A name without an entry stays as it is: it is the name of a program or of a kernel module. */
  probeNames: both<Readonly<Record<string, string>>>(
    {},
    {
      memory: '메모리',
      processors: '프로세서',
      'node image': '노드 이미지',
      'pod images': '파드 이미지',
      kernel: '커널',
      capabilities: '권한 (capabilities)',
      bridge: '브리지',
      'network namespaces': '네트워크 네임스페이스',
      'memory limits': '메모리 제한',
      'cpu limits': 'CPU 제한',
      disk: '디스크',
    },
  ),
  /** The pattern of a sentence, and its translation. A report consists of several sentences. */
  probeSentences: both<readonly (readonly [RegExp, string])[]>(
    [],
    [
      [/^works$/, '정상'],
      [/^does not work$/, '동작하지 않음'],
      [/^up to date$/, '최신 상태'],
      [/^outdated: made from earlier sources$/, '오래됨: 이전 소스로 만든 이미지'],
      [/^not made yet$/, '아직 만들지 않음'],
      [/^not probed, because the node image is missing$/, '노드 이미지가 없어 확인하지 못함'],
      [/^version (\S+), engine as root$/, '버전 $1, root로 실행되는 엔진'],
      [/^version (\S+), rootless engine$/, '버전 $1, root 권한 없이 실행되는 엔진'],
      [/^(.*) on (.*), kernel (\S+?)$/, '$1, $2, 커널 $3'],
      [/^(.*) on (.*), kernel (\S+) \(another machine\)$/, '$1, $2, 커널 $3 (다른 컴퓨터)'],
      [/^(\S+) GiB in the engine's machine$/, '엔진이 있는 컴퓨터에 $1 GiB'],
      [/^(\S+) GiB free for Docker$/, 'Docker가 쓸 수 있는 공간 $1 GiB'],
      [/^(\S+) instances per user$/, '사용자마다 인스턴스 $1개'],
      [/^(\S+); labs needs (\S+)$/, '$1. labs에는 $2 이상이 필요합니다'],
      [/Install Node 24 or newer\./, 'Node 24 이상을 설치하세요.'],
      [/Update Docker to 20\.10 or newer\./, 'Docker를 20.10 이상으로 업데이트하세요.'],
      [
        /A three-node lab takes about 700 MB\. Give the machine \(or Docker Desktop\) at least 2 GB\./,
        '노드가 세 개인 실습은 약 700 MB를 사용합니다. 컴퓨터(또는 Docker Desktop)에 2 GB 이상을 주세요.',
      ],
      [/Two or more make a lab start faster\./, '두 개 이상이면 실습이 더 빨리 시작됩니다.'],
      [
        /Run `labs setup` to make it now; otherwise the next `labs start` makes it\./,
        '지금 만들려면 `labs setup`을 실행하세요. 실행하지 않으면 다음 `labs start`가 만듭니다.',
      ],
      [/Run `labs setup`, then `labs doctor` again\./, '`labs setup`을 실행한 뒤 `labs doctor`를 다시 실행하세요.'],
      [/Only kube-proxy's (\S+) mode needs it\./, 'kube-proxy의 $1 모드에만 필요합니다.'],
      [/Only kube-proxy's counters of dropped packets need it\./, 'kube-proxy가 버려진 패킷을 셀 때만 필요합니다.'],
      [/Only labs with a VXLAN pod network need it\./, '파드 네트워크로 VXLAN을 쓰는 실습에만 필요합니다.'],
      [/Session affinity needs it\./, '세션 어피니티에 필요합니다.'],
      [
        /Load the kernel module on the engine's machine: (.*?)\. To load it at each boot, add its name to (\S+)\.$/,
        '엔진이 있는 컴퓨터에서 커널 모듈을 불러오세요: $1. 부팅할 때마다 불러오려면 $2 파일에 모듈 이름을 추가하세요.',
      ],
      [
        /Allow CAP_SYS_ADMIN in containers\. labs does not run on an engine that forbids namespaces\./,
        '컨테이너에 CAP_SYS_ADMIN을 허용하세요. 네임스페이스를 금지하는 엔진에서는 labs를 쓸 수 없습니다.',
      ],
      [
        /Update the kernel to (\S+) or newer\. systemd in the nodes needs a cgroup2 mount\./,
        '커널을 $1 이상으로 업데이트하세요. 노드의 systemd에 cgroup2 마운트가 필요합니다.',
      ],
      [
        /Without the (\S+) controller, labs runs, and \S+ limits of containers have no effect\. /,
        '$1 컨트롤러가 없어도 labs는 실행되지만, 컨테이너의 $1 제한은 효과가 없습니다. ',
      ],
      [
        /Enable it with the kernel parameter (\S+), or switch the machine to cgroup v2\./,
        '커널 매개변수 $1로 켜거나, 컴퓨터를 cgroup v2로 바꾸세요.',
      ],
      [
        /Free 2 GB\. `docker system df` shows what uses the space\./,
        '2 GB를 비우세요. 사용량은 `docker system df`로 볼 수 있습니다.',
      ],
      [/Free some space\./, '공간을 비우세요.'],
      [
        /Run `(sudo sysctl \S+)`\. Otherwise nodes may fail with "(.*?)"\./,
        '`$1`를 실행하세요. 실행하지 않으면 노드에서 "$2" 오류가 날 수 있습니다.',
      ],
      [
        /Use a Docker engine that allows the capabilities (.*?): not one with user namespaces or other restrictions\./,
        '다음 권한을 허용하는 Docker 엔진을 사용하세요: $1. 사용자 네임스페이스나 다른 제한이 있는 엔진에서는 되지 않습니다.',
      ],
    ],
  ),
};
