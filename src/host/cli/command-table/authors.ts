// Commands for those who write labs.
import { both } from '../messages/words.ts';
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
      examples: [
        'new my-lab',
        'new my-lab --title "Routes by hand" --tasks web,routes',
        'new my-lab --from service-networking',
      ],
    },
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
