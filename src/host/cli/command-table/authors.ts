// Commands for those who write labs.
import { both } from '../messages/words.ts';
import { unsafeNodesOption } from './options.ts';
import type { CommandGroup } from './types.ts';

export const authorsCommands: CommandGroup = {
  title: both('Write a lab', '실습 만들기'),
  commands: [
    {
      name: 'new',
      operands: '[name]',
      load: () => import('../commands/new.ts'),
      summary: both('Write a new lab that works, to begin with', '바로 동작하는 새 실습 만들기'),
      options: [
        { flags: '--from <lab>', help: both('copy this lab', '이 실습을 복사'), completes: 'labs' },
        { flags: '--title <text>', help: both('its title', '제목') },
        { flags: '--workers <count>', help: both('how many worker nodes (default: 2)', '워커 노드 수 (기본: 2)') },
        { flags: '--tasks <ids>', help: both('ids of its tasks, such as web,routes', '과제의 id. 예: web,routes') },
      ],
      json: true,
      withoutLab: true,
      remark: both(
        'On a terminal, labs asks for what you do not give. The lab is a folder in the current one, and needs nothing else.',
        '터미널에서는 적지 않은 것을 물어봅니다. 실습은 현재 폴더 안의 새 폴더 하나로 만듭니다.',
      ),
      examples: ['new my-lab', 'new my-lab --title Routes --tasks web,routes', 'new my-lab --from service-networking'],
    },
    {
      name: 'lint',
      operands: '[lab...]',
      load: () => import('../commands/lint.ts'),
      summary: both('Find mistakes in a lab', '실습의 실수 찾기'),
      json: true,
      withoutLab: true,
      completes: ['labs'],
      options: [
        {
          flags: '--sarif',
          help: both('print SARIF 2.1.0, for code hosts', 'SARIF 2.1.0으로 출력 (코드 호스트용)'),
        },
      ],
      remark: both(
        'Without a name, labs looks at the lab in the current folder, else at all labs. The exit code is 1 if there are errors or warnings. docs/lint.md explains each rule.',
        '이름을 쓰지 않으면 현재 폴더의 실습을, 없으면 모든 실습을 봅니다. 오류나 경고가 있으면 종료 코드는 1입니다. 규칙은 docs/lint.md에 있습니다.',
      ),
      examples: ['lint', 'lint ./my-lab', 'lint service-networking --sarif'],
    },
    {
      name: 'pack',
      operands: '[lab]',
      load: () => import('../commands/pack.ts'),
      summary: both('Make one file of a lab, to hand on', '실습을 나눠 줄 파일 하나로 만들기'),
      options: [
        {
          flags: '--student',
          help: both(
            'without solutions, hidden checks and pages for teachers; answers as hashes',
            '풀이, 숨은 검사, 교사용 문서를 빼고 답은 해시로',
          ),
        },
        {
          flags: '-o, --out <file>',
          help: both('where (default: NAME-VERSION.lab.tgz)', '파일 경로 (기본: NAME-VERSION.lab.tgz)'),
        },
      ],
      json: true,
      withoutLab: true,
      completes: ['labs'],
      remark: both(
        'Without a lab, labs packs the current folder. The version is that of lab.yaml.',
        '실습을 적지 않으면 현재 폴더의 실습을 묶습니다. 버전은 lab.yaml의 값입니다.',
      ),
      examples: ['pack ./my-lab', 'pack ./my-lab --student --out my-lab.tgz'],
    },
    {
      name: 'install',
      operands: '<source>',
      load: () => import('../commands/install.ts'),
      summary: both('Install a lab of a file, URL or git', '파일, URL, git의 실습 설치하기'),
      options: [{ flags: '--digest <digest>', help: both('refuse any other lab', '다이제스트가 다르면 거절') }],
      json: true,
      withoutLab: true,
      remark: both(
        'Installing runs nothing of the lab. Its first start shows its scripts and asks.',
        '설치할 때는 실습의 코드를 실행하지 않습니다. 처음 시작할 때 스크립트를 보여 주고 물어봅니다.',
      ),
      examples: [
        'install ./my-lab-1.0.0.lab.tgz',
        'install https://example.org/my-lab-1.0.0.lab.tgz',
        'install git+https://example.org/labs.git#my-lab',
      ],
    },
    {
      name: 'remove',
      operands: '<lab>',
      load: () => import('../commands/remove.ts'),
      summary: both('Remove an installed lab', '설치한 실습 지우기'),
      json: true,
      withoutLab: true,
      completes: ['labs'],
      examples: ['remove my-lab'],
    },
    {
      name: 'run',
      operands: '<file> [function]',
      load: () => import('../commands/run.ts'),
      inTime: true,
      summary: both('Run a script against the running lab', '실행 중인 실습에 스크립트 실행'),
      json: true,
      remark: both(
        'Without a function, labs calls the one that the file exports, or `run` if there are several. The function gets the handle that the scripts of a lab get.',
        '함수를 적지 않으면 파일이 내보내는 함수를, 여럿이면 `run`을 부릅니다. 함수는 실습의 스크립트와 같은 핸들을 받습니다.',
      ),
      examples: ['run ./try.ts', 'run ./solve/web.ts solve'],
    },
    {
      name: 'dev',
      operands: '[lab]',
      load: () => import('../commands/dev.ts'),
      summary: both('Show what each edit of a lab does, live', '실습을 고칠 때마다 효과를 바로 보기'),
      options: [
        { flags: '--seed <text>', help: both('as for `labs start`', '`labs start`와 같음') },
        { flags: '--student <id>', help: both('as for `labs start`', '`labs start`와 같음') },
        unsafeNodesOption,
      ],
      json: true,
      completes: ['labs'],
      remark: both(
        'Starts the lab if it does not run, and follows its folder until q or Ctrl-C: mistakes that come and go, checks that judge differently now, before → after. A change of `cluster` needs a restart, which the key r does. With --json, each line is an event.',
        '실행 중이 아니면 실습을 시작하고, q나 Ctrl-C를 누를 때까지 폴더를 지켜봅니다. 생기거나 없어진 실수, 달라진 검사 결과를 전 → 후로 보여 줍니다. `cluster`를 바꾸면 r 키로 다시 시작해야 합니다. --json은 사건마다 한 줄씩 출력합니다.',
      ),
      examples: ['dev ./my-lab', 'dev ./my-lab --json', 'dev --name second'],
    },
    {
      name: 'test',
      operands: '<lab>',
      load: () => import('../commands/test.ts'),
      summary: both('Prove that a lab can be solved, not cheated', '실습을 풀 수 있고 속일 수 없는지 테스트'),
      options: [
        { flags: '--task <task>', help: both('only this task, after those before it', '앞의 과제를 푼 뒤 이 과제만') },
        {
          flags: '--no-commands',
          help: both('do not run the commands of the texts', '본문의 명령을 실행하지 않음'),
        },
        {
          flags: '--sample <number>',
          help: both(
            'of resets, wrong solutions, questions and commands, try only so many, drawn anew',
            '되돌리기, 틀린 풀이, 질문, 명령은 이 수만큼만 뽑아 테스트',
          ),
        },
        {
          flags: '--seeds <number>',
          help: both(
            'if parameters or faults are drawn: for the seeds 1 to this (default: 1)',
            '매개변수나 고장을 뽑으면 이 수만큼의 시드 (기본: 1)',
          ),
        },
        { flags: '--seed <text>', help: both('as for `labs start`', '`labs start`와 같음') },
        {
          flags: '--jobs <number>',
          help: both('how many seeds at a time (default: 1)', '동시에 테스트할 시드 수 (기본: 1)'),
        },
        unsafeNodesOption,
        { flags: '--keep', help: both('keep the cluster if something is found', '문제가 있으면 클러스터를 남김') },
        {
          flags: '-r, --report <format=file>',
          help: both('write a report too, such as junit=out.xml', '보고서도 쓰기 (예: junit=out.xml)'),
          repeat: true,
        },
      ],
      json: true,
      remark: both(
        'In a cluster of its own, which it deletes. Exit code 1: something was found. 2: the lab is not valid.',
        '별도의 클러스터에서 테스트하고 그 클러스터를 삭제합니다. 문제가 있으면 종료 코드는 1, 실습 정의가 잘못되었으면 2입니다.',
      ),
      completes: ['labs'],
      withoutLab: true,
      examples: ['test ./my-lab', 'test ./my-lab --task 3 --keep', 'test ./my-lab --sample 3'],
    },
  ],
};
