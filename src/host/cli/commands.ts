// The command line's table of contents: every command with its words, options and examples.

import { type Language, languages } from '../../api/lab.ts';

/** English and Korean. */
export type Words = Readonly<Record<Language, string>>;

export interface CommandSpec {
  /** As commander reads it: `start [lab]`. */
  readonly usage: string;
  readonly summary: Words;
  readonly options?: readonly OptionSpec[];
  /** Without the leading `labs `. */
  readonly examples: readonly string[];
  /** Options after the first argument belong to the program that is run. */
  readonly passThrough?: true;
  /** All that follows, options and `--help` too, belongs to the program of this name. */
  readonly foreign?: true;
  /** Has a `--json` form. */
  readonly json?: true;
}

export interface OptionSpec {
  readonly flags: string;
  readonly help: Words;
  /** May be given more than once. */
  readonly repeat?: true;
  readonly choices?: readonly string[];
}

export interface CommandGroup {
  readonly title: Words;
  readonly commands: readonly CommandSpec[];
}

export const commandGroups: readonly CommandGroup[] = [
  {
    title: { en: 'Run a lab', ko: '실습 실행' },
    commands: [
      {
        usage: 'list',
        summary: { en: 'Show the labs there are, and which are running', ko: '실습 목록과 실행 상태 보기' },
        json: true,
        examples: ['list', 'list --json'],
      },
      {
        usage: 'start [lab]',
        summary: {
          en: 'Build the cluster of a lab, or resume it where you left',
          ko: '실습 클러스터를 만들거나 이어서 시작',
        },
        options: [
          {
            flags: '--dry-run',
            help: { en: 'print the plan and build nothing', ko: '계획만 출력하고 아무것도 만들지 않음' },
          },
        ],
        examples: [
          'start service-networking',
          'start service-networking --name second',
          'start service-networking --dry-run',
        ],
      },
      {
        usage: 'status [name]',
        summary: { en: 'Show machines, components and progress', ko: '머신, 컴포넌트, 진행 상황 보기' },
        json: true,
        examples: ['status', 'status --json'],
      },
      {
        usage: 'stop [name]',
        summary: { en: 'Stop the cluster and keep everything for later', ko: '클러스터를 멈추고 모두 보존' },
        examples: ['stop'],
      },
      {
        usage: 'reset [name]',
        summary: { en: 'Start the lab over from a clean slate', ko: '실습을 처음 상태로 되돌리기' },
        examples: ['reset', 'reset --yes'],
      },
      {
        usage: 'delete [name]',
        summary: { en: 'Delete the cluster; nothing of it is left behind', ko: '클러스터를 흔적 없이 삭제' },
        options: [{ flags: '--all', help: { en: 'delete every running lab', ko: '실행 중인 실습을 모두 삭제' } }],
        examples: ['delete', 'delete service-networking --yes', 'delete --all --yes'],
      },
    ],
  },
  {
    title: { en: 'Work on the tasks', ko: '과제 풀기' },
    commands: [
      {
        usage: 'tasks [task]',
        summary: { en: 'List the tasks, or read one', ko: '과제 목록을 보거나 과제 읽기' },
        json: true,
        examples: ['tasks', 'tasks 3', 'tasks find-the-bridge'],
      },
      {
        usage: 'check [task]',
        summary: { en: 'Check your work so far, or one task', ko: '지금까지 한 일이나 한 과제를 확인' },
        options: [
          {
            flags: '-w, --watch',
            help: { en: 'keep checking as you work; q ends it', ko: '작업하는 동안 계속 확인, q로 종료' },
          },
        ],
        json: true,
        examples: ['check', 'check 4', 'check --watch'],
      },
      {
        usage: 'hint [task]',
        summary: { en: 'Show the next hint', ko: '다음 힌트 보기' },
        examples: ['hint', 'hint 4'],
      },
      {
        usage: 'answer [task] [text...]',
        summary: { en: 'Answer a question that a task asks', ko: '과제의 질문에 답하기' },
        examples: ['answer 1', 'answer 5 10.96.0.0/12'],
      },
      {
        usage: 'grade',
        summary: { en: 'Grade the whole lab', ko: '전체 실습 채점' },
        options: [
          {
            flags: '-r, --report <format=file>',
            help: {
              en: 'also write a report: json, junit, tap, gradescope or markdown',
              ko: '보고서 쓰기: json, junit, tap, gradescope, markdown',
            },
            repeat: true,
          },
        ],
        json: true,
        examples: ['grade', 'grade --json', 'grade --report junit=out.xml --report markdown=out.md'],
      },
      {
        usage: 'solve [task]',
        summary: { en: 'Let labs solve the tasks, or one of them', ko: '과제를 대신 풀기' },
        examples: ['solve 3', 'solve --yes'],
      },
    ],
  },
  {
    title: { en: 'Use the cluster', ko: '클러스터 사용' },
    commands: [
      {
        usage: 'shell [place] [command...]',
        summary: {
          en: 'Open a shell in a node, a pod or the outside client',
          ko: '노드, Pod, 외부 클라이언트에서 셸 열기',
        },
        passThrough: true,
        examples: ['shell node01', 'shell client -- curl -s 192.168.56.11:30080', 'shell blue'],
      },
      {
        usage: 'kubectl [arguments...]',
        summary: { en: 'Run kubectl against the cluster', ko: '클러스터에 kubectl 실행' },
        foreign: true,
        examples: ['kubectl get nodes -o wide', 'kubectl apply -f - < service.yaml'],
      },
      {
        usage: 'logs [machine] [unit]',
        summary: { en: 'Show the log of a component', ko: '컴포넌트 로그 보기' },
        options: [
          { flags: '-f, --follow', help: { en: 'go on as lines arrive', ko: '새 줄을 계속 출력' } },
          { flags: '-n, --lines <count>', help: { en: 'how many lines (default 100)', ko: '줄 수 (기본 100)' } },
        ],
        examples: ['logs node01 kube-proxy', 'logs controlplane kube-apiserver -f'],
      },
    ],
  },
  {
    title: { en: 'Prepare this machine', ko: '머신 준비' },
    commands: [
      {
        usage: 'setup',
        summary: { en: 'Install what is missing: Docker, the node image', ko: '필요한 것(Docker, 노드 이미지) 설치' },
        examples: ['setup', 'setup --yes'],
      },
      {
        usage: 'doctor',
        summary: { en: 'Look for what would keep a lab from running', ko: '실습 실행을 막는 문제 찾기' },
        json: true,
        examples: ['doctor'],
      },
      {
        usage: 'image <action> [references...]',
        summary: {
          en: 'Show or load pod images',
          ko: 'Pod 이미지 보기, 불러오기',
        },
        json: true,
        examples: ['image list', 'image load nginx:1.27'],
      },
      {
        usage: 'completion [shell]',
        summary: { en: 'Print a completion script for bash', ko: 'bash 자동 완성 스크립트 출력' },
        examples: ['completion bash > ~/.local/share/bash-completion/completions/labs'],
      },
    ],
  },
];

/** Options that every command takes. */
export const commonOptions: readonly OptionSpec[] = [
  {
    flags: '--name <name>',
    help: { en: 'which running lab (default: the only one)', ko: '어느 실습인지 (기본: 실행 중인 것)' },
  },
  { flags: '-y, --yes', help: { en: 'never ask, go ahead', ko: '묻지 않고 진행' } },
  {
    flags: '--lang <language>',
    choices: languages,
    help: { en: 'en or ko (default: LC_ALL, LANG)', ko: 'en 또는 ko (기본: LC_ALL, LANG)' },
  },
  { flags: '--no-color', help: { en: 'no colours; NO_COLOR does the same', ko: '색 없이 출력 (NO_COLOR와 같음)' } },
  { flags: '--debug', help: { en: 'show stack traces of errors', ko: '오류의 스택 추적 출력' } },
];

export const jsonOption: OptionSpec = {
  flags: '--json',
  help: { en: 'print JSON, for programs', ko: 'JSON으로 출력 (프로그램용)' },
};
