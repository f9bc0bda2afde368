// Sentences about the state of tasks: begun, passed, begun anew, skipped to; and what comes after a task.
import { both } from './words.ts';

export const progressMessages = {
  // Tasks that break something
  breaks: both(
    'This task breaks something in the cluster when it begins.',
    '이 과제를 시작하면 클러스터의 일부가 고장 납니다.',
  ),
  beginQuestion: both('Begin the task now?', '과제를 지금 시작할까요?'),
  beginWith: both(
    (task: number) => `Begin:   labs begin ${task}`,
    (task) => `시작:    labs begin ${task}`,
  ),
  begun: both(
    (task: number) => `Task ${task} has begun.`,
    (task) => `과제 ${task}: 시작했습니다.`,
  ),
  nothingToBegin: both(
    (task: number) => `Task ${task} breaks nothing. You can work on it at any time.`,
    (task) => `과제 ${task}: 고장 내는 것이 없는 과제입니다. 언제든지 풀 수 있습니다.`,
  ),
  alreadyBegun: both(
    (task: number) => `Task ${task} has begun already. \`labs reset ${task}\` begins it anew.`,
    (task) => `과제 ${task}: 이미 시작했습니다. 다시 시작하려면: \`labs reset ${task}\``,
  ),
  readWith: both(
    (task: number) => `Read:    labs tasks ${task}`,
    (task) => `읽기:    labs tasks ${task}`,
  ),
  brokenAgain: both(
    (tasks: string) => `The restart may have repaired the faults of task ${tasks}. They were put back.`,
    (tasks) => `다시 시작하면서 과제 ${tasks}의 고장이 고쳐졌을 수 있어 다시 고장 냈습니다.`,
  ),
  notBrokenAgain: both(
    (task: number, problem: string) => `The fault of task ${task} could not be put back: ${problem}`,
    (task, problem) => `과제 ${task}의 고장을 다시 만들지 못했습니다: ${problem}`,
  ),
  // reset TASK
  resetTaskQuestion: both(
    (task: number, breaks: boolean) =>
      breaks
        ? `Begin task ${task} again? labs breaks the cluster again. Your answers and the result of this task are deleted.`
        : `Begin task ${task} again? Your answers and the result of this task are deleted. The cluster stays as it is.`,
    (task, breaks) =>
      breaks
        ? `과제 ${task}: 다시 시작할까요? 다시 고장 나며, 이 과제의 답과 통과 기록이 사라집니다.`
        : `과제 ${task}: 다시 시작할까요? 이 과제의 답과 통과 기록이 사라집니다. 클러스터에 만든 것은 그대로 남습니다.`,
  ),
  resetTask: both(
    (task: number) => `Task ${task} is reset.`,
    (task) => `과제 ${task}: 처음 상태로 되돌렸습니다.`,
  ),
  // passed
  passedAt: both(
    (time: string) => `passed at ${time}`,
    (time) => `${time}에 통과`,
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
    (task) => `다시:    labs answer ${task}    아직 맞지 않은 것만 묻습니다`,
  ),
  right: both('Right.', '맞습니다.'),
  savedUntil: both(
    (needed: string) => `The answer is kept. It will be judged after: ${needed}`,
    (needed) => `답을 저장했습니다. 다음이 먼저 되어야 판정합니다: ${needed}`,
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
    (text) => `"${text}"은(는) 보기에 없습니다`,
  ),
  choicesAre: both(
    (choices: string) => `Answer with a number: ${choices}`,
    (choices) => `번호로 답하세요: ${choices}`,
  ),
  // After a task
  whyItWorks: both('Why it works', '왜 이렇게 동작할까'),
  soFar: both(
    (tasks: number, all: number, points: number, max: number) =>
      `${tasks} of ${all} tasks have passed: ${points} of ${max} points.`,
    (tasks, all, points, max) => `과제 ${all}개 중 ${tasks}개 통과: ${max}점 중 ${points}점.`,
  ),
  nextTask: both(
    (task: number) => `Next:    labs tasks ${task}`,
    (task) => `다음:    labs tasks ${task}`,
  ),
  nextGrade: both('Next:    labs grade', '다음:    labs grade'),
  debriefWith: both(
    (task: number) => `Why:     labs tasks ${task} --debrief`,
    (task) => `이유:    labs tasks ${task} --debrief`,
  ),
  debriefSpoils: both(
    'The task has not passed yet, and the explanation gives its solution away. Show it?',
    '아직 통과하지 않은 과제입니다. 설명을 보면 풀이를 알게 됩니다. 볼까요?',
  ),
  noDebrief: both(
    (task: number) => `Task ${task} has no explanation`,
    (task) => `과제 ${task}에는 설명이 없습니다`,
  ),
};
