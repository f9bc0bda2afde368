// Korean names of what `labs doctor` tried. Its sentences are in src/host/korean/doctor.ts.
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
      engine: '엔진',
      'user namespaces': '사용자 네임스페이스',
      'loop devices': '루프 장치',
      'id-mapped mounts': 'ID 매핑 마운트',
      'overlay of mapped ids': 'ID 매핑 오버레이',
      'cgroup delegation': 'cgroup 위임',
      'namespace limit': '네임스페이스 한도',
      'namespaces of users': '사용자의 네임스페이스',
      'seccomp of the engine': '엔진의 seccomp',
    },
  ),
};
