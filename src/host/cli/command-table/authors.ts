// Commands for those who write labs.
import { both } from '../messages/words.ts';
import type { CommandGroup } from './types.ts';

export const authorsCommands: CommandGroup = {
  title: both('Write a lab', '실습 만들기'),
  commands: [
    {
      name: 'run',
      operands: '<file> [function]',
      load: () => import('../commands/run.ts'),
      summary: both('Run a script against the running lab', '실행 중인 실습에 스크립트 실행'),
      json: true,
      remark: both(
        'Without a function, labs calls the one that the file exports, or `run` if there are several. The function gets the handle that the scripts of a lab get.',
        '함수를 적지 않으면 파일이 내보내는 함수를, 여럿이면 `run`을 부릅니다. 함수는 실습의 스크립트와 같은 핸들을 받습니다.',
      ),
      examples: ['run ./try.ts', 'run ./solve/web.ts solve'],
    },
  ],
};
