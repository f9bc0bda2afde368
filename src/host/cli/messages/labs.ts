// Sentences of the commands that run a lab: list, start, status, stop, reset, delete.
import { startCommand } from './general.ts';
import { both } from './words.ts';

export const labMessages = {
  // list, status
  noLabs: both('There are no labs.', '실습이 없습니다.'),
  lab: both('LAB', '실습'),
  title: both('TITLE', '제목'),
  state: both('STATE', '상태'),
  origin: both('ORIGIN', '출처'),
  machine: both('MACHINE', '머신'),
  address: both('ADDRESS', '주소'),
  components: both('COMPONENTS', '구성 요소'),
  missing: both('missing', '없음'),
  notInLab: both(
    (component: string) => `${component} is not part of this lab`,
    (component) => `이 실습에 없는 구성 요소: ${component}`,
  ),
  missingHint: both(
    (name: string) => `Build the cluster anew: \`labs reset ${name}\`.`,
    (name) => `클러스터를 새로 만드세요: \`labs reset ${name}\``,
  ),
  tasksPassed: both(
    (passed: number, tasks: number) => `${passed} of ${tasks} tasks passed`,
    (passed, tasks) => `과제 ${tasks}개 중 ${passed}개 통과`,
  ),
  // labs alone, next
  pointsHead: both('POINTS', '점수'),
  pointsOf: both(
    (points: number, max: number) => `${points} of ${max} points`,
    (points, max) => `${points}/${max}점`,
  ),
  nextTaskIs: both(
    (number: number, title: string) => `Next: task ${number}, ${title}`,
    (number, title) => `다음: 과제 ${number}, ${title}`,
  ),
  allTasksPassed: both('All tasks have passed.', '모든 과제를 통과했습니다.'),
  homeNext: both<(task: number) => readonly (readonly [command: string, purpose: string])[]>(
    (task) => [
      ['next', 'read the task'],
      ['check --watch', 'see what passes while you work'],
      [`hint ${task}`, 'get a hint for the task'],
    ],
    (task) => [
      ['next', '과제 읽기'],
      ['check --watch', '작업하면서 통과 여부 보기'],
      [`hint ${task}`, '과제의 힌트 보기'],
    ],
  ),
  homeDone: both<readonly (readonly [command: string, purpose: string])[]>(
    [
      ['grade', 'grade the final state'],
      ['reset', 'begin the lab anew'],
      ['delete', 'remove the cluster'],
    ],
    [
      ['grade', '최종 상태 채점'],
      ['reset', '실습을 처음부터 다시 시작'],
      ['delete', '클러스터 삭제'],
    ],
  ),
  homeResume: both('resume the lab', '실습 이어서 하기'),
  homeStopped: both<readonly (readonly [command: string, purpose: string])[]>(
    [
      ['list', 'see all labs'],
      ['--help', 'see all commands'],
    ],
    [
      ['list', '모든 실습 보기'],
      ['--help', '모든 명령 보기'],
    ],
  ),
  homeFirst: both<readonly (readonly [command: string, purpose: string])[]>(
    [
      ['start service-networking', 'start the first lab'],
      ['doctor', 'check this machine'],
      ['--help', 'see all commands'],
    ],
    [
      ['start service-networking', '첫 실습 시작'],
      ['doctor', '이 컴퓨터 점검'],
      ['--help', '모든 명령 보기'],
    ],
  ),
  // start
  whichLab: both('Which lab?', '어느 실습입니까?'),
  labNeeded: both('The name of a lab is missing', '실습 이름이 빠졌습니다'),
  labNeededHint: both(
    (commands: string) => `Choose one: ${commands}.`,
    (commands) => `하나를 고르세요: ${commands}`,
  ),
  nameTaken: both(
    (name: string, folder: string) => `The cluster ${name} exists already, and its lab is in ${folder}`,
    (name, folder) => `${name} 클러스터가 이미 있으며, 그 실습은 ${folder}에 있습니다`,
  ),
  nameTakenHint: both(
    (name: string, free: string, folder: string) =>
      `Give the new cluster another name: \`labs start ${folder} --name ${free}\`. ` +
      `Or delete the old one first: \`labs delete ${name}\`.`,
    (name, free, folder) =>
      `새 클러스터의 이름을 다르게 정하세요: \`labs start ${folder} --name ${free}\`. 또는 기존 클러스터를 먼저 삭제하세요: \`labs delete ${name}\``,
  ),
  otherLab: both(
    (name: string, folder: string, lab: string) =>
      `${name} was started from ${folder}. Another lab is called ${lab}, too: \`labs start ${lab} --name ${lab}-2\` starts that one.`,
    (name, folder, lab) =>
      `${name} 클러스터의 실습 폴더: ${folder}. 이름이 같은 다른 실습도 있습니다. 그 실습 시작하기: \`labs start ${lab} --name ${lab}-2\``,
  ),
  seedInvalid: both(
    (flag: string, text: string) => `${flag} "${text}" is not valid`,
    (flag, text) => `쓸 수 없는 값: ${flag} "${text}"`,
  ),
  seedInvalidHint: both(
    (flag: string) => `${flag} takes 1 to 64 letters, digits and . _ - + @`,
    (flag) => `${flag}에는 영문자, 숫자와 . _ - + @를 64자까지 쓸 수 있습니다.`,
  ),
  seedFixed: both(
    (name: string, flag: string, value: string) =>
      `The cluster ${name} was built ${value === '' ? `without ${flag}` : `with ${flag} ${value}`}, and keeps its values`,
    (name, flag, value) =>
      `${name} 클러스터는 ${value === '' ? `${flag} 없이` : `${flag} ${value} 값으로`} 만들었고, 그 값은 바뀌지 않습니다`,
  ),
  seedFixedHint: both(
    (name: string) =>
      `Give the new cluster another name with \`--name\`, or delete the old one first: \`labs delete ${name}\`.`,
    (name) =>
      `\`--name\`으로 새 클러스터의 이름을 다르게 정하거나, 기존 클러스터를 먼저 삭제하세요: \`labs delete ${name}\``,
  ),
  ready: both(
    (name: string, seconds: string) => `Lab ${name} is ready (${seconds} s).`,
    (name, seconds) => `${name} 실습이 준비되었습니다 (${seconds}초).`,
  ),
  resumed: both(
    (name: string, seconds: string) => `Lab ${name} is back (${seconds} s).`,
    (name, seconds) => `${name} 실습을 다시 시작했습니다 (${seconds}초).`,
  ),
  unsafeNodes: both(
    (local: boolean) =>
      'Nodes run without a user namespace: root in a node is root on ' +
      `${local ? 'this machine' : 'the machine of the Docker engine'}. ` +
      'Let nobody into this lab who may not be root there.',
    (local) =>
      `노드를 사용자 네임스페이스 없이 실행합니다. 노드의 root는 ${local ? '이 컴퓨터' : 'Docker 엔진이 있는 컴퓨터'}의 root와 같습니다. ` +
      '그 컴퓨터의 root가 되어서는 안 되는 사람에게는 이 실습을 맡기지 마세요.',
  ),
  nodesWereUnsafe: both(
    'The nodes run without a user namespace: root in a node can change this result.',
    '노드가 사용자 네임스페이스 없이 실행 중입니다. 노드의 root가 이 결과를 바꿀 수 있습니다.',
  ),
  unsafeNodesKept: both(
    (name: string) => `${name} keeps its user namespaces. Only \`labs reset\` builds it with \`--unsafe-nodes\`.`,
    (name) =>
      `${name} 실습은 사용자 네임스페이스를 그대로 씁니다. \`--unsafe-nodes\`로 새로 만들려면 \`labs reset\`에 이 옵션을 쓰세요.`,
  ),
  startWarnings: both(
    'The lab is up, but note this (`labs status` shows what runs):',
    '실습이 시작되었습니다. 다음을 확인하세요(상태 보기: `labs status`):',
  ),
  /** Commands to try next, and the purpose of each. */
  next: both(
    (node: string): readonly (readonly [command: string, purpose: string])[] => [
      ['tasks', 'read what there is to do'],
      [`shell ${node}`, 'look around in a node'],
      ['check --watch', 'see what passes while you work'],
    ],
    (node) => [
      ['tasks', '과제 읽기'],
      [`shell ${node}`, '노드 안 살펴보기'],
      ['check --watch', '작업하면서 통과 여부 보기'],
    ],
  ),
  // start --dry-run
  planTitle: both(
    (name: string, lab: string, containers: number) => `${name}: lab ${lab}, ${containers} containers`,
    (name, lab, containers) => `${name}: 실습 ${lab}, 컨테이너 ${containers}개`,
  ),
  role: both('ROLE', '역할'),
  memory: both('MEMORY', '메모리'),
  andMore: both(
    (shown: string, more: number) => `${shown} and ${more} more`,
    (shown, more) => `${shown} 외 ${more}개`,
  ),
  networks: both(
    (nodes: string, pods: string, services: string) => `nodes ${nodes}, pods ${pods}, services ${services}`,
    (nodes, pods, services) => `노드 ${nodes}, 파드 ${pods}, 서비스 ${services}`,
  ),
  network: both('NETWORK', '네트워크'),
  toMachine: both('TO MACHINE', '받는 머신'),
  quality: both('LINK', '링크'),
  after: both(
    (steps: string) => `after ${steps}`,
    (steps) => `${steps} 다음`,
  ),
  // stop, reset, delete
  stopped: both(
    (name: string, lab: string) => `Stopped ${name}. Resume it with ${startCommand(name, lab)}.`,
    (name, lab) => `${name} 실습을 멈췄습니다. 이어서 하기: ${startCommand(name, lab)}`,
  ),
  resetQuestion: both(
    (name: string) => `Reset ${name}? This deletes everything in the cluster and all answers.`,
    (name) => `${name} 실습을 처음 상태로 되돌리시겠습니까? 클러스터의 모든 내용과 답이 사라집니다.`,
  ),
  deleteQuestion: both(
    (names: string) => `Delete ${names} and everything in it?`,
    (names) => `클러스터의 내용까지 모두 삭제하시겠습니까? 실습: ${names}`,
  ),
  deleted: both(
    (name: string, seconds: string) => `Deleted ${name} (${seconds} s).`,
    (name, seconds) => `${name} 실습을 삭제했습니다 (${seconds}초).`,
  ),
  nothingToDelete: both(
    'No lab is running: there is nothing to delete.',
    '실행 중인 실습이 없어 삭제할 것이 없습니다.',
  ),
};
