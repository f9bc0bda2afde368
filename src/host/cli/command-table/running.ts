// Commands that run a lab: build, stop, delete.
import { both } from '../messages/words.ts';
import { unsafeNodesOption } from './options.ts';
import type { CommandGroup } from './types.ts';

export const runningCommands: CommandGroup = {
  title: both('Run a lab', '실습 실행'),
  commands: [
    {
      name: 'list',
      load: () => import('../commands/list.ts'),
      summary: both('Show all labs, and which are running', '실습 목록과 실행 상태 보기'),
      json: true,
      paged: true,
      withoutLab: true,
      examples: ['list', 'list --json'],
    },
    {
      name: 'start',
      operands: '[lab]',
      load: () => import('../commands/start.ts'),
      summary: both('Build the cluster of a lab, or resume it', '실습 클러스터 만들기, 이어서 시작'),
      options: [
        {
          flags: '--dry-run',
          help: both('print the plan and build nothing', '계획만 출력하고 아무것도 만들지 않음'),
        },
        {
          flags: '--student <id>',
          help: both("whose lab it is: draws the lab's parameters", '누구의 실습인지: 실습의 매개변수를 정함'),
        },
        {
          flags: '--seed <text>',
          help: both("draws other values for the lab's parameters", '실습의 매개변수를 다른 값으로 정함'),
        },
        unsafeNodesOption,
      ],
      json: true,
      completes: ['labs'],
      withoutLab: true,
      examples: [
        'start service-networking',
        'start service-networking --name second',
        'start service-networking --dry-run',
        'start ./my-lab --student kim@example.org',
      ],
    },
    {
      name: 'status',
      operands: '[name]',
      load: () => import('../commands/status.ts'),
      summary: both('Show machines, components and progress', '머신, 구성 요소, 진행 상황 보기'),
      json: true,
      paged: true,
      completes: ['running'],
      examples: ['status', 'status --json'],
    },
    {
      name: 'stop',
      operands: '[name]',
      load: () => import('../commands/stop.ts'),
      summary: both('Stop the cluster and keep everything for later', '클러스터를 멈추고 모두 보존'),
      json: true,
      completes: ['running'],
      examples: ['stop'],
    },
    {
      name: 'reset',
      operands: '[name|task]',
      load: () => import('../commands/reset.ts'),
      inTime: true,
      summary: both('Build the lab, or begin one task, anew', '실습이나 한 과제를 처음 상태로 되돌리기'),
      options: [unsafeNodesOption],
      json: true,
      completes: ['tasks'],
      examples: ['reset', 'reset --yes', 'reset 13'],
    },
    {
      name: 'delete',
      operands: '[name]',
      load: () => import('../commands/delete.ts'),
      summary: both('Delete the cluster and everything in it', '클러스터와 그 안의 모든 내용 삭제'),
      options: [{ flags: '--all', help: both('delete every running lab', '실행 중인 실습을 모두 삭제') }],
      json: true,
      completes: ['running'],
      examples: ['delete', 'delete service-networking --yes', 'delete --all --yes'],
    },
  ],
};
