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
        ? `Begin task ${task} again? labs breaks the cluster again, and deletes your answers and the result of this task.`
        : `Begin task ${task} again? labs deletes your answers and the result of this task. What you made in the cluster stays.`,
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
