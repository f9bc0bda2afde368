// Commands that use the cluster of a running lab.
import { both } from '../messages/words.ts';
import { moments } from '../moments.ts';
import type { CommandGroup } from './types.ts';

export const clusterCommands: CommandGroup = {
  title: both('Use the cluster', '클러스터 사용'),
  commands: [
    {
      name: 'topology',
      operands: '[name]',
      load: () => import('../commands/topology.ts'),
      inTime: true,
      summary: both('Draw nodes, bridges, pods and services', '노드, 브리지, 파드, 서비스를 그림으로 보기'),
      json: true,
      paged: true,
      completes: ['running'],
      examples: ['topology', 'topology --json'],
    },
    {
      name: 'trace',
      operands: '<from> <to>',
      load: () => import('../commands/trace.ts'),
      inTime: true,
      summary: both('Follow a packet, by the rules of the kernel', '커널의 규칙에 따라 패킷의 길 따라가기'),
      options: [
        { flags: '--udp', help: both('a UDP packet (default: TCP)', 'UDP 패킷 (기본: TCP)') },
        { flags: '--all', help: both('every way that it can take', '갈 수 있는 모든 길 보기') },
        { flags: '--no-send', help: both('send no real packet to compare', '비교용 실제 패킷을 보내지 않음') },
        { flags: '--explain', help: both('say in a sentence what happens, and why', '무슨 일이 왜 일어나는지 설명') },
        {
          flags: '-n, --namespace <namespace>',
          help: both('default: that of the pod that sends', '기본: 보내는 파드의 네임스페이스'),
        },
      ],
      remark: both(
        'It follows the first packet of a connection, and its answer. What comes later may fare otherwise. A `=` means ' +
          "that the kernel's own trace agrees with a way that ends badly. Exit code 0: every way leads to a program, " +
          'and the answer comes back. 1: not so, or labs cannot tell.',
        '연결의 첫 패킷과 그 응답이 가는 길을 따라갑니다. 그다음 패킷은 다를 수 있습니다. `=`는 도착하지 못한 길이 ' +
          '커널의 추적 결과와 같다는 뜻입니다. 모든 길이 프로그램에 이르고 응답이 돌아오면 종료 코드는 0이고, ' +
          '그렇지 않거나 알 수 없으면 1입니다.',
      ),
      json: true,
      paged: true,
      completes: ['places'],
      examples: [
        'trace blue db-service:3306',
        'trace client node02:30080 --explain',
        'trace blue db-service:3306 && echo reachable',
        'trace node01 10.96.0.10:53 --udp',
      ],
    },
    {
      name: 'diff',
      operands: '[machine]',
      load: () => import('../commands/diff.ts'),
      inTime: true,
      summary: both('Show how rules and routes have changed', '규칙과 경로가 어떻게 바뀌었는지 보기'),
      options: [
        {
          flags: '--since <moment>',
          choices: moments,
          help: both(
            'look, begin or check: the last one (default: the later of look and begin)',
            '비교할 때: 마지막 look, begin, check (기본: look과 begin 중 나중)',
          ),
        },
      ],
      remark: both(
        '`look` is the last time of this command. The number before a rule is its place in its chain. A `~` marks a rule that has moved there.',
        '`look`은 이 명령을 마지막으로 실행한 때입니다. 규칙 앞의 수는 체인 안의 순서입니다. `~`는 자리를 옮긴 규칙입니다.',
      ),
      json: true,
      paged: true,
      completes: ['places'],
      examples: ['diff', 'diff node01', 'diff --since check'],
    },
    {
      name: 'shell',
      operands: '[place] [command...]',
      load: () => import('../commands/shell.ts'),
      inTime: true,
      summary: both('Open a shell in a node, a pod or the client', '노드, 파드, client에서 셸 열기'),
      passThrough: true,
      json: both(
        '`labs shell` has no JSON form: it shows what a shell or a program prints',
        '`labs shell`은 셸이나 프로그램의 출력을 그대로 보여 주므로 JSON 형식이 없습니다',
      ),
      completes: ['places'],
      examples: ['shell', 'shell node01', 'shell client -- curl -s 192.168.56.11:30080', 'shell blue'],
    },
    {
      name: 'kubectl',
      operands: '[arguments...]',
      load: () => import('../commands/kubectl.ts'),
      inTime: true,
      summary: both('Run kubectl against the cluster', '클러스터에 kubectl 실행'),
      foreign: true,
      json: 'foreign',
      examples: ['kubectl get nodes -o wide', 'kubectl apply -f service.yaml'],
    },
    {
      name: 'kubeconfig',
      operands: '[name]',
      load: () => import('../commands/kubeconfig.ts'),
      inTime: true,
      summary: both('Print how other programs reach the cluster', '다른 프로그램이 쓸 kubeconfig 출력'),
      options: [
        {
          flags: '-w, --write',
          help: both(
            'add a context to your own kubeconfig; delete takes it out',
            '내 kubeconfig에 컨텍스트 추가 (labs delete가 삭제)',
          ),
        },
      ],
      json: true,
      completes: ['running'],
      examples: ['kubeconfig > lab.yaml', 'kubeconfig --write'],
    },
    {
      name: 'forward',
      operands: '<target> [ports...]',
      load: () => import('../commands/forward.ts'),
      inTime: true,
      summary: both('Open a service or pod in your browser', '서비스나 파드를 내 브라우저에서 열기'),
      options: [
        { flags: '-n, --namespace <namespace>', help: both('default: default', '기본: default') },
        {
          flags: '--from <machine>',
          help: both('the machine that connects (default: a worker)', '연결하는 머신 (기본: 워커 노드)'),
        },
      ],
      json: true,
      completes: ['targets'],
      examples: ['forward service/web 8080:80', 'forward pod/web 8080:80', 'forward node01 8080:30080'],
    },
    {
      name: 'install-proxy',
      operands: '[file]',
      load: () => import('../commands/install-proxy.ts'),
      inTime: true,
      summary: both('Run your own proxy on the nodes', '직접 만든 프록시를 노드에서 실행'),
      options: [
        {
          flags: '--skeleton',
          help: both(
            'write a file to begin with; ask before replacing one',
            '시작할 파일 쓰기 (있는 파일을 바꾸기 전에 물어봄)',
          ),
        },
        {
          flags: '--node <node>',
          completes: 'nodes',
          help: both('only on this node (default: on all nodes)', '이 노드에만 (기본: 모든 노드)'),
        },
        {
          flags: '--remove',
          help: both('take the proxy and its rules off the nodes', '노드에서 프록시와 규칙 삭제'),
        },
      ],
      json: true,
      remark: both(
        'For labs whose nodes have no kube-proxy, such as build-your-own-kube-proxy. The file is a program in TypeScript ' +
          'or JavaScript. labs checks it, copies it and the files that it imports to the nodes, removes the rules that ' +
          'are there, and starts the unit kube-proxy. Repeat the command after each edit. Nothing outside of the nodes ' +
          'changes. If a line is wrong, labs names the line, and the nodes keep what they have.',
        '노드에 kube-proxy가 없는 실습(build-your-own-kube-proxy)에서 사용합니다. 파일은 TypeScript나 JavaScript 프로그램입니다. ' +
          'labs는 파일을 검사하고, 파일과 그 파일이 import하는 파일을 노드에 복사하고, 남아 있는 규칙을 지운 다음 kube-proxy 유닛을 시작합니다. ' +
          '파일을 고칠 때마다 다시 실행하세요. 노드 밖에서는 아무것도 바뀌지 않습니다. 잘못된 줄이 있으면 그 줄을 알려 주고, 노드는 그대로 둡니다.',
      ),
      examples: [
        'install-proxy --skeleton my-proxy.ts',
        'install-proxy my-proxy.ts',
        'install-proxy my-proxy.ts --node node01',
        'install-proxy --remove',
      ],
    },
    {
      name: 'logs',
      operands: '[place] [unit]',
      load: () => import('../commands/logs.ts'),
      inTime: true,
      summary: both('Show the log of a component or a pod', '구성 요소나 파드의 로그 보기'),
      options: [
        { flags: '-f, --follow', help: both('print new lines as they arrive', '새 줄을 계속 출력') },
        { flags: '-n, --lines <count>', help: both('how many lines (default: 100)', '줄 수 (기본: 100)') },
      ],
      json: true,
      remark: both(
        'With --json, each line of the log is one object, also with --follow. Its fields: time and message; of a ' +
          'component also machine and unit; of a pod also namespace, pod and container.',
        '--json을 쓰면 로그 한 줄이 객체 하나가 되며, --follow와도 함께 쓸 수 있습니다. 필드: time과 message. ' +
          '구성 요소이면 machine과 unit이, 파드이면 namespace, pod, container가 더 있습니다.',
      ),
      completes: ['places', 'units'],
      examples: ['logs node01 kube-proxy', 'logs blue', 'logs controlplane kube-apiserver -f'],
    },
  ],
};
