// Sentences of the commands for those who write labs.
import { both } from './words.ts';

type Counts = Readonly<Record<'error' | 'warning' | 'note', number>>;

export const authorMessages = {
  // new
  newName: both('Name of the lab (lower-case letters, digits, hyphens):', '실습 이름 (소문자, 숫자, 하이픈):'),
  newTitle: both('Title:', '제목:'),
  newWorkers: both('Worker nodes (0 to 9):', '워커 노드 수 (0~9):'),
  newTasks: both('Ids of the tasks, in order:', '과제의 id, 순서대로:'),
  newMade: both(
    (folder: string) => `${folder} is a lab that works.`,
    (folder: string) => `동작하는 실습을 만들었습니다: ${folder}`,
  ),
  newStart: both('build its cluster', '클러스터 만들기'),
  newWatch: both('see how its checks judge what you do', '작업할 때마다 검사 결과 보기'),
  newLint: both('find mistakes', '실수 찾기'),
  newTest: both('prove that it can be solved, and not be cheated', '풀 수 있고 속일 수 없음을 확인하기'),
  newNameMissing: both('The new lab needs a name', '새 실습의 이름이 필요합니다'),
  newNameHint: both('Write a name such as `labs new my-lab`.', '이름을 쓰세요. 예: `labs new my-lab`'),
  newWorkersWrong: both(
    (text: string) => `"${text}" is not a number of worker nodes`,
    (text: string) => `워커 노드 수가 아닙니다: "${text}"`,
  ),
  newWorkersHint: both(
    (most: number) => `Write a number from 0 to ${most}.`,
    (most: number) => `0부터 ${most}까지의 수를 쓰세요.`,
  ),
  newTaskTwice: both(
    (id: string) => `Two tasks have the id "${id}"`,
    (id: string) => `과제 두 개의 id가 같습니다: "${id}"`,
  ),
  newNoTask: both('A lab needs a task', '과제가 하나는 있어야 합니다'),
  newTasksHint: both('Write ids such as `--tasks web,routes`.', '과제의 id를 쓰세요. 예: `--tasks web,routes`'),
  newFromBeside: both(
    (option: string) => `--${option} cannot be used with --from`,
    (option: string) => `--from과 함께 쓸 수 없는 옵션: --${option}`,
  ),
  newFromHint: both(
    'A copy has the title, the nodes and the tasks of its original: edit its lab.yaml.',
    '복사한 실습은 원본의 제목, 노드, 과제를 그대로 가집니다. lab.yaml에서 고치세요.',
  ),
  // lint
  severities: both(
    { error: 'error', warning: 'warning', note: 'note' },
    { error: '오류', warning: '경고', note: '참고' },
  ),
  linted: both(
    (labs: number, { error, warning, note }: Counts) => {
      const some = (count: number, word: string) => (count === 1 ? `1 ${word}` : `${count} ${word}s`);
      const found = [some(error, 'error'), some(warning, 'warning'), ...(note > 0 ? [some(note, 'note')] : [])];
      return `${error + warning === 0 && note === 0 ? 'No mistakes found' : found.join(', ')} in ${some(labs, 'lab')}.`;
    },
    (labs: number, { error, warning, note }: Counts) =>
      error + warning + note === 0
        ? `실습 ${labs}개에서 실수를 찾지 못했습니다.`
        : `실습 ${labs}개: 오류 ${error}개, 경고 ${warning}개${note > 0 ? `, 참고 ${note}개` : ''}`,
  ),
  lintFolderHint: both(
    'Write the name of a lab, or the path of its folder, such as `labs lint ./my-lab`.',
    '실습 이름이나 폴더의 경로를 쓰세요. 예: `labs lint ./my-lab`',
  ),
  // pack
  packed: both(
    (file: string, files: number, kib: number) => `${file} has the lab (${files} files, ${kib} KiB). Its digest:`,
    (file: string, files: number, kib: number) =>
      `실습을 파일로 묶었습니다: ${file} (파일 ${files}개, ${kib} KiB). 다이제스트:`,
  ),
  packedFrom: both(
    (folder: string) => `Packed from ${folder}`,
    (folder: string) => `묶은 폴더: ${folder}`,
  ),
  packStudent: both(
    (name: string) => `The installed lab ${name} is the edition for students, which has no solutions`,
    (name: string) => `설치한 ${name} 실습은 풀이가 없는 학생용입니다`,
  ),
  packStudentHint: both('Pack the folder of its author.', '만든 사람의 폴더를 묶으세요.'),
  packReadable: both(
    (questions: string) => `The right answers of these questions can be read in the file: ${questions}`,
    (questions: string) => `파일에서 정답을 읽을 수 있는 질문: ${questions}`,
  ),
  packShowsSetups: both(
    (scripts: string) =>
      `These scripts prepare or break something, so labs needs them, and students can read them: ${scripts}`,
    (scripts: string) => `과제를 준비하거나 고장을 내는 데 필요해서 학생도 읽을 수 있는 스크립트: ${scripts}`,
  ),
  packShowsClears: both(
    (scripts: string) => `These scripts show what a solution makes, because labs removes it with them: ${scripts}`,
    (scripts: string) => `풀이로 만든 것을 지우는 데 필요해서 풀이를 짐작할 수 있는 스크립트: ${scripts}`,
  ),
  packShowsFaults: both(
    (tasks: string) =>
      `lab.yaml names the fault of these tasks, and hides it only if one of several is drawn: ${tasks}`,
    (tasks: string) =>
      `lab.yaml에서 고장의 이름을 읽을 수 있는 과제: ${tasks}. 여러 고장 중에서 뽑으면 이름이 드러나지 않습니다`,
  ),
  packShowsDrawn: both(
    (tasks: string) =>
      `lab.yaml has the list from which the fault of these tasks is drawn: ${tasks}. \`draw: all\` has no list`,
    (tasks: string) =>
      `고장을 뽑을 목록이 lab.yaml에 있는 과제: ${tasks}. \`draw: all\`로 쓰면 목록이 드러나지 않습니다`,
  ),
  packUnwritable: both(
    (file: string, problem: string) => `${file} cannot be written: ${problem}`,
    (file: string, problem: string) => `파일을 쓸 수 없습니다 (${file}): ${problem}`,
  ),
  packUnwritableHint: both('Choose another file with --out.', '--out으로 다른 파일을 고르세요.'),
  // install
  digestWrong: both(
    (digest: string) => `"${digest}" is not a digest`,
    (digest: string) => `다이제스트가 아닙니다: "${digest}"`,
  ),
  digestHint: both(
    'Write what `labs pack` printed: sha256: and 64 letters and digits.',
    '`labs pack`에서 출력한 값을 쓰세요. sha256: 뒤에 글자와 숫자 64개가 있습니다.',
  ),
  installReplaces: both(
    (name: string, version: string, source: string, next: string) =>
      `Replace ${name} ${version} (from ${source}) by version ${next}?`,
    (name: string, version: string, source: string, next: string) =>
      `${name} ${version} 버전(출처: ${source})을 ${next} 버전으로 바꿉니까?`,
  ),
  labInstalled: both(
    (name: string, version: string) => `Installed ${name} ${version}. Its digest:`,
    (name: string, version: string) => `설치했습니다: ${name} ${version}. 다이제스트:`,
  ),
  installedNext: both(
    (name: string) => `Nothing of it has run. \`labs start ${name}\` shows its scripts and asks before it runs them.`,
    (name: string) =>
      `아직 아무 코드도 실행하지 않았습니다. \`labs start ${name}\` 명령이 스크립트를 보여 주고 실행할지 물어봅니다.`,
  ),
  installOwnName: both(
    (name: string) => `labs comes with a lab called ${name}`,
    (name: string) => `labs에 같은 이름의 실습이 이미 있습니다: ${name}`,
  ),
  installOwnNameHint: both(
    'Start it by the path of its folder, or ask its author for another name.',
    '폴더 경로로 시작하거나, 만든 사람에게 다른 이름을 부탁하세요.',
  ),
  trustWill: both(
    (name: string, source: string, count: number) =>
      `${name} comes from ${source}. When you work on it, labs runs these ${count} scripts on this machine, with your rights:`,
    (name: string, source: string, count: number) =>
      `${name} 실습의 출처: ${source}. 과제를 풀 때 이 컴퓨터에서 사용자의 권한으로 실행하는 스크립트 ${count}개:`,
  ),
  trustFolder: both(
    (folder: string) => `They are in ${folder}`,
    (folder: string) => `스크립트의 폴더: ${folder}`,
  ),
  trustQuestion: both('Let this lab run them?', '이 실습의 스크립트를 실행해도 됩니까?'),
  trustShow: both('Show the scripts first', '먼저 스크립트 보기'),
  trustYes: both('Yes, run them', '예, 실행합니다'),
  trustNo: both('No, do not start the lab', '아니요, 실습을 시작하지 않습니다'),
  trustHint: both(
    (command: string) => `Read the scripts: \`${command}\`. Then add --yes to run them without a question.`,
    (command: string) => `스크립트를 읽어 보세요: \`${command}\`. 묻지 않고 실행하려면 --yes를 붙이세요.`,
  ),
  // remove
  notInstalled: both(
    (name: string) => `No lab "${name}" is installed`,
    (name: string) => `설치한 실습이 아닙니다: "${name}"`,
  ),
  notInstalledHint: both(
    (known: string) => (known === '' ? 'No lab is installed.' : `Installed labs: ${known}`),
    (known: string) => (known === '' ? '설치한 실습이 없습니다.' : `설치한 실습: ${known}`),
  ),
  removeInUse: both(
    (name: string, clusters: string) => `${name} has clusters: ${clusters}`,
    (name: string, clusters: string) => `${name} 실습의 클러스터가 남아 있습니다: ${clusters}`,
  ),
  removeInUseHint: both(
    (cluster: string) => `Delete them first: \`labs delete ${cluster}\`.`,
    (cluster: string) => `먼저 지우세요: \`labs delete ${cluster}\``,
  ),
  labRemoveQuestion: both(
    (name: string) => `Remove the installed lab ${name}?`,
    (name: string) => `설치한 ${name} 실습을 지웁니까?`,
  ),
  labRemoved: both(
    (name: string) => `Removed ${name}.`,
    (name: string) => `지웠습니다: ${name}`,
  ),
  // run
  noScript: both(
    (file: string) => `There is no file ${file}`,
    (file: string) => `없는 파일: ${file}`,
  ),
  noFunction: both(
    (file: string, name: string) => `${file} exports no function "${name}"`,
    (file: string, name: string) => `내보내지 않은 함수입니다 (${file}): "${name}"`,
  ),
  functions: both(
    (names: string) => `It exports: ${names}`,
    (names: string) => `내보내는 함수: ${names}`,
  ),
  noScriptHint: both(
    'Name a TypeScript or JavaScript file, such as `labs run ./try.ts`.',
    'TypeScript나 JavaScript 파일의 경로를 쓰세요. 예: `labs run ./try.ts`',
  ),
  whichFunction: both(
    (file: string, names: string) =>
      names === '' ? `${file} exports no function` : `Which function of ${file}? It exports ${names}`,
    (file: string, names: string) =>
      names === ''
        ? `내보내는 함수가 없는 파일: ${file}`
        : `부를 함수를 골라야 합니다 (${file}). 내보내는 함수: ${names}`,
  ),
  whichFunctionHint: both(
    'Write its name behind the file, or export a function called `run`.',
    '파일 뒤에 함수 이름을 쓰거나, 파일에서 `run` 함수를 내보내세요.',
  ),
  answerShown: both(
    (check: string, value: string) => `The script answers ${check}: ${value} (not kept)`,
    (check: string, value: string) => `스크립트의 답 (저장하지 않음), ${check}: ${value}`,
  ),
  scriptDone: both(
    (name: string, seconds: string) => `${name} is done (${seconds} s)`,
    (name: string, seconds: string) => `${name} 완료 (${seconds}초)`,
  ),
};
