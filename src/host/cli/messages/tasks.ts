// Sentences of the commands for tasks: tasks, check, hint, answer, grade, solve.
import { both } from './words.ts';

export const taskMessages = {
  // Which task is meant
  whichTask: both('Which task?', '어느 과제입니까?'),
  taskNeeded: both('The number or name of a task is missing', '과제의 번호나 이름이 빠졌습니다'),
  taskNeededHint: both('`labs tasks` lists the tasks.', '`labs tasks`로 과제 목록을 볼 수 있습니다.'),
  // tasks
  readTask: both('Read a task with `labs tasks NUMBER`.', '`labs tasks 번호`로 과제를 읽으세요.'),
  beginning: both('Preparing the cluster for this task', '이 과제를 위한 클러스터 준비'),
  answerWith: both(
    (task: number) => `Answer:  labs answer ${task}`,
    (task) => `답하기:  labs answer ${task}`,
  ),
  checkWith: both(
    (task: number) => `Check:   labs check ${task}`,
    (task) => `확인:    labs check ${task}`,
  ),
  // check
  points: both(
    (score: number, max: number) => `${score}/${max}`,
    (score, max) => `${score}/${max}`,
  ),
  score: both('Score', '점수'),
  expected: both('expected', '기댓값'),
  observed: both('observed', '실젯값'),
  hintLabel: both('hint', '힌트'),
  notBegun: both('not begun', '시작 전'),
  lockedNote: both(
    (tasks: string) => `locked: needs task ${tasks}`,
    (tasks) => `잠김: 과제 ${tasks} 먼저`,
  ),
  locked: both(
    (task: number, needs: string) => `Task ${task} is locked: task ${needs} must be done first`,
    (task, needs) => `${task}번 과제는 잠겨 있습니다. 먼저 할 과제: ${needs}`,
  ),
  lockedHintOnly: both(
    (first: number) => `Do task ${first} first (\`labs tasks ${first}\`).`,
    (first) => `먼저 ${first}번 과제를 하세요(\`labs tasks ${first}\`).`,
  ),
  lockedHint: both(
    (task: number, first: number) =>
      `Do task ${first} first (\`labs tasks ${first}\`), or let labs do it without points: \`labs goto ${task}\`.`,
    (task, first) =>
      `먼저 ${first}번 과제를 하세요(\`labs tasks ${first}\`). 점수 없이 labs에 맡길 수도 있습니다: \`labs goto ${task}\``,
  ),
  earlierOpen: both(
    (tasks: string) =>
      `Not done yet: ${/^\d+$/.test(tasks) ? 'task' : 'tasks'} ${tasks}. The fault may get in their way.`,
    (tasks) => `아직 끝내지 않은 과제: ${tasks}. 고장 때문에 그 과제를 풀기 어려울 수 있습니다.`,
  ),
  blockedBy: both(
    (check: string) => `waits for ${check}`,
    (check) => `선행 조건: ${check}`,
  ),
  allPass: both('All checks pass. Well done!', '모든 항목을 통과했습니다. 잘했습니다!'),
  graderBroke: both(
    'A check could not run. This costs no points. `labs doctor` may find the reason.',
    '확인하지 못한 항목이 있습니다. 점수는 깎이지 않습니다. `labs doctor`로 원인을 찾아보세요.',
  ),
  checking: both('Checking…', '확인하는 중…'),
  watchHelp: both('watching; press q to stop', '지켜보는 중. q를 누르면 끝납니다'),
  watchScrollHelp: both(
    (first: number, last: number, all: number) =>
      `watching; ↑ ↓ scroll, lines ${first}–${last} of ${all}; press q to stop`,
    (first, last, all) => `지켜보는 중. ↑ ↓로 넘기기, ${all}줄 중 ${first}~${last}줄. q를 누르면 끝납니다`,
  ),
  // hint
  hint: both(
    (index: number, count: number) => `Hint ${index} of ${count}`,
    (index, count) => `힌트 ${index}/${count}`,
  ),
  hintCosts: both(
    (points: number) =>
      `The next hint of this task costs ${points} ${points === 1 ? 'point' : 'points'} of the grade. Show it?`,
    (points) => `이 과제의 다음 힌트를 보면 ${points}점이 깎입니다. 보시겠습니까?`,
  ),
  /** The label of commands that run on the student's own machine. */
  ownMachine: both('your own machine', '내 컴퓨터'),
  noHints: both('This task has no hints.', '이 과제에는 힌트가 없습니다.'),
  noMoreHints: both('There are no more hints for this task.', '이 과제의 힌트는 더 없습니다.'),
  noHintRead: both('No hint of this task was read yet.', '이 과제의 힌트는 아직 읽지 않았습니다.'),
  hintsLeft: both(
    (task: number) => `Next hint: labs hint ${task}`,
    (task) => `다음 힌트: labs hint ${task}`,
  ),
  // explain
  explainOne: both('Read one with `labs explain TERM`.', '`labs explain 용어`로 하나를 읽으세요.'),
  seeAlso: both(
    (terms: string) => `See also: ${terms}`,
    (terms) => `함께 보기: ${terms}`,
  ),
  unknownTerm: both(
    (word: string) => `The glossary has no term "${word}"`,
    (word) => `용어집에 없는 용어: "${word}"`,
  ),
  unknownTermHint: both('`labs explain` lists all terms.', '`labs explain`으로 용어 목록을 볼 수 있습니다.'),
  // answer
  yourAnswer: both('Your answer:', '답:'),
  nothingToAnswer: both('This task asks no question', '이 과제에는 질문이 없습니다'),
  askingTasks: both(
    (numbers: string) => `Tasks with a question: ${numbers}.`,
    (numbers) => `질문이 있는 과제: ${numbers}`,
  ),
  emptyAnswer: both('The answer is empty', '답이 비어 있습니다'),
  answerNeeded: both(
    'The answer is missing, and there is no terminal on which to ask for it',
    '답이 없고, 터미널이 아니어서 물어볼 수 없습니다',
  ),
  // grade
  wrote: both(
    (format: string, file: string) => `Wrote the ${format} report to ${file}`,
    (format, file) => `보고서를 저장했습니다 (${format}): ${file}`,
  ),
  reportFormat: both(
    (text: string) => `"${text}" is not FORMAT or FORMAT=FILE with a known format`,
    (text) => `형식이나 형식=파일 꼴이 아니거나 알 수 없는 형식입니다: "${text}"`,
  ),
  reportTwice: both(
    'Only one report can be printed: name a file for the others (--report junit=out.xml)',
    '보고서는 하나만 출력할 수 있습니다. 나머지에는 파일을 지정하세요(--report junit=out.xml)',
  ),
  reportFormatHint: both(
    (formats: string) => `Formats: ${formats}. Example: --report junit=out.xml`,
    (formats) => `형식: ${formats}. 예: --report junit=out.xml`,
  ),
  reportUnwritable: both(
    (file: string, problem: string) => `Cannot write the report to ${file}: ${problem}`,
    (file, problem) => `보고서를 저장할 수 없습니다 (${file}): ${problem}`,
  ),
  reportUnwritableHint: both(
    'Choose a file in a folder that exists and that you may write to.',
    '이미 있고 쓰기 권한이 있는 폴더의 파일을 지정하세요.',
  ),
  // solve
  checksOpen: both(
    (count: number, number: number) =>
      `${count === 1 ? 'One check of the task does' : `${count} checks of the task do`} not pass yet: \`labs check ${number}\``,
    (count: number, number: number) => `아직 통과하지 못한 검사가 ${count}개 있습니다: \`labs check ${number}\``,
  ),
  solveQuestion: both(
    'Use the solution of the lab? It may change your own work, and `labs grade` shows that labs solved it.',
    'labs에 풀이를 맡기시겠습니까? 클러스터에서 한 작업이 바뀔 수 있고, `labs grade`에 labs가 풀었다고 표시됩니다.',
  ),
  solved: both('Done. `labs check` shows the result.', '끝났습니다. `labs check`로 결과를 보세요.'),
};
