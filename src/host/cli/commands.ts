// The table of commands: names, words, options, examples and modules. The help, the parser, bash completion and the
// hints for npx users derive from this table. README.md says how to add a command.
import type { CommandSpec } from './command.ts';
import type { Run } from './context.ts';
import { both, type Words } from './messages/words.ts';

export interface Command extends CommandSpec {
  /** Loads the command's module. Called when the command runs, so `labs --help` loads no such module. */
  load(): Promise<{ readonly run: Run }>;
}

export interface CommandGroup {
  readonly title: Words;
  readonly commands: readonly Command[];
}

export const commandGroups: readonly CommandGroup[] = [
  {
    title: both('Run a lab', '실습 실행'),
    commands: [
      {
        name: 'list',
        load: () => import('./commands/list.ts'),
        summary: both('Show all labs, and which are running', '실습 목록과 실행 상태 보기'),
        json: true,
        examples: ['list', 'list --json'],
      },
      {
        name: 'start',
        operands: '[lab]',
        load: () => import('./commands/start.ts'),
        summary: both('Build the cluster of a lab, or resume it', '실습 클러스터를 만들거나 이어서 시작'),
        options: [
          {
            flags: '--dry-run',
            help: both('print the plan and build nothing', '계획만 출력하고 아무것도 만들지 않음'),
          },
        ],
        completes: 'labs',
        examples: [
          'start service-networking',
          'start service-networking --name second',
          'start service-networking --dry-run',
        ],
      },
      {
        name: 'status',
        operands: '[name]',
        load: () => import('./commands/status.ts'),
        summary: both('Show machines, components and progress', '머신, 구성 요소, 진행 상황 보기'),
        json: true,
        examples: ['status', 'status --json'],
      },
      {
        name: 'stop',
        operands: '[name]',
        load: () => import('./commands/stop.ts'),
        summary: both('Stop the cluster and keep everything for later', '클러스터를 멈추고 모두 보존'),
        examples: ['stop'],
      },
      {
        name: 'reset',
        operands: '[name|task]',
        load: () => import('./commands/reset.ts'),
        summary: both('Build the lab, or begin one task, anew', '실습이나 한 과제를 처음 상태로 되돌리기'),
        examples: ['reset', 'reset --yes', 'reset 13'],
      },
      {
        name: 'delete',
        operands: '[name]',
        load: () => import('./commands/delete.ts'),
        summary: both('Delete the cluster and everything in it', '클러스터를 흔적 없이 삭제'),
        options: [{ flags: '--all', help: both('delete every running lab', '실행 중인 실습을 모두 삭제') }],
        examples: ['delete', 'delete service-networking --yes', 'delete --all --yes'],
      },
    ],
  },
  {
    title: both('Work on the tasks', '과제 풀기'),
    commands: [
      {
        name: 'tasks',
        operands: '[task]',
        load: () => import('./commands/tasks.ts'),
        summary: both('List the tasks, or read one', '과제 목록을 보거나 과제 읽기'),
        options: [
          {
            flags: '--debrief',
            help: both('explain why the solution works', '풀이가 왜 맞는지 설명 보기'),
          },
        ],
        json: true,
        examples: ['tasks', 'tasks 3', 'tasks 3 --debrief'],
      },
      {
        name: 'begin',
        operands: '[task]',
        load: () => import('./commands/begin.ts'),
        summary: both('Begin a task that breaks something', '무언가를 고장 내는 과제 시작하기'),
        json: true,
        examples: ['begin 13'],
      },
      {
        name: 'next',
        operands: '[name]',
        load: () => import('./commands/next.ts'),
        summary: both('Read the next task', '다음 과제 읽기'),
        json: true,
        examples: ['next'],
      },
      {
        name: 'check',
        operands: '[task]',
        load: () => import('./commands/check.ts'),
        summary: both('Check all tasks, or one', '모든 과제나 한 과제를 확인'),
        options: [
          {
            flags: '-w, --watch',
            help: both('keep checking while you work; q ends it', '작업하는 동안 계속 확인, q로 종료'),
          },
        ],
        json: true,
        examples: ['check', 'check 4', 'check --watch'],
      },
      {
        name: 'hint',
        operands: '[task]',
        load: () => import('./commands/hint.ts'),
        summary: both('Show the next hint', '다음 힌트 보기'),
        examples: ['hint', 'hint 4'],
      },
      {
        name: 'answer',
        operands: '[task] [text...]',
        load: () => import('./commands/answer.ts'),
        summary: both('Answer the questions of a task', '과제의 질문에 답하기'),
        freeText: true,
        json: true,
        examples: ['answer 1', 'answer 6 1 10.96.0.0/12', 'answer 11 2 --proxy-mode'],
      },
      {
        name: 'explain',
        operands: '[term...]',
        load: () => import('./commands/explain.ts'),
        summary: both('Explain a term, or list all terms', '용어 설명을 보거나 용어 목록 보기'),
        json: true,
        examples: ['explain', 'explain conntrack', 'explain KUBE-MARK-MASQ'],
      },
      {
        name: 'grade',
        operands: '[name]',
        load: () => import('./commands/grade.ts'),
        summary: both('Grade the whole lab', '전체 실습 채점'),
        options: [
          {
            flags: '-r, --report <format=file>',
            help: both(
              'also write a report: json, junit, tap, gradescope, markdown or text',
              '보고서도 쓰기: json, junit, tap, gradescope, markdown, text',
            ),
            repeat: true,
          },
        ],
        json: true,
        examples: ['grade', 'grade --json', 'grade --report junit=out.xml --report markdown=out.md'],
      },
      {
        name: 'solve',
        operands: '[task]',
        load: () => import('./commands/solve.ts'),
        summary: both('Let labs solve all tasks, or one', '모든 과제나 한 과제를 대신 풀기'),
        examples: ['solve 3', 'solve --yes'],
      },
    ],
  },
  {
    title: both('Use the cluster', '클러스터 사용'),
    commands: [
      {
        name: 'topology',
        operands: '[name]',
        load: () => import('./commands/topology.ts'),
        summary: both('Draw nodes, bridges, pods and services', '노드, 브리지, 파드, 서비스를 그림으로 보기'),
        json: true,
        examples: ['topology', 'topology --json'],
      },
      {
        name: 'shell',
        operands: '[place] [command...]',
        load: () => import('./commands/shell.ts'),
        summary: both('Open a shell in a node, a pod or the client', '노드, 파드, 클라이언트에서 셸 열기'),
        passThrough: true,
        completes: 'machines',
        examples: ['shell node01', 'shell client -- curl -s 192.168.56.11:30080', 'shell blue'],
      },
      {
        name: 'kubectl',
        operands: '[arguments...]',
        load: () => import('./commands/kubectl.ts'),
        summary: both('Run kubectl against the cluster', '클러스터에 kubectl 실행'),
        foreign: true,
        examples: ['kubectl get nodes -o wide', 'kubectl apply -f service.yaml'],
      },
      {
        name: 'kubeconfig',
        operands: '[name]',
        load: () => import('./commands/kubeconfig.ts'),
        summary: both('Print how other programs reach the cluster', '다른 프로그램이 쓸 kubeconfig 출력'),
        options: [
          {
            flags: '-w, --write',
            help: both(
              'add a context to your own kubeconfig; delete takes it out',
              '내 kubeconfig에 컨텍스트를 추가 (delete가 다시 제거)',
            ),
          },
        ],
        json: true,
        examples: ['kubeconfig > lab.yaml', 'kubeconfig --write'],
      },
      {
        name: 'forward',
        operands: '<target> [ports...]',
        load: () => import('./commands/forward.ts'),
        summary: both('Open a service or pod in your browser', '서비스나 파드를 내 브라우저에서 열기'),
        options: [
          { flags: '-n, --namespace <namespace>', help: both('default: default', '기본: default') },
          {
            flags: '--from <machine>',
            help: both('the machine that connects (default: a worker)', '연결하는 머신 (기본: 워커)'),
          },
        ],
        examples: ['forward service/web 8080:80', 'forward pod/web 8080:80', 'forward node01 8080:30080'],
      },
      {
        name: 'logs',
        operands: '[place] [unit]',
        load: () => import('./commands/logs.ts'),
        summary: both('Show the log of a component or a pod', '구성 요소나 파드의 로그 보기'),
        options: [
          { flags: '-f, --follow', help: both('print new lines as they arrive', '새 줄을 계속 출력') },
          { flags: '-n, --lines <count>', help: both('how many lines (default: 100)', '줄 수 (기본: 100)') },
        ],
        completes: 'machines',
        examples: ['logs node01 kube-proxy', 'logs blue', 'logs controlplane kube-apiserver -f'],
      },
    ],
  },
  {
    title: both('Prepare this machine', '컴퓨터 준비'),
    commands: [
      {
        name: 'setup',
        load: () => import('./commands/setup.ts'),
        summary: both('Install what is missing: Docker, images', '필요한 것(Docker, 이미지) 설치'),
        examples: ['setup', 'setup --yes'],
      },
      {
        name: 'doctor',
        load: () => import('./commands/doctor.ts'),
        summary: both('Check whether this machine can run labs', '이 컴퓨터에서 실습을 실행할 수 있는지 확인'),
        json: true,
        examples: ['doctor'],
      },
      {
        name: 'image',
        operands: '<action> [references...]',
        load: () => import('./commands/image.ts'),
        summary: both('List, load or remove pod images', '파드 이미지 보기, 불러오기, 지우기'),
        json: true,
        examples: ['image list', 'image load nginx:1.27', 'image remove nginx:1.27'],
      },
      {
        name: 'upgrade',
        load: () => import('./commands/upgrade.ts'),
        summary: both('Show how to upgrade labs', 'labs를 업그레이드하는 방법 보기'),
        json: true,
        examples: ['upgrade', 'upgrade --json'],
      },
      {
        name: 'uninstall',
        load: () => import('./commands/uninstall.ts'),
        summary: both('Remove all that labs made here', 'labs가 이 머신에 만든 것을 모두 삭제'),
        examples: ['uninstall', 'uninstall --yes'],
      },
      {
        name: 'completion',
        operands: '[shell]',
        load: () => import('./commands/completion.ts'),
        summary: both('Print a completion script for bash', 'bash 자동 완성 스크립트 출력'),
        examples: ['completion bash > ~/.local/share/bash-completion/completions/labs'],
      },
    ],
  },
];

export const commands: readonly Command[] = commandGroups.flatMap((group) => group.commands);

/** `labs` without a command, on a terminal. Elsewhere, `labs` prints its help. */
export const home: Command = {
  name: '',
  load: () => import('./commands/home.ts'),
  summary: both('Show where you are', '진행 상황 보기'),
  examples: [],
};
