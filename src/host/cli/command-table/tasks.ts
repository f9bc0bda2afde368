// Commands for the work on the tasks.
import { both } from '../messages/words.ts';
import { unsafeNodesOption } from './options.ts';
import type { CommandGroup } from './types.ts';

export const tasksCommands: CommandGroup = {
  title: both('Work on the tasks', '과제 풀기'),
  commands: [
    {
      name: 'tasks',
      operands: '[task]',
      load: () => import('../commands/tasks.ts'),
      summary: both('List the tasks, or read one', '과제 목록 보기, 과제 읽기'),
      options: [
        {
          flags: '--debrief',
          help: both('explain why the solution works', '풀이가 맞는 이유 보기'),
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
      inTime: true,
      summary: both('Begin a task that breaks something', '클러스터를 고장 내는 과제 시작'),
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
      summary: both('Check all tasks, or one', '모든 과제나 한 과제 확인'),
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
      inTime: true,
      summary: both('Show the next hint', '다음 힌트 보기'),
      options: [{ flags: '--read', help: both('show only the hints that you have read', '이미 읽은 힌트만 보기') }],
      json: true,
      remark: both(
        'Without --read, labs shows one more hint and counts it as read, also with --json, which then says "taken": true. A hint that costs points needs --yes there.',
        '--read가 없으면 힌트를 하나 더 보여 주고 읽은 힌트로 셉니다. --json도 같으며, 이때 "taken": true를 출력합니다. 점수가 깎이는 힌트는 --yes가 있어야 보여 줍니다.',
      ),
      paged: true,
      completes: ['tasks'],
      examples: ['hint', 'hint 4', 'hint 4 --read'],
    },
    {
      name: 'answer',
      operands: '[task] [text...]',
      load: () => import('../commands/answer.ts'),
      inTime: true,
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
      summary: both('Explain a term, or list all terms', '용어 설명이나 용어 목록 보기'),
      json: true,
      paged: true,
      withoutLab: true,
      examples: ['explain', 'explain conntrack', 'explain KUBE-MARK-MASQ'],
    },
    {
      name: 'grade',
      operands: '[name|lab]',
      load: () => import('../commands/grade.ts'),
      summary: both('Grade the whole lab', '전체 실습 채점'),
      options: [
        {
          flags: '-r, --report <format[=file]>',
          help: both(
            'write a report too: json, junit, tap, gradescope, github, csv, lti, markdown or text; without a file, print it',
            '보고서도 쓰기: json, junit, tap, gradescope, github, csv, lti, markdown, text. 파일이 없으면 출력',
          ),
          repeat: true,
        },
        {
          flags: '--evidence <file>',
          help: both(
            'keep what the verdicts rest on, for `labs verify` on another machine',
            '판정의 근거를 저장. 다른 컴퓨터에서 `labs verify`로 확인',
          ),
        },
        {
          flags: '--sign <key>',
          help: both('sign the evidence with a private Ed25519 key (PEM)', 'Ed25519 개인 키(PEM)로 증거에 서명'),
        },
        {
          flags: '--submission <folder>',
          help: both(
            'grade the files of a student in a fresh cluster, and delete it',
            '새 클러스터에서 학생의 파일을 적용해 채점하고 클러스터 삭제',
          ),
        },
        {
          flags: '--time-limit <duration>',
          help: both('for the files of the submission (default: 10m)', '제출물 적용 제한 시간 (기본: 10m)'),
        },
        {
          flags: '--student <id>',
          help: both('whose submission it is, as for `labs start`', '누구의 제출물인지 (`labs start`와 같음)'),
        },
        {
          flags: '--seed <text>',
          help: both('as for `labs start`', '`labs start`와 같음'),
        },
        unsafeNodesOption,
      ],
      json: true,
      paged: true,
      completes: ['running'],
      examples: [
        'grade',
        'grade --json',
        'grade --report junit=out.xml --report markdown=out.md',
        'grade --evidence evidence.tgz',
        'grade --submission ./kim service-networking',
      ],
    },
    {
      name: 'grade-batch',
      operands: '<folder> [lab]',
      load: () => import('../commands/grade-batch.ts'),
      summary: both('Grade each folder in a folder as a submission', '폴더 안의 제출물을 모두 채점'),
      options: [
        {
          flags: '--jobs <number>',
          help: both('how many at a time (default: half of the CPUs)', '동시에 채점할 수 (기본: CPU 수의 절반)'),
        },
        {
          flags: '--out <file>',
          help: both('the table of results (default: results.csv)', '결과 파일 (기본: results.csv)'),
        },
        {
          flags: '--time-limit <duration>',
          help: both('for the files of each submission (default: 10m)', '제출물마다 적용 제한 시간 (기본: 10m)'),
        },
        {
          flags: '--per-student',
          help: both(
            'the name of each folder is the student, as for `labs start --student`',
            '폴더 이름을 학생 이름으로 사용',
          ),
        },
        {
          flags: '--seed <text>',
          help: both('as for `labs start`', '`labs start`와 같음'),
        },
        unsafeNodesOption,
      ],
      json: true,
      remark: both(
        'Goes on where it stopped: what is in the table and has not changed is not graded again. Exit code 3: some could not be graded.',
        '중단한 곳에서 이어집니다. 결과 파일에 있고 바뀌지 않은 제출물은 다시 채점하지 않습니다. 채점하지 못한 것이 있으면 종료 코드는 3입니다.',
      ),
      completes: [[], 'labs'],
      withoutLab: true,
      examples: ['grade-batch ./class service-networking --jobs 2 --out results.csv'],
    },
    {
      name: 'verify',
      operands: '<file> [lab]',
      load: () => import('../commands/verify.ts'),
      summary: both('Grade evidence again, and find changes in it', '증거를 다시 채점하고 바뀐 곳 찾기'),
      options: [
        {
          flags: '--key <file>',
          help: both('the evidence must be signed with this key (public, PEM)', '이 공개 키(PEM)로 서명한 증거만 인정'),
        },
        {
          flags: '-r, --report <format[=file]>',
          help: both('write the report too, as `labs grade` does', '`labs grade`처럼 보고서도 쓰기'),
          repeat: true,
        },
      ],
      json: true,
      remark: both(
        'Needs neither Docker nor the cluster. Exit code 1: something was changed, or the signature does not fit.',
        'Docker도 클러스터도 필요 없습니다. 바뀐 곳이 있거나 서명이 맞지 않으면 종료 코드는 1입니다.',
      ),
      completes: [[], 'labs'],
      withoutLab: true,
      examples: ['verify evidence.tgz', 'verify evidence.tgz ./my-lab --key grader.pub'],
    },
    {
      name: 'extend',
      operands: '<duration>',
      load: () => import('../commands/extend.ts'),
      summary: both('Give the student of an exam more time', '시험 시간 늘리기'),
      json: true,
      remark: both(
        'For instructors, also when the time is over. The history and every report say how much time was given.',
        '강사가 쓰며, 시간이 끝난 뒤에도 쓸 수 있습니다. 늘린 시간은 기록과 모든 보고서에 남습니다.',
      ),
      examples: ['extend 15m', 'extend 15m --name kim'],
    },
    {
      name: 'goto',
      operands: '[task]',
      load: () => import('../commands/goto.ts'),
      inTime: true,
      summary: both('Do the tasks before this one, without points', '이 과제 앞의 과제를 점수 없이 대신 풀기'),
      json: true,
      completes: ['tasks'],
      examples: ['goto 9', 'goto mend-proxy --yes'],
    },
    {
      name: 'solve',
      operands: '[task]',
      load: () => import('../commands/solve.ts'),
      inTime: true,
      summary: both('Let labs solve all tasks, or one', '모든 과제나 한 과제를 대신 풀기'),
      json: true,
      completes: ['tasks'],
      examples: ['solve 3', 'solve --yes'],
    },
  ],
};
