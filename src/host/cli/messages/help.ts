// The words of `labs --help` around the table of commands, and Korean for commander's own titles and errors.
import { ExitCode } from '../../../kit/error.ts';
import { both } from './words.ts';

const { ok, checkFailed, usage, broken } = ExitCode;

export const helpMessages = {
  description: both(
    'Hands-on labs for Kubernetes networking: a real cluster in seconds, graded live.',
    '쿠버네티스 네트워킹 실습: 몇 초 만에 진짜 클러스터를 만들고 실시간으로 채점합니다.',
  ),
  examples: both('Examples:', '예:'),
  exitCodes: both(
    `Exit codes: ${ok} done, or all checks pass; ${checkFailed} a check failed; ${usage} wrong usage or lab definition; ${broken} labs, Docker or the machine failed.`,
    `종료 코드: ${ok} 완료 또는 모든 항목 통과, ${checkFailed} 통과하지 못한 항목 있음, ` +
      `${usage} 잘못된 사용 또는 실습 정의, ${broken} labs, Docker 또는 컴퓨터의 문제.`,
  ),
  seeCommand: both('See also `labs <command> --help`.', '`labs <명령> --help`로 명령별 도움말을 볼 수 있습니다.'),
  printHelp: both('print help', '도움말 출력'),
  printVersion: both('print the version', '버전 출력'),
  seeHelp: both(
    (command: string) => `See \`${command} --help\`.`,
    (command) => `\`${command} --help\`를 보세요.`,
  ),
  tooManyOperands: both(
    (command: string) => `Too many arguments for \`labs ${command}\``,
    (command) => `인자가 너무 많습니다: \`labs ${command}\``,
  ),
  nameFirst: both(
    'With several running labs, put the name of the lab first (`labs check NAME 4`), or use --name.',
    '실행 중인 실습이 여럿이면 실습 이름을 맨 앞에 쓰거나(`labs check 이름 4`) --name을 쓰세요.',
  ),
  /** commander's titles in the help. */
  helpTitles: both<Readonly<Record<string, string>>>(
    {},
    { 'Usage:': '사용법:', 'Options:': '옵션:', 'Arguments:': '인자:', 'Commands:': '명령:' },
  ),
  /** commander's errors → the text to show. An error without an entry keeps commander's words. */
  usageErrors: both<readonly (readonly [RegExp, string])[]>(
    [],
    [
      [/^unknown command '(.*)'$/, '없는 명령입니다: "$1"'],
      [/^unknown option '(.*)'$/, '없는 옵션입니다: "$1"'],
      [/^missing required argument '(.*)'$/, '인자가 빠졌습니다: $1'],
      [/^option '(.*)' argument missing$/, '옵션의 값이 빠졌습니다: $1'],
      [
        /^option '(.*)' argument '(.*)' is invalid\. It must be one of (.*)\.$/,
        '옵션 $1의 값은 $3 중 하나여야 합니다: "$2"',
      ],
      [/^too many arguments.*$/, '인자가 너무 많습니다'],
      [/^Did you mean (?:one of )?(.*)\?$/, '혹시 $1입니까?'],
    ],
  ),
};
