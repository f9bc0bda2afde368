// Labs and tasks: src/host/lab, src/host/tasks. lab-yaml.ts has the problems of a lab.yaml.
import type { Sentences } from './sentences.ts';

export const labSentences: Sentences = {
  'There is no lab "{lab}"': '없는 실습입니다: "{lab}"',
  'There is no lab "{lab}"; did you mean "{other}"?': '없는 실습입니다: "{lab}". 혹시 "{other}"입니까?',
  'There is no lab in {folder}: the folder has no lab.yaml':
    '{folder}에 실습이 없습니다. 폴더에 lab.yaml 파일이 없습니다',
  'Run `labs list` to see all labs.': '`labs list`로 모든 실습을 볼 수 있습니다.',
  'The lab {lab} has no task "{task}"': '{lab} 실습에 없는 과제입니다: "{task}"',
  'The lab {lab} has no task "{task}"; did you mean "{other}"?':
    '{lab} 실습에 없는 과제입니다: "{task}". 혹시 "{other}"입니까?',
  'Run `labs tasks` to see all tasks.': '`labs tasks`로 모든 과제를 볼 수 있습니다.',
  "This cluster can't be built: {problem}": '이 클러스터는 만들 수 없습니다: {problem}',
  "This cluster can't be built:": '이 클러스터는 만들 수 없습니다:',
  'Choose another name with `--name`.': '`--name`으로 다른 이름을 정하세요.',
  'Correct the `cluster` part of lab.yaml.': 'lab.yaml의 `cluster` 부분을 고치세요.',
  'One problem in the lab’s definition:': '실습 정의에 문제가 있습니다:',
  '{count} problems in the lab’s definition:': '실습 정의에 문제가 {count}개 있습니다:',
  'Correct the lines above.': '위에 나온 줄을 고치세요.',
  'An editor with YAML support completes fields from schema/lab.schema.json.':
    'YAML을 지원하는 편집기는 schema/lab.schema.json으로 필드를 자동 완성합니다.',
  'The glossary {file} is not valid: {cause}': '용어집 {file}에 문제가 있습니다: {cause}',
  'Correct the file. docs/authoring/texts.md describes its fields.':
    '파일을 고치세요. 필드는 docs/authoring/texts.md에 설명되어 있습니다.',
  'Task "{task}" has no solution': '풀이가 없는 과제입니다: "{task}"',
  'Task "{task}" has no solution, so labs cannot do it for you':
    '풀이가 없어 labs가 대신 풀 수 없는 과제입니다: "{task}"',
  'Do the task yourself, then run the command again.': '그 과제를 직접 푼 뒤 다시 실행하세요.',
  'Waiting up to {seconds} s until a check of the task fails':
    '과제의 확인 항목이 실패할 때까지 최대 {seconds}초 기다리는 중',
  'Task {number} could not begin: after its preparation, every check passes':
    '{number}번 과제를 시작하지 못했습니다. 준비한 뒤에도 모든 검사를 통과합니다',
  'Programs of the nodes may have been replaced.': '노드의 프로그램이 바뀌었을 수 있습니다.',
  '`labs reset` builds the lab anew.': '`labs reset`으로 실습을 새로 만드세요.',
  'If the task cannot begin then, its script `setup` is wrong: the script must make a check of the task fail.':
    '그래도 과제를 시작할 수 없으면 과제의 `setup` 스크립트가 잘못된 것입니다. 과제의 점검 하나는 실패하게 만들어야 합니다.',
  'a check of the task fails': '과제의 점검이 실패함',
  'every check passes': '모든 점검이 통과함',
  'The lab {lab} could not be set up: {problem}': '{lab} 실습을 준비하지 못했습니다: {problem}',
  '{file} cannot be applied: {said}': '매니페스트를 적용하지 못했습니다 ({file}): {said}',
  'Correct the file, and start the lab again.': '파일을 고친 뒤 실습을 다시 시작하세요.',
  'the pods of the manifests are ready': '매니페스트의 파드 준비',
  '{object} is not ready': '아직 준비되지 않음: {object}',
  'The lab needs images that are not loaded: {images}': '불러오지 않은 이미지가 실습에 필요합니다: {images}',
  'Run `labs image load {images}`, then start the lab again.':
    '다음을 실행한 뒤 실습을 다시 시작하세요: `labs image load {images}`',
  'Task "{task}" could not be set up: {problem}': '과제를 준비하지 못했습니다 ("{task}"): {problem}',
  'The solution of task "{task}" failed: {problem}': '"{task}" 과제의 풀이가 실패했습니다: {problem}',
  'The wrong solution of task "{task}" failed: {problem}': '"{task}" 과제의 틀린 풀이가 실패했습니다: {problem}',
  'What task "{task}" makes could not be removed: {problem}':
    '과제에서 만든 것을 삭제하지 못했습니다 ("{task}"): {problem}',
  'The nodes could not be set back to how the lab starts: {problem}':
    '노드를 실습 시작 상태로 되돌리지 못했습니다: {problem}',
  'Look at the cluster with `labs status`, or start over with `labs reset`.':
    '`labs status`로 클러스터를 확인하거나, `labs reset`으로 처음부터 다시 시작하세요.',
  'Its cluster was removed, so start the lab again.': '클러스터는 삭제했으니 실습을 다시 시작하세요.',
  'If the error comes again, the script of the lab must be corrected.':
    '같은 오류가 다시 나면 실습의 스크립트를 고쳐야 합니다.',
  'The progress file {file} can’t be read: {cause}': '진행 기록을 읽을 수 없습니다 ({file}): {cause}',
  'The progress file {file} was not written by labs, so it does not count':
    'labs에서 쓴 진행 기록이 아니므로 인정되지 않습니다: {file}',
  "Undo your change, or answer the questions anew without the file: mv '{file}' '{other}'":
    "고친 것을 되돌리거나, 파일을 옮긴 뒤 질문에 다시 답하세요: mv '{file}' '{other}'",
  'The fabric did not keep the key of the progress file': '패브릭이 진행 기록의 키를 보관하지 못했습니다',
  'labs has not written it': 'labs에서 만든 파일이 아님',
  'the value of {field} is wrong': '{field} 필드의 값이 잘못됨',
  "Nothing was changed. Correct the file, or move it away: mv '{file}' '{other}'":
    "아무것도 바꾸지 않았습니다. 파일을 고치거나 옮기세요: mv '{file}' '{other}'",
  // labs new
  '{folder} exists already': '이미 있습니다: {folder}',
  'Choose another name, or move what is there.': '다른 이름을 고르거나 있는 것을 옮기세요.',
  'The lab cannot be written to {folder}: {problem}': '실습을 쓸 수 없습니다 ({folder}): {problem}',
  'Run `labs new` in a folder that you can write to.': '쓸 수 있는 폴더에서 `labs new`를 실행하세요.',
  // labs pack, labs install
  'The lab cannot be packed: the name of the file {file} is not portable':
    '실습을 묶을 수 없습니다. 다른 시스템에서 쓸 수 없는 파일 이름: {file}',
  'Use letters, digits, dots, hyphens and underscores.': '글자, 숫자, 점, 하이픈, 밑줄만 쓰세요.',
  'Move files that do not belong to the lab elsewhere.': '실습에 속하지 않는 파일은 다른 곳으로 옮기세요.',
  'The file is no packed lab: {problem}': '묶은 실습 파일이 아닙니다: {problem}',
  '`labs pack` makes such a file from the folder of a lab.': '`labs pack` 명령이 실습 폴더로 이런 파일을 만듭니다.',
  'The packed lab is damaged: {problem}': '묶은 실습 파일이 손상되었습니다: {problem}',
  'Get the file again from where it came from.': '파일을 받은 곳에서 다시 받으세요.',
  'it has no {file}': '{file} 파일이 없음',
  'its {file} is not one of this version of labs': '이 버전의 labs에서 읽을 수 없는 {file}',
  'the path {path} leads elsewhere': '폴더 밖을 가리키는 경로: {path}',
  'the file {file} was changed': '바뀐 파일: {file}',
  'the file {file} is missing': '없는 파일: {file}',
  'the file {file} is not in its manifest': '목록에 없는 파일: {file}',
  'it holds more than {size} MiB': '내용이 {size} MiB보다 큼',
  'it has a {type}, and only files may be in it': '파일만 들어 있어야 하는데 {type} 항목이 있음',
  'The packed lab is called {name}, but its lab.yaml says {other}':
    '묶은 실습의 이름({name})과 lab.yaml의 이름({other})이 다릅니다',
  'The lab cannot be installed in {folder}: {problem}': '실습을 설치할 수 없습니다 ({folder}): {problem}',
  'Make room on the disk, or correct the permissions of the folder.':
    '디스크 공간을 확보하거나 폴더의 권한을 고치세요.',
  'The lab is another one: its digest is {digest}': '다른 실습입니다. 다이제스트: {digest}',
  'Ask who gave you the digest for the right file.': '다이제스트를 알려 준 사람에게 맞는 파일을 받으세요.',
  'Nothing was installed.': '아무것도 설치하지 않았습니다.',
  'Name a file that `labs pack` made, a folder, a URL or a git repository.':
    '`labs pack`으로 만든 파일, 폴더, URL, git 저장소 가운데 하나를 쓰세요.',
  'The lab cannot be fetched from {source}: {problem}': '실습을 가져올 수 없습니다 ({source}): {problem}',
  'Name a file that `labs pack` made.': '`labs pack`으로 만든 파일을 쓰세요.',
  'it is no file': '파일이 아님',
  'there is no such file or folder': '그런 파일이나 폴더가 없음',
  'anybody on the way can change what http sends': 'http로 받는 내용은 중간에서 누구나 바꿀 수 있음',
  'Use https, or give the digest that `labs pack` printed: `--digest sha256:…`.':
    'https를 쓰거나 `labs pack`에서 출력한 다이제스트를 쓰세요: `--digest sha256:…`',
  'Open the URL in a browser.': 'URL을 브라우저에서 열어 보세요.',
  'It must lead to a file that `labs pack` made.': '`labs pack`으로 만든 파일이 나와야 합니다.',
  'the server answered {status}': '서버의 응답: {status}',
  'the folder {folder} is outside of it': '저장소 밖의 폴더: {folder}',
  'git is not installed': 'git이 설치되어 있지 않음',
  'Try `git clone` with the same address.': '같은 주소로 `git clone`을 해 보세요.',
  'Behind `#` stands the folder of the lab in the repository.': '`#` 뒤에는 저장소 안의 실습 폴더를 씁니다.',
  '{file} cannot be read': '읽을 수 없는 파일입니다: {file}',
  'the nodes do not have the package {package}': '노드에 없는 패키지입니다: {package}',
  'a folder of the program has a name with other letters than A-Z, 0-9, ".", "_" and "-"':
    '프로그램 폴더의 이름에는 영문자, 숫자, ".", "_", "-"만 쓸 수 있습니다',
  '{file} is not the name of a program such as my-proxy.ts': 'my-proxy.ts 같은 프로그램의 이름이 아닙니다: {file}',
  'To begin, write a file with `labs install-proxy --skeleton my-proxy.ts`.':
    '처음에는 `labs install-proxy --skeleton my-proxy.ts`로 파일을 만드세요.',
  'Correct the line, then run the command again.': '그 줄을 고친 뒤 다시 실행하세요.',
  'Import only modules of Node (`node:fs/promises`) and files of yours (`./rules.ts`).':
    'Node의 모듈(`node:fs/promises`)과 여러분의 파일(`./rules.ts`)만 가져올 수 있습니다.',
  'No node of {lab} waits for a proxy of yours': '{lab} 실습의 노드에는 직접 만든 프록시를 설치할 수 없습니다',
  'Start a lab whose nodes have none: `labs start build-your-own-kube-proxy`.':
    '노드에 kube-proxy가 없는 실습을 시작하세요: `labs start build-your-own-kube-proxy`',
  'The lab {lab} has no node "{node}" that takes a proxy of yours':
    '{lab} 실습에는 직접 만든 프록시를 설치할 수 있는 그런 노드가 없습니다: "{node}"',
  'These nodes do: {nodes}.': '설치할 수 있는 노드: {nodes}',
  'The program could not be put onto {node}: {said}': '프로그램을 노드에 설치하지 못했습니다 ({node}): {said}',
  'Look at the node with `labs shell {node}`, or build the lab anew with `labs reset`.':
    '노드를 확인하거나(`labs shell {node}`) 실습을 새로 만드세요(`labs reset`).',
  'the proxy runs on {node}': '프록시 실행 ({node})',
  'systemd says {state}': 'systemd의 상태: {state}',
  '{file} ends on {node}: {said}': '{node}에서 프로그램이 끝납니다 ({file}): {said}',
  'The whole log: `labs logs {node} {unit}`.': '전체 로그: `labs logs {node} {unit}`',
  'Correct the file, then run the command again.': '파일을 고친 뒤 다시 실행하세요.',
  'The lab {lab} has no skeleton of a proxy': '{lab} 실습에는 프록시의 처음 파일이 없습니다',
  'Start a lab that has one: `labs start build-your-own-kube-proxy`.':
    '처음 파일이 있는 실습을 시작하세요: `labs start build-your-own-kube-proxy`',
  'it has logged nothing': '로그가 없음',
};
