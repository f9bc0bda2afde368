// Sentences of the commands that prepare the user's machine: setup, doctor, image, completion.
import { startFirstLab } from './general.ts';
import { both } from './words.ts';

export const machineMessages = {
  // setup
  setupWill: both(
    'This machine cannot run labs yet. To prepare it, labs will:',
    '이 컴퓨터에서는 아직 실습을 실행할 수 없습니다. 준비하기 위해 labs가 다음 작업을 합니다:',
  ),
  setupQuestion: both('Go ahead?', '진행하시겠습니까?'),
  setupDone: both(`This machine is ready. Next: ${startFirstLab}.`, `준비가 끝났습니다. 다음: ${startFirstLab}`),
  // doctor
  remedy: both('remedy', '해결'),
  doctorFine: both('This machine can run labs.', '이 컴퓨터에서 실습을 실행할 수 있습니다.'),
  doctorFailed: both(
    'This machine cannot run labs yet: see the remedies above.',
    '이 컴퓨터에서는 아직 실습을 실행할 수 없습니다. 위의 해결 방법을 보세요.',
  ),
  // image
  image: both('IMAGE', '이미지'),
  id: both('ID', 'ID'),
  size: both('SIZE', '크기'),
  noImages: both(
    'There are no pod images yet. `labs setup` installs the built-in ones.',
    '파드 이미지가 아직 없습니다. `labs setup`이 기본 이미지를 설치합니다.',
  ),
  loading: both(
    (reference: string) => `Loading ${reference}`,
    (reference) => `${reference} 불러오는 중`,
  ),
  loaded: both(
    (reference: string) => `Loaded ${reference}: pods on every node can use it now.`,
    (reference) => `${reference} 이미지를 불러왔습니다. 모든 노드의 파드에서 쓸 수 있습니다.`,
  ),
  removed: both(
    (reference: string) => `Removed ${reference}.`,
    (reference) => `${reference} 이미지를 삭제했습니다.`,
  ),
  unknownAction: both(
    (action: string) => `There is no \`labs image ${action}\``,
    (action) => `\`labs image ${action}\` 명령은 없습니다`,
  ),
  imageActions: both(
    'Use `labs image list`, `labs image load REFERENCE` or `labs image remove REFERENCE`.',
    '`labs image list`, `labs image load 이미지`, `labs image remove 이미지` 중에서 고르세요.',
  ),
  referenceNeeded: both('The name of an image is missing', '이미지 이름이 빠졌습니다'),
  referenceNeededHint: both(
    (action: string) => `For example: \`labs image ${action} nginx:1.27\`.`,
    (action) => `예: \`labs image ${action} nginx:1.27\``,
  ),
  // upgrade
  installedIn: both(
    (version: string, folder: string) => `This is labs ${version}, in ${folder}.`,
    (version, folder) => `labs ${version}, 설치 위치: ${folder}`,
  ),
  upgradeClone: both('To upgrade this clone, run:', '이 클론을 업그레이드하려면 다음을 실행하세요:'),
  upgradePackage: both(
    (name: string) =>
      `Get the new package, a file like ${name}-1.2.3.tgz, from where this one came from. ` +
      "In a clone of the repository, `npm pack` makes it. Then run in the file's folder:",
    (name) =>
      `지금 버전을 받은 곳에서 새 패키지(${name}-1.2.3.tgz 같은 파일)를 받으세요. ` +
      '저장소의 클론에서는 `npm pack`이 이 파일을 만듭니다. 그런 다음 파일이 있는 폴더에서 실행하세요:',
  ),
  upgradeLabs: both(
    'Labs and answers stay. A running lab gets the new components when you stop it and start it again. ' +
      'If the images changed, the next start makes them anew, which takes one to two minutes.',
    '실습과 답은 그대로 남습니다. 실행 중인 실습은 멈췄다가 다시 시작하면 새 구성 요소를 사용합니다. 이미지가 바뀌었으면 다음에 시작할 때 새로 만들며, 1~2분이 걸립니다.',
  ),
  // uninstall
  uninstallWill: both('This removes from this machine:', '이 컴퓨터에서 다음을 삭제합니다:'),
  uninstallLabs: both(
    (names: string) => `the labs ${names}, with everything in them`,
    (names) => `실습과 그 안의 모든 내용: ${names}`,
  ),
  uninstallImages: both('the images that labs made', 'labs가 만든 이미지'),
  uninstallFolder: both(
    (folder: string) => `the folder ${folder}`,
    (folder) => `폴더 ${folder}`,
  ),
  uninstallQuestion: both('Remove all this?', '모두 삭제하시겠습니까?'),
  uninstalled: both(
    'Everything that labs made is removed. Docker and other packages that `labs setup` installed stay.',
    'labs가 만든 것을 모두 삭제했습니다. `labs setup`이 설치한 Docker와 다른 패키지는 남아 있습니다.',
  ),
  removeProgram: both('To remove the program, run:', '프로그램을 삭제하려면 다음을 실행하세요:'),
  deleteClone: both(
    (folder: string) => `To remove the program, delete the folder ${folder}.`,
    (folder) => `프로그램을 삭제하려면 이 폴더를 삭제하세요: ${folder}`,
  ),
  // completion
  unknownShell: both(
    (shell: string) => `There is no completion script for the shell "${shell}"`,
    (shell) => `"${shell}" 셸용 자동 완성 스크립트는 없습니다`,
  ),
  unknownShellHint: both(
    'Use `labs completion bash`, `labs completion zsh` or `labs completion fish`.',
    '`labs completion bash`, `labs completion zsh`, `labs completion fish` 중에서 고르세요.',
  ),
};
