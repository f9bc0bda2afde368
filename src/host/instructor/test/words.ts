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
  full: 'All points',
  restart: 'Stop and start keep the score',
  reset: (number: number) => `Task ${number} fails again after a reset`,
  wrong: (number: number, file: string) => `Task ${number}: the wrong solution ${file}`,
  again: (number: number) => `Task ${number}, solved a second time`,
  fullAgain: 'All points again',
  mutants: (what: string) => `Wrong: ${what}`,
  killed: (killed: number, all: number) => `${killed}/${all} lose points`,
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
  notUndone: (what: string, check: string, saw: string) => `${check} could not be repaired after "${what}": ${saw}`,
  broke: (check: string, problem: string) => `${check} is broken: ${problem}`,
  left: (what: string) => `left behind: ${what}`,
  // Commands
  commandFailed: (place: string, command: string, code: number, output: string) =>
    `on ${place}, \`${command}\` ends with exit code ${code}${output === '' ? '' : `: ${output}`}. If it is meant to fail, write \`fails\` behind the name of the machine`,
  commandWorked: (place: string, command: string) => `on ${place}, \`${command}\` is meant to fail, and ends with 0`,
  commandEndless: (place: string, command: string, seconds: number) =>
    `on ${place}, \`${command}\` does not end within ${seconds} s. If it goes on while the next block runs, write \`meanwhile\` behind the name of the machine`,
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
  full: '만점',
  restart: '중지하고 다시 시작해도 점수 유지',
  reset: (number) => `과제 ${number}: 되돌리면 다시 실패`,
  wrong: (number, file) => `과제 ${number}: 틀린 풀이 ${file}`,
  again: (number) => `과제 ${number}: 두 번째 풀이`,
  fullAgain: '다시 만점',
  mutants: (what) => `틀린 풀이: ${what}`,
  killed: (killed, all) => `감점 ${killed}/${all}`,
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
  notUndone: (what, check, saw) => `"${what}" 뒤에 복구하지 못한 검사: ${check}: ${saw}`,
  broke: (check, problem) => `판정하지 못한 검사: ${check}: ${problem}`,
  left: (what) => `남은 것: ${what}`,
  commandFailed: (place, command, code, output) =>
    `${place}: \`${command}\` 명령의 종료 코드가 ${code}${output === '' ? '' : `: ${output}`}. 실패해야 하는 명령이면 머신 이름 뒤에 \`fails\`를 쓰세요`,
  commandWorked: (place, command) => `${place}: 실패해야 하는데 성공한 명령: \`${command}\``,
  commandEndless: (place, command, seconds) =>
    `${place}: ${seconds}초 안에 끝나지 않은 명령: \`${command}\`. 다음 블록과 함께 실행되는 명령이면 머신 이름 뒤에 \`meanwhile\`을 쓰세요`,
  ranCommands: (count) => `명령 ${count}개`,
};

export const testWords: Readonly<Record<Language, typeof en>> = { en, ko };
export type TestWords = typeof en;
