// Commands that prepare the user’s machine.
import { both } from '../messages/words.ts';
import type { CommandGroup } from './types.ts';

export const machineCommands: CommandGroup = {
  title: both('Prepare this machine', '컴퓨터 준비'),
  commands: [
    {
      name: 'setup',
      load: () => import('../commands/setup.ts'),
      summary: both('Install what is missing: Docker, images', '필요한 것(Docker, 이미지) 설치'),
      json: true,
      withoutLab: true,
      examples: ['setup', 'setup --yes'],
    },
    {
      name: 'doctor',
      load: () => import('../commands/doctor.ts'),
      summary: both('Check whether this machine can run labs', '이 컴퓨터에서 실습을 실행할 수 있는지 확인'),
      json: true,
      paged: true,
      withoutLab: true,
      examples: ['doctor'],
    },
    {
      name: 'image',
      operands: '<action> [references...]',
      load: () => import('../commands/image.ts'),
      summary: both('List, load or remove pod images', '파드 이미지 보기, 불러오기, 삭제'),
      json: true,
      completes: [['list', 'load', 'remove']],
      withoutLab: true,
      examples: ['image list', 'image load nginx:1.27', 'image remove nginx:1.27'],
    },
    {
      name: 'upgrade',
      load: () => import('../commands/upgrade.ts'),
      summary: both('Show how to upgrade labs', 'labs를 업그레이드하는 방법 보기'),
      json: true,
      withoutLab: true,
      examples: ['upgrade', 'upgrade --json'],
    },
    {
      name: 'uninstall',
      load: () => import('../commands/uninstall.ts'),
      summary: both('Remove all that labs made here', 'labs가 이 컴퓨터에 만든 것을 모두 삭제'),
      json: true,
      withoutLab: true,
      examples: ['uninstall', 'uninstall --yes'],
    },
    {
      name: 'completion',
      operands: '[shell]',
      load: () => import('../commands/completion.ts'),
      summary: both('Print a completion script for a shell', '셸 자동 완성 스크립트 출력'),
      passThrough: true,
      json: both(
        '`labs completion` has no JSON form: it prints a script for a shell',
        '`labs completion`은 셸 스크립트를 출력하므로 JSON 형식이 없습니다',
      ),
      completes: [['bash', 'zsh', 'fish']],
      withoutLab: true,
      examples: [
        'completion bash > ~/.local/share/bash-completion/completions/labs',
        'completion fish > ~/.config/fish/completions/labs.fish',
      ],
    },
  ],
};
