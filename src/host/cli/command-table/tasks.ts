// Commands for the work on the tasks.
import { both } from '../messages/words.ts';
import type { CommandGroup } from './types.ts';

export const tasksCommands: CommandGroup = {
  title: both('Work on the tasks', '과제 풀기'),
  commands: [
    {
      name: 'tasks',
      operands: '[task]',
      load: () => import('../commands/tasks.ts'),
      summary: both('List the tasks, or read one', '과제 목록을 보거나 과제 읽기'),
      options: [
        {
          flags: '--debrief',
          help: both('explain why the solution works', '풀이가 왜 맞는지 설명 보기'),
        },
      ],
      json: true,
      paged: true,
      completes: ['tasks'],
      examples: ['tasks', 'tasks 3', 'tasks 3 --debrief'],
    },
    {
      name: 'begin',
      operands: '[task]',
      load: () => import('../commands/begin.ts'),
      summary: both('Begin a task that breaks something', '무언가를 고장 내는 과제 시작하기'),
      json: true,
      completes: ['tasks'],
      examples: ['begin 13'],
    },
    {
      name: 'next',
      operands: '[name]',
      load: () => import('../commands/next.ts'),
      summary: both('Read the next task', '다음 과제 읽기'),
      json: true,
      paged: true,
      completes: ['running'],
      examples: ['next'],
    },
    {
      name: 'check',
      operands: '[task]',
      load: () => import('../commands/check.ts'),
      summary: both('Check all tasks, or one', '모든 과제나 한 과제를 확인'),
      options: [
        {
          flags: '-w, --watch',
          help: both('keep checking while you work; q ends it', '작업하는 동안 계속 확인, q로 종료'),
        },
      ],
      json: true,
      paged: true,
      completes: ['tasks'],
      examples: ['check', 'check 4', 'check --watch'],
    },
    {
      name: 'hint',
      operands: '[task]',
      load: () => import('../commands/hint.ts'),
      summary: both('Show the next hint', '다음 힌트 보기'),
      json: true,
      paged: true,
      completes: ['tasks'],
      examples: ['hint', 'hint 4'],
    },
    {
      name: 'answer',
      operands: '[task] [text...]',
      load: () => import('../commands/answer.ts'),
      summary: both('Answer the questions of a task', '과제의 질문에 답하기'),
      freeText: true,
      json: true,
      completes: ['tasks'],
      examples: ['answer 1', 'answer 6 1 10.96.0.0/12', 'answer 11 2 --proxy-mode'],
    },
    {
      name: 'explain',
      operands: '[term...]',
      load: () => import('../commands/explain.ts'),
      summary: both('Explain a term, or list all terms', '용어 설명을 보거나 용어 목록 보기'),
      json: true,
      paged: true,
      examples: ['explain', 'explain conntrack', 'explain KUBE-MARK-MASQ'],
    },
    {
      name: 'grade',
      operands: '[name]',
      load: () => import('../commands/grade.ts'),
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
      paged: true,
      completes: ['running'],
      examples: ['grade', 'grade --json', 'grade --report junit=out.xml --report markdown=out.md'],
    },
    {
      name: 'solve',
      operands: '[task]',
      load: () => import('../commands/solve.ts'),
      summary: both('Let labs solve all tasks, or one', '모든 과제나 한 과제를 대신 풀기'),
      completes: ['tasks'],
      examples: ['solve 3', 'solve --yes'],
    },
  ],
};
