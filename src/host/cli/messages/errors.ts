// Korean for errors from below the command line, which are English: the pattern of a line, and its translation.
import { both } from './words.ts';

export const errorMessages = {
  /** The first pattern that matches a line wins. A line without a pattern stays English. */
  errorLines: both<readonly (readonly [RegExp, string])[]>(
    [],
    [
      // Docker
      [
        /^Docker is installed but not running: nothing answers at (.*)$/,
        'Docker가 실행 중이 아닙니다. $1에 응답이 없습니다',
      ],
      [/^Docker does not answer at (\S+): (.*)$/, '$1에서 Docker가 응답하지 않습니다: $2'],
      [/^The Docker Engine is not installed$/, 'Docker Engine이 설치되어 있지 않습니다'],
      [/^No permission to use Docker's socket (.*)$/, 'Docker 소켓 $1에 대한 권한이 없습니다'],
      [/^Docker does not have the image: (.*)$/, 'Docker에 이미지가 없습니다: $1'],
      [/^Docker could not pull (.*)$/, 'Docker가 이미지를 가져오지 못했습니다: $1'],
      [/^Docker's disk is full: (.*)$/, 'Docker의 디스크가 가득 찼습니다: $1'],
      [/^Docker refused the request: (.*)$/, 'Docker가 요청을 거부했습니다: $1'],
      [/^Run `labs setup`, which starts it\.$/, '`labs setup`을 실행하면 Docker가 시작됩니다.'],
      [/^Run `labs setup`, which installs it\.$/, '`labs setup`을 실행하면 Docker가 설치됩니다.'],
      [
        /^Run `labs setup`, which builds the images that are missing\.$/,
        '`labs setup`을 실행하면 없는 이미지를 만듭니다.',
      ],
      [/^Run `labs doctor` to find the cause\.$/, '`labs doctor`로 원인을 찾으세요.'],
      [
        /^Run `(.*)`, then log in again \(or run `(.*)`\)\.$/,
        '`$1`을 실행한 뒤 다시 로그인하세요(또는 `$2`를 실행하세요).',
      ],
      [
        /^Check DOCKER_HOST, and that the engine runs there\. Unset .*$/,
        'DOCKER_HOST의 값과 그곳에서 Docker가 실행 중인지 확인하세요. 이 컴퓨터의 Docker를 쓰려면 DOCKER_HOST를 지우세요.',
      ],
      [
        /^Check the name and the connection to the registry, or load the image into Docker with `docker load`\.$/,
        '이미지 이름과 레지스트리 연결을 확인하거나, `docker load`로 이미지를 Docker에 넣으세요.',
      ],
      [
        /^Free 2 GB, then try again\. .*$/,
        '2GB를 비운 뒤 다시 시도하세요. 사용량은 `docker system df`로 보고, `docker system prune`으로 비울 수 있습니다.',
      ],
      // The way in
      [
        /^Port (\d+) is in use, so the way in to the API server moved to port (\d+)\.$/,
        '포트 $1을(를) 다른 프로그램이 쓰고 있어, API 서버로 들어가는 통로를 포트 $2(으)로 옮겼습니다.',
      ],
      [
        /^There is no way in from this machine, so kubectl runs in the control plane: (.*)$/,
        '이 컴퓨터에서 들어가는 통로를 열지 못해 kubectl을 컨트롤 플레인에서 실행합니다: $1',
      ],
      // Labs and tasks
      [/^There is no lab "(.*?)"; did you mean "(.*)"\?$/, '실습 "$1" 없음. 혹시 "$2"인가요?'],
      [/^There is no lab "(.*)"$/, '실습 "$1" 없음'],
      [/^The lab (\S+) has no task "(.*?)"; did you mean "(.*)"\?$/, '실습 $1에 과제 "$2" 없음. 혹시 "$3"인가요?'],
      [/^The lab (\S+) has no task "(.*)"$/, '실습 $1에 과제 "$2" 없음'],
      [/^There is no lab in (.*): the folder has no (.*)$/, '$1에 실습이 없습니다. 폴더에 $2 파일이 없습니다'],
      [/^Run `labs list` to see all labs\.$/, '`labs list`로 모든 실습을 볼 수 있습니다.'],
      [/^Run `labs tasks` to see all tasks\.$/, '`labs tasks`로 모든 과제를 볼 수 있습니다.'],
      [
        /^Another `labs start` is changing (\S+) now: process (\d+), since (\S+)$/,
        '다른 `labs start`가 실습 $1에서 작업 중입니다: 프로세스 $2, $3부터',
      ],
      [
        /^Another `labs start` is changing (\S+) now: process (\d+) on (\S+), since (\S+)$/,
        '다른 `labs start`가 실습 $1에서 작업 중입니다: $3의 프로세스 $2, $4부터',
      ],
      [/^Another `labs start` is changing (\S+) now$/, '다른 `labs start`가 지금 실습 $1에서 작업 중입니다'],
      [
        /^Wait until it ends, or start a second lab with `--name`\.$/,
        '끝날 때까지 기다리거나, `--name`으로 다른 실습을 시작하세요.',
      ],
      [/^(\S+) is stopped$/, '멈춰 있는 실습입니다: $1'],
      [/^(\S+) has not been started$/, '시작하지 않은 실습입니다: $1'],
      [/^Run `(labs start .*)`\.$/, '`$1`을 실행하세요.'],
      [/^Run `labs start` to resume the lab\.$/, '`labs start`로 실습을 이어서 시작하세요.'],
      [/^The solution of task "(.*?)" failed: (.*)$/, '과제 "$1"의 풀이가 실패했습니다: $2'],
      [/^The nodes could not be repaired: (.*)$/, '노드를 원래대로 되돌리지 못했습니다: $1'],
      [
        /^Task "(.*?)" has no solution, so labs cannot do it for you$/,
        '풀이가 없어 labs가 대신 풀 수 없는 과제입니다: "$1"',
      ],
      [/^Task "(.*?)" has no solution$/, '풀이가 없는 과제입니다: "$1"'],
      [/^Do the task yourself, then run the command again\.$/, '그 과제를 직접 푼 뒤 다시 실행하세요.'],
      [/^What task "(.*?)" makes could not be removed: (.*)$/, '과제에서 만든 것을 지우지 못했습니다 ("$1"): $2'],
      [/^Task "(.*?)" could not be set up: (.*)$/, '과제를 준비하지 못했습니다 ("$1"): $2'],
      [
        /^Look at the cluster with `labs status`, or start over with `labs reset`\.$/,
        '`labs status`로 클러스터를 확인하거나, `labs reset`으로 처음부터 다시 시작하세요.',
      ],
      [/^(.*) cannot run: (.*)$/, '$1 프로그램을 실행할 수 없습니다: $2'],
      [
        /^Check that this file exists and may be executed\. .*$/,
        '파일이 있고 실행 권한이 있는지 확인하세요. `labs shell`은 변수 SHELL에 적힌 프로그램을 실행합니다.',
      ],
      [/^(.*) stopped right after the start$/, '시작하자마자 멈췄습니다: $1'],
    ],
  ),
};
