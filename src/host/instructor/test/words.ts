// What `labs test` says about a lab, in both languages.
import type { Language } from '../../../api/lab.ts';

const en = {
  // Parts
  definition: 'The definition and its scripts',
  scripts: (count: number) => (count === 1 ? '1 script' : `${count} scripts`),
  texts: (languages: string) => `The texts in ${languages}`,
  starting: 'A fresh cluster',
  untouched: 'Nothing passes before the work',
  earlier: 'The tasks before, done by labs',
  task: (number: number, title: string) => `Task ${number}: ${title}`,
  /** The fault stands before the title, because a narrow terminal cuts the end off. */
  drawnTask: (number: number, title: string, faults: string) => `Task ${number}, fault ${faults}: ${title}`,
  keptByFault: (checks: string) => `the fault leaves these checks: ${checks}`,
  full: 'All points',
  restart: 'Stop and start keep the score',
  reset: (number: number) => `Task ${number} fails again after a reset`,
  resetAndRestart: (number: number) => `Task ${number} fails again after a reset, a stop and a start`,
  wrong: (number: number, file: string) => `Task ${number}: the wrong solution ${file}`,
  again: (number: number) => `Task ${number}, solved a second time`,
  fullAgain: 'All points again',
  mutants: (what: string) => `Wrong: ${what}`,
  killed: (killed: number, all: number) => `${killed}/${all} caught`,
  groups: {
    'target port': 'another target port',
    port: 'another port of the service',
    rule: 'a rule of the service deleted',
    nft: 'a service unknown to nft',
    'one node': 'right on one node only',
    hosts: 'a name in /etc/hosts in place of the service',
    listener: 'a listener by hand in place of the service',
    stopped: 'a component stopped',
    endpoints: 'endpoints by hand in place of a selector',
    answers: 'other answers',
  },
  targetPort: (service: string) => `${service} has another target port`,
  servicePort: (service: string) => `${service} has another port`,
  rule: (service: string, node: string) => `the DNAT rule of ${service} is deleted on ${node}`,
  nft: (service: string, node: string) => `what nft has of ${service} on ${node} is deleted`,
  oneNode: (service: string, node: string) => `the rules of ${service} are on ${node} only`,
  hosts: (service: string) => `${service} is deleted, and its name stands in /etc/hosts`,
  listener: (service: string) => `${service} is deleted, and a socat listens in its place`,
  stopped: (unit: string, node: string) => `${unit} is stopped on ${node}`,
  endpoints: (service: string) => `${service} has no selector, and endpoints by hand`,
  answer: (check: string, answer: string) => `${check} answered with "${answer}"`,
  commands: (number: number) => `Task ${number}: its commands, as a student pastes them`,
  student: 'A fresh cluster for a student',
  deleting: 'Deleting leaves nothing behind',
  // Findings
  noExport: (file: string, name: string) => `${file} exports no function ${name}(lab)`,
  noSolve: (task: string) => `task "${task}" has no solution: give it \`solve\``,
  untranslated: (file: string, language: string) =>
    `${file} has no translation (${language}), and other texts have one`,
  unreadable: (file: string, problem: string) => `${file} cannot be shown: ${problem}`,
  otherBlocks: (file: string) => `${file} has other commands than the English text`,
  unfilled: (name: string, template: string) => `${name}: nothing fills in ${template}`,
  emptyText: (name: string) => `${name} is empty`,
  unknownPlace: (name: string, place: string) =>
    `${name}: a code block names "${place}", which is no machine of the lab`,
  unknownMark: (name: string, mark: string) =>
    `${name}: a code block has the unknown mark "${mark}". Marks are fails, fails=1,3, meanwhile and after`,
  oddReport: (check: string, language: string, part: string) =>
    `what ${check} reports (${language}) has "${part}" in it`,
  passesUntouched: (check: string, saw: string) => `${check} passes before anybody has done anything: ${saw}`,
  nothingToDo: (task: string) => `all checks of task "${task}" pass before its solution`,
  notSolved: (check: string, saw: string) => `the solution leaves ${check} without its points: ${saw}`,
  notSolvedAgain: (check: string, saw: string) => `solved again after a reset, ${check} has lost its points: ${saw}`,
  notFull: (check: string, saw: string) => `with all tasks solved, ${check} has lost its points: ${saw}`,
  notFullStudent: (check: string, saw: string) => `after its commands and its solution, ${check} has no points: ${saw}`,
  solvedToo: (check: string, task: string) =>
    `the solution of task "${task}" turns ${check} green, which does not need that task`,
  damages: (task: string, check: string, saw: string) => `the solution of task "${task}" breaks ${check}: ${saw}`,
  notBrokenAgain: (task: string) => `all checks of task "${task}" still pass after \`labs reset ${task}\``,
  staysAfterReset: (check: string) =>
    `${check} still passes after a reset of its task: the solution’s script needs \`clear\``,
  lostByRestart: (check: string, saw: string) => `a stop and a start take the points of ${check}: ${saw}`,
  healedByRestart: (task: string) => `a stop and a start mend the fault of task "${task}": its setup needs \`resume\``,
  cheat: (file: string) => `the author’s ${file}`,
  cheatFailed: (file: string, problem: string) => `the wrong solution ${file} could not be tried: ${problem}`,
  survived: (task: string, what: string, saw: string) =>
    `a wrong solution of task "${task}" has all points (${what}): ${saw}`,
  because: (check: string, field: string, names: string) =>
    `. labs tried it because \`${field}\` of ${check} names ${names}. Add a check that sees the difference. If this is no wrong ` +
    'solution of the task, name something else there, such as pod/NAME in place of endpoints/NAME ' +
    '(docs/authoring/fair-checks.md, "Prove it")',
  notTried: (what: string, problem: string) => `"${what}" could not be tried: ${problem}`,
  notUndone: (what: string, check: string, saw: string) => `${check} could not be repaired after "${what}": ${saw}`,
  broke: (check: string, problem: string) => `${check} is broken: ${problem}`,
  left: (what: string) => `left behind: ${what}`,
  // Commands
  commandFailed: (place: string, command: string, { code, output }: { code: number; output: string }) =>
    `on ${place}, \`${command}\` ends with exit code ${code}${output === '' ? '' : `: ${output}`}`,
  markFails: (mark: string) => `If it is meant to fail, write \`${mark}\` behind the name of the machine`,
  markFailsOrAfter: (mark: string) =>
    `If it works only once the task is solved, write \`after\` behind the name of the machine; ` +
    `if it is meant to fail, write \`${mark}\``,
  commandWorked: (place: string, command: string) => `on ${place}, \`${command}\` is meant to fail, and ends with 0`,
  commandEndless: (place: string, command: string, seconds: number) =>
    `on ${place}, \`${command}\` does not end within ${seconds} s`,
  markMeanwhile:
    'If it goes on while the next block runs, make it the last command of its block and write `meanwhile` behind the ' +
    'name of the machine',
  endMeanwhile: (fails: boolean) =>
    `The next block does not make it end. If that is right, write \`timeout 10\` before it` +
    `${fails ? '' : ', and `fails` beside `meanwhile`'}: ` +
    'timeout ends it with the exit code 124',
  ranCommands: (count: number) => (count === 1 ? '1 command' : `${count} commands`),
};

