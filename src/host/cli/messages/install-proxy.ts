// Sentences of `labs install-proxy`.
import { both } from './words.ts';

export const installProxyMessages = {
  installingProxy: both(
    (node: string) => `Installing on ${node}`,
    (node) => `${node}에 설치`,
  ),
  removingProxy: both(
    (node: string) => `Removing from ${node}`,
    (node) => `${node}에서 삭제`,
  ),
  proxyInstalled: both(
    (file: string, nodes: string) => `${file} runs in the place of kube-proxy on ${nodes}.`,
    (file, nodes) => `kube-proxy 자리에서 실행 중: ${file} (${nodes})`,
  ),
  proxyLog: both(
    (node: string, unit: string) => `Its log: labs logs ${node} ${unit} -f`,
    (node, unit) => `로그: labs logs ${node} ${unit} -f`,
  ),
  proxyRemoved: both(
    (nodes: string) => `No proxy and no rules of one are left on ${nodes}.`,
    (nodes) => `프록시와 프록시의 규칙을 모두 지웠습니다: ${nodes}`,
  ),
  fileNeeded: both('Which file is your proxy?', '프록시 파일을 적지 않았습니다'),
  fileNeededHint: both(
    'Write `labs install-proxy my-proxy.ts`. To begin, `labs install-proxy --skeleton my-proxy.ts` writes the file.',
    '`labs install-proxy my-proxy.ts`처럼 쓰세요. 처음에는 `labs install-proxy --skeleton my-proxy.ts`로 파일을 만드세요.',
  ),
  skeletonAlone: both(
    '--skeleton writes a file, and goes with neither --node nor --remove',
    '--skeleton은 파일을 만드는 옵션이므로 --node, --remove와 함께 쓸 수 없습니다',
  ),
  removeWithoutFile: both('--remove takes no file', '--remove에는 파일을 적지 않습니다'),
  removeWithoutFileHint: both(
    'Write `labs install-proxy --remove`. Your file stays where it is.',
    '`labs install-proxy --remove`처럼 쓰세요. 여러분의 파일은 그대로 둡니다.',
  ),
  replaceFiles: both(
    (files: string) => `Replace your ${files} with the skeleton?`,
    (files) => `기존 파일을 처음 상태로 덮어쓰시겠습니까? (${files})`,
  ),
  skeletonWritten: both(
    (file: string) => `Written: ${file}`,
    (file) => `파일을 썼습니다: ${file}`,
  ),
  skeletonThere: both(
    (file: string) => `${file} is the skeleton already.`,
    (file) => `이미 있는 파일과 같습니다: ${file}`,
  ),
  skeletonNext: both(
    (file: string) => `Put it onto the nodes: labs install-proxy ${file}`,
    (file) => `노드에 설치: labs install-proxy ${file}`,
  ),
};
