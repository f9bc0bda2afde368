// Sentences about the state of tasks: begun, passed, begun anew, done by goto; and what comes after a task.
import { words } from '../../grade/report/words.ts';
import { both } from './words.ts';

/** What `labs reset TASK` does to the cluster. */
export type ResetEffect = 'breaks' | 'removes' | 'nothing';

const clusterEn: Readonly<Record<ResetEffect, string>> = {
  breaks: 'labs breaks the cluster again.',
  removes: 'labs removes what the task makes in the cluster.',
  nothing: 'The cluster stays as it is.',
};
const clusterKo: typeof clusterEn = {
  breaks: '클러스터가 다시 고장 납니다.',
  removes: '이 과제에서 클러스터에 만든 것을 삭제합니다.',
  nothing: '클러스터는 그대로 둡니다.',
};

const taskOrTasks = (numbers: string): string => `${/^\d+$/.test(numbers) ? 'Task' : 'Tasks'} ${numbers}`;

export const progressMessages = {
  tryingOut: both(
    (title: string) => `Trying it out: ${title}`,
    (title) => `시험하는 중: ${title}`,
  ),
  progressBehind: both(
    (name: string) =>
      `${name}: the progress file lacks what was done in this lab: it is an older copy, or another folder was used ` +
      '(XDG_STATE_HOME). Hints, solutions and answers that the lab remembers count.',
    (name) =>
      `${name}: 진행 파일에 이 실습에서 한 일이 빠져 있습니다. 옛 사본이거나 다른 폴더(XDG_STATE_HOME)를 썼습니다. ` +
      '실습에 기록된 힌트, 풀이, 답 시도로 채점합니다.',
  ),
  // Tasks that break something
  breaks: both(
    'This task breaks something in the cluster when it begins.',
    '이 과제를 시작하면 클러스터의 일부가 고장 납니다.',
  ),
  beginQuestion: both('Begin the task now?', '과제를 지금 시작하시겠습니까?'),
  beginWith: both(
    (task: number) => `Begin:   labs begin ${task}`,
    (task) => `시작:    labs begin ${task}`,
  ),
  begun: both(
    (task: number) => `Task ${task} has begun.`,
    (task) => `${task}번 과제를 시작했습니다.`,
  ),
  nothingToBegin: both(
    (task: number) => `Task ${task} breaks nothing. You can work on it at any time.`,
    (task) => `${task}번 과제는 클러스터를 고장 내지 않습니다. 언제든지 풀 수 있습니다.`,
  ),
  alreadyBegun: both(
    (task: number) => `Task ${task} has begun already. \`labs reset ${task}\` begins it anew.`,
    (task) => `${task}번 과제는 이미 시작했습니다. 처음부터 다시 하기: \`labs reset ${task}\``,
  ),
  readWith: both(
    (task: number) => `Read:    labs tasks ${task}`,
    (task) => `읽기:    labs tasks ${task}`,
  ),
  brokenAgain: both(
    (tasks: string) => `The restart may have repaired the faults of task ${tasks}. They were put back.`,
    (tasks) => `다시 시작하면서 고장이 고쳐졌을 수 있어 다시 고장 냈습니다: 과제 ${tasks}`,
  ),
  notBrokenAgain: both(
    (task: number, problem: string) => `The fault of task ${task} could not be put back: ${problem}`,
    (task, problem) => `${task}번 과제의 고장을 다시 만들지 못했습니다: ${problem}`,
  ),
  labNotSetUpAgain: both(
    (problem: string) => `What the lab set up at its start could not be made again: ${problem}`,
    (problem) => `실습이 처음에 준비한 것을 다시 만들지 못했습니다: ${problem}`,
  ),
  redone: both(
    (task: number, lost: string) =>
      `Task ${task} was done, but the stop took a part of it (${lost}). labs has done the task again.`,
    (task, lost) => `${task}번 과제는 끝냈지만 중지하면서 일부가 사라져(${lost}) labs가 다시 해 두었습니다.`,
  ),
  lostByStop: both(
    (task: number, lost: string, problem?: string) =>
      `The stop took a part of task ${task}: ${lost}. Routes, rules and the like do not survive it. ` +
      `${problem === undefined ? '' : `labs could not do the task again: ${problem} `}` +
      `Do that part again; \`labs check ${task}\` shows what is missing.`,
    (task, lost, problem) =>
      `중지하면서 ${task}번 과제의 일부가 사라졌습니다: ${lost}. 경로나 규칙 등은 중지하면 남지 않습니다. ` +
      `${problem === undefined ? '' : `labs가 다시 하지 못했습니다: ${problem} `}` +
      `이 부분을 다시 하세요. 무엇이 빠졌는지 보기: \`labs check ${task}\``,
  ),
  // reset TASK
  resetTaskQuestion: both(
    (task: number, effect: ResetEffect) =>
      `Begin task ${task} again? ${clusterEn[effect]} Your answers and the result of this task are deleted.`,
    (task, effect) =>
      `${task}번 과제를 다시 시작하시겠습니까? ${clusterKo[effect]} 이 과제의 답과 통과 기록이 사라집니다.`,
  ),
  resetTask: both(
    (task: number) => `Task ${task} is reset.`,
    (task) => `${task}번 과제를 처음 상태로 되돌렸습니다.`,
  ),
  // Both also run where nothing was changed and nothing was made.
  restoring: both('Setting the nodes back to how the lab starts', '노드를 실습 시작 상태로 되돌리기'),
  removing: both('Removing what was made, if anything', '만든 것이 있으면 삭제하기'),
  taskTitle: both(
    (task: number, title: string) => `Task ${task}: ${title}`,
    (task, title) => `과제 ${task}: ${title}`,
  ),
  // goto
  gotoPlan: both(
    (task: number) => `To bring the cluster to the start of task ${task}:`,
    (task) => `클러스터를 ${task}번 과제의 시작 상태로 만들면 다음과 같이 됩니다:`,
  ),
  gotoKeeps: both(
    (tasks: string) => `${taskOrTasks(tasks)}: passed, and stays so. labs makes again what is missing in the cluster.`,
    (tasks) => `과제 ${tasks}: 통과한 상태 그대로. 클러스터에서 없어진 것은 다시 만듭니다.`,
  ),
  gotoSkips: both(
    (tasks: string) => `${taskOrTasks(tasks)}: done by labs. You keep the points that you have, and get no others.`,
    (tasks) => `과제 ${tasks}: labs가 대신 풉니다. 지금까지 얻은 점수는 남지만 더는 점수를 얻을 수 없습니다.`,
  ),
  gotoRemoves: both(
    (tasks: string) => `${taskOrTasks(tasks)}: removed from the cluster, with faults. A passed task stays passed.`,
    (tasks) => `과제 ${tasks}: 클러스터에 만든 것과 고장을 없앱니다. 통과 기록은 남습니다.`,
  ),
  nodesSetBack: both(
    'Nodes: set back to how the lab starts. Your changes of rules and components are lost.',
    '노드: 실습 시작 상태로 되돌립니다. 규칙과 구성 요소에서 바꾼 것은 사라집니다.',
  ),
  gotoReplaces: both(
    'Pods and services of yours that have the names of the lab’s own may be replaced.',
    '직접 만든 파드나 서비스의 이름이 실습에서 쓰는 이름과 같으면 실습의 것으로 바뀔 수 있습니다.',
  ),
  gotoQuestion: both('Go on?', '진행하시겠습니까?'),
  gotoDone: both(
    (task: number, seconds: string) => `The cluster is at the start of task ${task} (${seconds} s).`,
    (task, seconds) => `클러스터가 ${task}번 과제의 시작 상태가 되었습니다 (${seconds}초).`,
  ),
  byGoto: both('done by labs goto', 'labs goto가 대신 풂'),
  ownWork: both(
    (task: number) => `labs goto did this task. To do it yourself: labs reset ${task}`,
    (task) => `labs goto가 대신 푼 과제입니다. 직접 풀기: labs reset ${task}`,
  ),
  hintCost: both(words.en.hintCost, words.ko.hintCost),
  // passed
  passedAt: both(
    (time: string) => `passed at ${time}`,
    (time) => `${time}에 통과`,
  ),
  isDifferentNow: both('different now', '지금은 다름'),
  differentTasks: both(
    (tasks: string, first: number) =>
      `Passed, but different now: ${tasks}. See \`labs check ${first}\`. \`labs grade\` counts the final state.`,
    (tasks, first) =>
      `통과했지만 지금은 상태가 다른 과제: ${tasks}. \`labs check ${first}\` 명령으로 볼 수 있습니다. \`labs grade\`는 마지막 상태로 채점합니다.`,
  ),
  differentNow: both(
    (observed: string) => `different now: ${observed}`,
    (observed) => `지금은 다름: ${observed}`,
  ),
  // answer
  questionOf: both(
    (index: number, count: number) => `Question ${index} of ${count}`,
    (index, count) => `질문 ${index}/${count}`,
  ),
  allRight: both('All your answers to this task are right.', '이 과제의 답이 모두 맞습니다.'),
  answersRight: both(
    (right: number, count: number) => `${right} of ${count} answers are right.`,
    (right, count) => `답 ${count}개 중 ${right}개가 맞습니다.`,
  ),
  askAgain: both(
    (task: number) => `Again:   labs answer ${task}    asks only what is not right yet`,
    (task) => `다시:    labs answer ${task}    아직 맞히지 못한 질문만 묻습니다`,
  ),
  right: both('Right.', '맞습니다.'),
  savedUntil: both(
    (needed: string) => `The answer is kept. It will be judged after: ${needed}`,
    (needed) => `답을 저장했습니다. 다음을 마친 뒤에 채점합니다: ${needed}`,
  ),
  whichQuestion: both(
    (count: number) => `This task asks ${count} questions, and the command does not say which one is answered`,
    (count) => `이 과제에는 질문이 ${count}개 있는데, 어느 질문의 답인지 알 수 없습니다`,
  ),
  whichQuestionHint: both(
    (task: number) => `Put the number of the question before the answer: \`labs answer ${task} 1 ANSWER\`.`,
    (task) => `답 앞에 질문의 번호를 쓰세요: \`labs answer ${task} 1 답\``,
  ),
  noChoice: both(
    (text: string) => `"${text}" is none of the choices`,
    (text) => `보기에 없는 답입니다: "${text}"`,
  ),
  choicesAre: both(
    (choices: string) => `Answer with a number: ${choices}`,
    (choices) => `번호로 답하세요: ${choices}`,
  ),
  // After a task
  whyItWorks: both('Why it works', '이렇게 동작하는 이유'),
  soFar: both(
    (tasks: number, all: number, points: number, max: number) =>
      `${tasks} of ${all} tasks have passed. You have ${points} of ${max} points.`,
    (tasks, all, points, max) => `과제 ${all}개 중 ${tasks}개를 통과했습니다. 점수는 ${points}/${max}점입니다.`,
  ),
  nextTask: both(
    (task: number) => `Next:    labs tasks ${task}`,
    (task) => `다음:    labs tasks ${task}`,
  ),
  onlyGotoLeft: both(
    (task: number) => `labs goto did the tasks that are left. To do one yourself: labs reset ${task}`,
    (task) => `남은 과제는 모두 labs goto가 대신 풀었습니다. 직접 풀기: labs reset ${task}`,
  ),
  nextGrade: both('Next:    labs grade', '다음:    labs grade'),
  debriefWith: both(
    (task: number) => `Why:     labs tasks ${task} --debrief`,
    (task) => `이유:    labs tasks ${task} --debrief`,
  ),
  debriefSpoils: both(
    'The task has not passed yet, and the explanation gives its solution away. Show it?',
    '아직 통과하지 않은 과제입니다. 설명을 보면 풀이를 알게 됩니다. 보시겠습니까?',
  ),
  noDebrief: both(
    (task: number) => `Task ${task} has no explanation`,
    (task) => `${task}번 과제에는 설명이 없습니다`,
  ),
};
