// Sentences of the commands that prepare the user's machine: setup, doctor, image, completion.
import { startFirstLab } from './general.ts';
import { both } from './words.ts';

export const machineMessages = {
  // setup
  setupWill: both(
    'This machine cannot run labs yet. To prepare it, labs will:',
    '이 머신에서는 아직 실습을 실행할 수 없습니다. 준비하기 위해 다음을 수행합니다:',
  ),
  setupQuestion: both('Go ahead?', '진행할까요?'),
  setupDone: both(`This machine is ready. Next: ${startFirstLab}.`, `준비가 끝났습니다. 다음: ${startFirstLab}`),
  // doctor
  remedy: both('remedy', '해결'),
  doctorFine: both('This machine can run labs.', '이 머신에서 실습을 실행할 수 있습니다.'),
  doctorFailed: both(
    'This machine cannot run labs yet: see the remedies above.',
    '이 머신에서는 아직 실습을 실행할 수 없습니다. 위의 해결 방법을 보세요.',
  ),
  // image
  image: both('IMAGE', '이미지'),
  id: both('ID', 'ID'),
  size: both('SIZE', '크기'),
  noImages: both(
    'There are no pod images yet. `labs setup` installs the built-in ones.',
    'Pod 이미지가 아직 없습니다. `labs setup`이 기본 이미지를 설치합니다.',
  ),
  loading: both(
    (reference: string) => `Loading ${reference}`,
    (reference) => `${reference} 불러오는 중`,
  ),
  loaded: both(
    (reference: string) => `Loaded ${reference}: pods on every node can use it now.`,
    (reference) => `${reference}을(를) 불러왔습니다. 모든 노드의 Pod에서 쓸 수 있습니다.`,
  ),
  removed: both(
    (reference: string) => `Removed ${reference}.`,
    (reference) => `${reference}을(를) 지웠습니다.`,
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
  // completion
  unknownShell: both(
    (shell: string) => `There is no completion script for the shell "${shell}"`,
    (shell) => `"${shell}" 셸용 자동 완성 스크립트는 없습니다`,
  ),
  unknownShellHint: both('Use `labs completion bash`.', '`labs completion bash`를 쓰세요.'),
};
