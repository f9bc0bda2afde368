// Sentences that several commands share: failures, Ctrl-C, questions, and the choice of a running lab.
import { both } from './words.ts';

/** The command that starts the first lab. */
export const startFirstLab = '`labs start service-networking`';

/** Without `labs`. */
export const startCommandOf = (name: string, lab: string): string =>
  name === lab ? `start ${lab}` : `start ${lab} --name ${name}`;

export const startCommand = (name: string, lab: string): string => `\`labs ${startCommandOf(name, lab)}\``;

export const generalMessages = {
  // Failures and Ctrl-C
  errorLabel: both('error', '오류'),
  whileCleaningUp: both(
    (problem: string) => `(and while cleaning up: ${problem})`,
    (problem) => `(정리하는 중에도 오류가 났습니다: ${problem})`,
  ),
  interrupted: both('Interrupted.', '중단했습니다.'),
  unexpectedHint: both(
    'This is a fault in labs. Run the command again with --debug and report what it prints.',
    'labs의 결함입니다. --debug를 붙여 다시 실행하고, 출력된 내용을 알려 주세요.',
  ),
  cancelling: both('Cancelling and cleaning up…', '취소하고 정리하는 중…'),
  stillCleaning: both('Still cleaning up, please wait…', '아직 정리하는 중입니다. 잠시만 기다려 주세요…'),
  // Questions
  agreed: both('Yes', '예'),
  declined: both('No', '아니요'),
  yesOrNo: both('Answer y or n.', 'y(예) 또는 n(아니요)으로 답하세요.'),
  keyNavigate: both('navigate', '이동'),
  keySelect: both('select', '선택'),
  notConfirmed: both('Nothing was done.', '아무것도 하지 않았습니다.'),
  needsYes: both(
    'This command asks for confirmation, but there is no terminal on which to ask',
    '실행하기 전에 확인이 필요하지만, 터미널이 아니어서 물어볼 수 없습니다',
  ),
  needsYesHint: both('Add --yes to go ahead without a question.', '묻지 않고 진행하려면 --yes를 붙이세요.'),
  didYouMean: both(
    (text: string) => `Did you mean ${text}?`,
    (text) => `혹시 ${text}입니까?`,
  ),
  // Which lab is meant
  whichRunning: both('Which running lab?', '실행 중인 실습 중 어느 것입니까?'),
  noLabRunning: both('No lab is running', '실행 중인 실습이 없습니다'),
  noLabRunningHint: both(
    `Start a lab: ${startFirstLab}. \`labs list\` shows all labs.`,
    `실습을 시작하세요: ${startFirstLab}. \`labs list\`로 전체 목록을 볼 수 있습니다.`,
  ),
  unknownRunning: both(
    (problem: string) => `Running labs are not known: ${problem}`,
    (problem) => `실행 중인 실습을 알 수 없습니다: ${problem}`,
  ),
  severalRunning: both(
    (names: string) => `Several labs are running: ${names}`,
    (names) => `여러 실습이 실행 중입니다: ${names}`,
  ),
  severalRunningHint: both('Choose one with --name.', '--name으로 하나를 고르세요.'),
  unknownInstance: both(
    (name: string) => `No lab named "${name}" is running`,
    (name) => `실행 중인 실습이 아닙니다: "${name}"`,
  ),
  unknownLabOrTask: both(
    (word: string) => `There is no task and no running lab "${word}"`,
    (word) => `과제나 실행 중인 실습이 아닙니다: "${word}"`,
  ),
  runningLabs: both(
    (names: string) => `Running labs: ${names}.`,
    (names) => `실행 중인 실습: ${names}`,
  ),
  notReady: both(
    (name: string, state: string) => `The lab ${name} is ${state}`,
    (name, state) => `${name} 실습의 상태: ${state}`,
  ),
  notReadyHint: both(
    (name: string, lab: string) => `Resume the lab: ${startCommand(name, lab)}.`,
    (name, lab) => `이어서 시작하세요: ${startCommand(name, lab)}`,
  ),
  waitsForStart: both(
    (name: string, lab: string) => `Waiting for ${startCommand(name, lab)}.`,
    (name, lab) => `다음 명령을 기다리는 중: ${startCommand(name, lab)}`,
  ),
  labDeleted: both(
    (name: string) => `The lab ${name} was deleted`,
    (name) => `${name} 실습이 삭제되었습니다`,
  ),
  buildAgain: both(
    (name: string, lab: string) => `Build the lab again: ${startCommand(name, lab)}.`,
    (name, lab) => `새로 만드세요: ${startCommand(name, lab)}`,
  ),
  states: both(
    { running: 'running', stopped: 'stopped', incomplete: 'incomplete' },
    { running: '실행 중', stopped: '멈춤', incomplete: '일부 없음' },
  ),
  /** By a step's name. A step without an entry shows its own title, which is English. */
  steps: both<Readonly<Record<string, string>>>(
    {},
    {
      image: '이미지 준비',
      certificates: '인증서 발급',
      create: '머신 생성',
      install: '구성 요소 설치',
      fabric: '패브릭 시작',
      start: '머신 시작',
      wire: '링크 연결',
      gateway: '접속 통로 열기',
      'api-server': 'API 서버를 기다리는 중',
      nodes: '노드가 Ready가 되기를 기다리는 중',
      proxies: '모든 kube-proxy의 동기화를 기다리는 중',
      dns: '클러스터 DNS를 기다리는 중',
      setup: '실습 준비',
      complete: '마무리',
      'install-docker': 'Docker Engine 설치',
      'start-docker': 'Docker 시작',
      'permit-docker': 'Docker 사용 허용',
      images: '이미지 생성',
    },
  ),
};
