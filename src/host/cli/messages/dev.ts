// Sentences of `labs dev`.
import { both } from './words.ts';

export const devMessages = {
  devFollows: both(
    (folder: string, name: string) => `Following ${folder}; the checks judge the cluster ${name}.`,
    (folder, name) => `${folder} 폴더를 지켜봅니다. 검사 대상 클러스터: ${name}`,
  ),
  devQuit: both('Press q to stop.', 'q를 누르면 끝납니다.'),
  devInvalid: both(
    'The lab cannot be read. What was read last stays until this is corrected:',
    '실습을 읽을 수 없습니다. 고칠 때까지 마지막으로 읽은 내용을 씁니다:',
  ),
  devMended: both('corrected', '고쳐짐'),
  devNoEffect: both('no check judges differently', '결과가 달라지는 검사 없음'),
  devSame: both('as before', '전과 같음'),
  devNew: both('new', '새 검사'),
  devGone: both('removed', '삭제됨'),
  devOutcomes: both(
    { pass: 'pass', fail: 'fail', blocked: 'blocked', broken: 'broken' },
    { pass: '통과', fail: '실패', blocked: '막힘', broken: '확인 불가' },
  ),
  devScript: both(
    (file: string, command: string) => `${file} acts when it is called: \`${command}\``,
    (file, command) => `${file} 파일은 다음 명령으로 실행됩니다: \`${command}\``,
  ),
  devCluster: both(
    'lab.yaml describes another cluster than the one that runs. The checks judge the running one until a restart:',
    'lab.yaml의 클러스터가 실행 중인 것과 다릅니다. 다시 시작할 때까지 실행 중인 클러스터를 검사합니다:',
  ),
  devSameCluster: both('The cluster is as lab.yaml describes it.', '클러스터가 lab.yaml과 같습니다.'),
  devRestartKey: both(
    'Press r to delete the cluster and build it anew; progress in it is lost.',
    'r을 누르면 클러스터를 삭제하고 새로 만듭니다. 그 안의 진행 상황은 사라집니다.',
  ),
  devRestartWith: both(
    (name: string) => `\`labs reset ${name}\` deletes the cluster and builds it anew; progress in it is lost.`,
    (name) => `\`labs reset ${name}\`: 클러스터를 삭제하고 새로 만듭니다. 그 안의 진행 상황은 사라집니다.`,
  ),
  devUnknown: both(
    (problem: string) => `The checks could not judge: ${problem}`,
    (problem) => `검사할 수 없었습니다: ${problem}`,
  ),
};