const ko: typeof en = {
  definition: '정의와 스크립트',
  scripts: (count) => `스크립트 ${count}개`,
  texts: (languages) => `글 (${languages})`,
  starting: '새 클러스터',
  untouched: '풀기 전에 통과하는 검사 없음',
  earlier: '앞의 과제를 labs가 풀기',
  task: (number, title) => `과제 ${number}: ${title}`,
  drawnTask: (number, title, faults) => `과제 ${number}, 고장 ${faults}: ${title}`,
  keptByFault: (checks) => `고장이 나도 통과하는 검사: ${checks}`,
  full: '만점',
  restart: '중지하고 다시 시작해도 점수 유지',
  reset: (number) => `과제 ${number}: 되돌리면 다시 실패`,
  resetAndRestart: (number) => `과제 ${number}: 되돌린 뒤에도 중지하고 다시 시작한 뒤에도 실패`,
  wrong: (number, file) => `과제 ${number}: 틀린 풀이 ${file}`,
  again: (number) => `과제 ${number}: 두 번째 풀이`,
  fullAgain: '다시 만점',
  mutants: (what) => `틀린 풀이: ${what}`,
  killed: (killed, all) => `감점 ${killed}/${all}`,
  groups: {
    'target port': '다른 대상 포트',
    port: '서비스의 다른 포트',
    rule: '서비스의 규칙 하나를 삭제',
    nft: 'nft에 없는 서비스',
    'one node': '한 노드에서만 올바름',
    hosts: '서비스 대신 /etc/hosts의 이름',
    listener: '서비스 대신 직접 연 포트',
    stopped: '구성 요소를 중지',
    endpoints: '셀렉터 대신 직접 쓴 엔드포인트',
    answers: '다른 답',
  },
  targetPort: (service) => `대상 포트가 다른 ${service} 서비스`,
  servicePort: (service) => `포트가 다른 ${service} 서비스`,
  rule: (service, node) => `${node} 노드에서 ${service} 서비스의 DNAT 규칙을 삭제`,
  nft: (service, node) => `${node} 노드의 nft에서 ${service} 서비스의 규칙과 원소를 삭제`,
  oneNode: (service, node) => `${service} 서비스의 규칙이 ${node} 노드에만 있음`,
  hosts: (service) => `${service} 서비스를 삭제하고 /etc/hosts에 이름을 적음`,
  listener: (service) => `${service} 서비스를 삭제하고 socat으로 포트를 엶`,
  stopped: (unit, node) => `${node} 노드에서 ${unit} 중지`,
  endpoints: (service) => `${service} 서비스의 셀렉터를 없애고 엔드포인트를 직접 씀`,
  answer: (check, answer) => `${check} 질문의 답 "${answer}"`,
  commands: (number) => `과제 ${number}: 본문의 명령을 그대로 실행`,
  student: '학생용 새 클러스터',
  deleting: '삭제하면 남는 것 없음',
  noExport: (file, name) => `${name}(lab) 함수를 내보내지 않음: ${file}`,
  noSolve: (task) => `풀이가 없는 과제: "${task}". \`solve\`를 쓰세요`,
  untranslated: (file, language) => `번역(${language})이 없는 글: ${file}. 다른 글에는 번역이 있음`,
  unreadable: (file, problem) => `보여 줄 수 없는 글: ${file}: ${problem}`,
  otherBlocks: (file) => `영어 글과 명령이 다른 글: ${file}`,
  unfilled: (name, template) => `${name}: 채워지지 않은 부분 ${template}`,
  emptyText: (name) => `빈 글: ${name}`,
  unknownPlace: (name, place) => `${name}: 실습에 없는 코드 블록의 머신: "${place}"`,
  unknownMark: (name, mark) =>
    `${name}: 코드 블록에 모르는 표시가 있음: "${mark}". 쓸 수 있는 표시: fails, fails=1,3, meanwhile, after`,
  oddReport: (check, language, part) => `${check}의 보고(${language})에 "${part}" 문자열이 있음`,
  passesUntouched: (check, saw) => `아무것도 하기 전에 통과하는 검사: ${check}: ${saw}`,
  nothingToDo: (task) => `풀기 전에 모든 검사가 통과하는 과제: "${task}"`,
  notSolved: (check, saw) => `풀이 뒤에도 점수가 없는 검사: ${check}: ${saw}`,
  notSolvedAgain: (check, saw) => `되돌린 뒤 다시 풀었을 때 점수가 없는 검사: ${check}: ${saw}`,
  notFull: (check, saw) => `모든 과제를 풀었을 때 점수가 없는 검사: ${check}: ${saw}`,
  notFullStudent: (check, saw) => `본문의 명령과 풀이 뒤에 점수가 없는 검사: ${check}: ${saw}`,
  solvedToo: (check, task) => `"${task}" 과제의 풀이만으로 통과하는 다른 과제의 검사: ${check}`,
  damages: (task, check, saw) => `"${task}" 과제의 풀이 때문에 실패하는 검사: ${check}: ${saw}`,
  notBrokenAgain: (task) => `\`labs reset ${task}\` 뒤에도 모든 검사가 통과하는 과제: "${task}"`,
  staysAfterReset: (check) => `과제를 되돌린 뒤에도 통과하는 검사: ${check}. 풀이의 스크립트에 \`clear\`가 필요함`,
  lostByRestart: (check, saw) => `중지하고 다시 시작하면 점수를 잃는 검사: ${check}: ${saw}`,
  healedByRestart: (task) => `중지하고 다시 시작하면 고장이 없어지는 과제: "${task}". setup에 \`resume\`이 필요함`,
  cheat: (file) => `작성자의 ${file}`,
  cheatFailed: (file, problem) => `실행하지 못한 틀린 풀이: ${file}: ${problem}`,
  survived: (task, what, saw) => `"${task}" 과제의 틀린 풀이가 만점을 받음 (${what}): ${saw}`,
  because: (check, field, names) =>
    `. ${check} 검사의 \`${field}\` 필드에 ${names} 이름이 있어 labs가 시도한 풀이입니다. 차이를 알아내는 검사를 추가하세요. ` +
    '이 과제에서 틀린 풀이가 아니라면 그 필드에 다른 이름을 쓰세요. 예: endpoints/이름 대신 pod/이름 ' +
    '(docs/authoring/fair-checks.md, "Prove it")',
  notTried: (what, problem) => `시도하지 못한 틀린 풀이: "${what}": ${problem}`,
  notUndone: (what, check, saw) => `"${what}" 뒤에 복구하지 못한 검사: ${check}: ${saw}`,
  broke: (check, problem) => `판정하지 못한 검사: ${check}: ${problem}`,
  left: (what) => `남은 것: ${what}`,
  commandFailed: (place, command, { code, output }) =>
    `${place}: \`${command}\` 명령의 종료 코드가 ${code}${output === '' ? '' : `: ${output}`}`,
  markFails: (mark) => `실패해야 하는 명령이면 머신 이름 뒤에 쓰세요: \`${mark}\``,
  markFailsOrAfter: (mark) =>
    `과제를 푼 뒤에야 성공하는 명령이면 머신 이름 뒤에 \`after\`를 쓰세요. 실패해야 하는 명령이면: \`${mark}\``,
  commandWorked: (place, command) => `${place}: 실패해야 하는데 성공한 명령: \`${command}\``,
  commandEndless: (place, command, seconds) => `${place}: ${seconds}초 안에 끝나지 않은 명령: \`${command}\``,
  markMeanwhile: '다음 블록과 함께 실행되는 명령이면 블록의 마지막 명령으로 옮기고 머신 이름 뒤에 `meanwhile`을 쓰세요',
  endMeanwhile: (fails) =>
    '다음 블록이 이 명령을 끝내지 않습니다. 그것이 맞다면 명령 앞에 `timeout 10`을' +
    `${fails ? ' 쓰세요' : ', `meanwhile` 옆에 `fails`를 쓰세요'}. timeout이 끝내는 명령의 종료 코드는 124입니다`,
  ranCommands: (count) => `명령 ${count}개`,
};

export const testWords: Readonly<Record<Language, typeof en>> = { en, ko };
export type TestWords = typeof en;
