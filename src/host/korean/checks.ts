// Why a check could not run, or why its traffic got no answer: src/host/grade, src/fabric.
import type { Sentences } from './sentences.ts';

export const checkSentences: Sentences = {
  // The grader
  'a name in the rules of {machine} is no text, so nobody can list the rules: {line}':
    '{machine} 머신의 규칙에 글자가 아닌 이름이 있어 규칙을 나열할 수 없음: {line}',
  'Find the rule, chain or set in that machine with `nft list ruleset`, and delete it.':
    '그 머신에서 `nft list ruleset`으로 그 규칙이나 체인, 집합을 찾아 지우세요.',
  'a name in the rules or sets of {machine} has a space, a line break or a quote, so they look like others: {name}':
    '{machine} 머신의 규칙이나 집합이 공백, 줄 바꿈, 따옴표가 든 이름 때문에 다른 것처럼 보임: {name}',
  'Find the rule, list or set with this name in that machine, and delete it.':
    '그 머신에서 이 이름이 든 규칙이나 목록, 집합을 찾아 지우세요.',
  'the grader failed: {problem}': '채점기에 문제가 있습니다: {problem}',
  '{machine} is not running': '{machine} 머신이 실행 중이 아님',
  '{path} answered {status}': '{path}의 응답: {status}',
  'the grading has ended': '채점이 끝남',
  '{path} answered {status}: {said}': '{path}의 응답: {status} {said}',
  "The lab's script {file} took longer than {time} s": '실습의 스크립트가 {time}초 안에 끝나지 않았습니다 ({file})',
  "The lab's script {file} ended its process: {how}": '실습의 스크립트가 프로세스를 종료했습니다 ({file}): {how}',
  "The lab's script {file}: `{function}()` must resolve with {value}: {problem}":
    '실습의 스크립트가 돌려준 값이 잘못되었습니다 ({file}, `{function}()`). 올바른 값: {value}. 문제: {problem}',
  "The lab's script {file} failed: {problem}": '실습의 스크립트가 실패했습니다 ({file}): {problem}',
  'The lab\'s script {file} exports no function "{function}"':
    '실습의 스크립트에서 내보내지 않은 함수입니다 ({file}): "{function}"',
  "The lab's script {file} cannot be loaded: {problem}": '실습의 스크립트를 불러올 수 없습니다 ({file}): {problem}',
  // What the script of a lab passes to a function of its handle
  'wrong call of `{command}`: {problem}': '호출이 잘못되었습니다 (`{command}`): {problem}',
  '`{command}` is missing': '`{command}` 인수가 없음',
  '`{command}` must be {wanted}, not {given}': '`{command}`에 필요한 값은 {wanted}, 주어진 값은 {given}',
  'a text': '글',
  'a text of YAML': 'YAML 글',
  'a text or `{ en, ko }`': '글 또는 `{ en, ko }`',
  'a number': '수',
  'a number of milliseconds': '밀리초 수',
  'a number of bytes': '바이트 수',
  'a list': '목록',
  'a function': '함수',
  'an object': '객체',
  'an object such as `{command}`': '`{command}` 같은 객체',
  'true or false': '참 또는 거짓',
  nothing: '없음',
  'write YAML, or use JSON.stringify': 'YAML로 쓰거나 JSON.stringify를 쓰세요',
  "each word is an argument of its own; write `lab.kubectl('get', 'pods')`":
    "낱말마다 인수 하나로 쓰세요: `lab.kubectl('get', 'pods')`",
  'there is no node "{node}"; the lab has {nodes}': '없는 노드: "{node}". 실습의 노드: {nodes}',
  'there is no machine "{machine}"; the lab has {machines}': '없는 머신: "{machine}". 실습의 머신: {machines}',
  '"{place}" is not a place; write {places}': '위치가 아님: "{place}". 쓸 수 있는 형식: {places}',
  '"{value}" is not host:port': 'host:port 형식이 아님: "{value}"',
  '"{value}" is not an object; write pod/NAME or pod/NAMESPACE/NAME':
    '객체가 아님: "{value}". 쓸 수 있는 형식: pod/NAME, pod/NAMESPACE/NAME',
  '`{command}` must begin with /': '`{command}` 값은 /로 시작해야 함',
  'there is no verb "{verb}"; write one of {verbs}': '없는 동사: "{verb}". 쓸 수 있는 것: {verbs}',
  'there is no fact "{fact}"; write one of {facts}': '없는 사실: "{fact}". 쓸 수 있는 것: {facts}',
  'there is no option "{option}"; write `{command}`': '없는 옵션: "{option}". 올바른 형식: `{command}`',
  'too many arguments': '인수가 너무 많음',
  'write the command between backticks, without parentheses': '명령은 괄호 없이 백틱 사이에 쓰세요',
  'a value in a command must be a text, a number or a list of them, not {value}':
    '명령에 넣는 값은 글이나 수, 또는 그 목록이어야 함. 주어진 값: {value}',
  'the lab has no client, so `{command}` is nothing': '실습에 클라이언트가 없음. 쓸 수 없는 값: `{command}`',
  '"{value}" is not a pod; write {pods}': '파드가 아님: "{value}". 쓸 수 있는 형식: {pods}',
  'The script of the lab must be corrected.': '실습의 스크립트를 고쳐야 합니다.',
  'See docs/authoring/scripts.md for what scripts can call.':
    '스크립트에서 쓸 수 있는 함수는 docs/authoring/scripts.md에 설명되어 있습니다.',
  'the lab asks for objects of the unknown kind "{kind}"': '실습에 알 수 없는 종류의 객체가 있음: "{kind}"',
  '`{command}` on {machine} ended with exit code {code}: {said}':
    '{machine}에서 실행한 `{command}`의 종료 코드가 {code}: {said}',
  'another program uses the port {port}': '다른 프로그램이 쓰고 있는 포트: {port}',
  'reading the data plane took more than {time} ms': '데이터 평면을 {time}ms 안에 읽지 못함',
  '`{command}` gave {answers} answers to {questions} questions':
    '질문 {questions}개에 답 {answers}개가 나온 명령: `{command}`',
  'reading the data plane failed: exit code {code}': '데이터 평면을 읽지 못함: 종료 코드 {code}',
  'this look must not change the cluster': '이번 확인에서는 클러스터를 바꿀 수 없음',
  'this agent has begun no change': '시작한 변경이 없음',
  'the cluster may be changed': '클러스터를 바꿀 수 있음',
  'no other grader changes the cluster': '다른 채점이 클러스터를 바꾸지 않음',
  'the endpoints are as many as before': '엔드포인트 수가 전과 같음',
  'the endpoints differ': '엔드포인트 수가 다름',
  'another grader changes the cluster': '다른 채점이 클러스터를 바꾸는 중',
  'the service {service} selects no pod': '서비스의 셀렉터에 맞는 파드가 없음: {service}',
  'pod {pod} is still there': '아직 남아 있는 파드: {pod}',
  'systemd on {machine} says that {units} has failed': '{machine}의 systemd가 시작하거나 멈추지 못한 유닛: {units}',
  'before the change, packets did not go where they should: {problem}':
    '변경 전에도 패킷이 맞게 가지 않았음: {problem}',
  'the finalizers {finalizers} keep pod {pod} from being deleted': '{pod} 파드의 삭제를 막는 finalizer: {finalizers}',
  'pod {pod} was made again, but is not Ready after {time} s':
    '{pod} 파드를 다시 만들었지만 {time}초 안에 Ready가 되지 않음',
  '{node} is on the network again, but not Ready after 60 s':
    '{node} 노드가 다시 연결되었지만 60초 안에 Ready가 되지 않음',
  'the sender itself sends packets for {before} to {after}': '보내는 쪽에서 스스로 목적지를 바꿈: {before} → {after}',
  'the endpoints are {endpoints}': '지금의 엔드포인트: {endpoints}',
  'packets still end elsewhere: {end}': '패킷이 아직 다른 곳에서 끝남: {end}',
  'no packet goes to {endpoint}': '패킷이 가지 않는 엔드포인트: {endpoint}',
  'the fabric has not read the data plane of {machine}': '데이터 평면을 읽지 못함: {machine}',
  'a kube-proxy for {machine} took more than {time} ms': 'kube-proxy가 {time}ms 안에 동기화하지 못함: {machine}',
  'kube-proxy could not run for {machine}: {said}': '{machine}용 kube-proxy를 실행하지 못함: {said}',
  'in the mode userspace, kube-proxy takes the packets to a service and opens connections of its own, so no model can follow them':
    '`userspace` 모드에서는 kube-proxy가 서비스로 가는 패킷을 받아 새 연결을 열므로 모델로 따라갈 수 없음',
  "in the mode userspace, kube-proxy opens connections of its own, so a tcp check can't count them: use an http check":
    '`userspace` 모드에서는 kube-proxy가 새 연결을 열므로 `tcp` 검사로 셀 수 없음. `http` 검사를 쓰세요',
  'the script gives {given} points, and the check has {points}':
    '스크립트가 준 점수 {given}점이 항목의 {points}점보다 많음',
  "the kernel of {machine} has no IPVS, so an ipvs check can't look at it":
    '{machine}의 커널에 `ip_vs`가 없어 `ipvs` 검사를 할 수 없음',
  '"{name}" is not a parameter below net': '`net` 아래의 매개변수가 아님: "{name}"',
  "{name} can't be read: {problem}": '{name}: 읽을 수 없음 ({problem})',
  '`{command}` failed: {problem}': '`{command}` 실패: {problem}',
  // Traffic
  '{times} requests: a series has 1 to {most}': '요청 {times}번: 1번에서 {most}번까지 보낼 수 있음',
  '{times} requests take more than {time} s': '요청 {times}번에 {time}초 넘게 걸림',
  '"{url}" is not an http or https URL': 'http나 https URL이 아님: "{url}"',
  '"{host}" is not a host': '호스트가 아님: "{host}"',
  'the name server {address} did not answer': '네임 서버 {address}의 응답이 없음',
  'nothing answers on {address}, port 53': '{address}의 포트 53에서 응답이 없음',
  'the name server {address}: {reason}': '네임 서버 {address}: {reason}',
  '{address} has no address for {host}': '네임 서버 {address}에 {host}의 주소가 없음',
  '{address} has no {record} record for {host}': '네임 서버 {address}에 {host}의 {record} 레코드가 없음',
  "this place has no name server, so {host} can't be resolved":
    '네임 서버가 없는 곳이어서 {host}의 주소를 찾을 수 없음',
  '{host} has no address': '{host}의 주소가 없음',
  'a process of the machine hides its sockets, or has too many of them':
    '머신의 프로세스가 소켓을 숨기고 있거나 소켓이 너무 많음',
  'this kernel is too old to show the sockets of others': '커널이 너무 오래되어 다른 프로세스의 소켓을 보여 주지 않음',
  'the search for sockets has failed': '소켓 찾기에 실패함',
  '{machine} has no network namespace {name}': '{machine}에 네트워크 네임스페이스 {name} 없음',
  '{name} is the network namespace of {machine} itself': '{name}: {machine} 자신의 네트워크 네임스페이스임',
  'process 1 of {machine} has left the network namespace of the machine':
    '{machine} 머신의 1번 프로세스가 머신의 네트워크 네임스페이스를 떠남',
  'the rules changed again and again while they were read': '읽는 동안 규칙이 계속 바뀜',
  'another program answers in the place of kube-apiserver': 'kube-apiserver 대신 다른 프로그램이 응답함',
  '{url} answered {status}': '{url}의 응답 상태가 {status}',
  'another page answered at {url}': '{url}에서 다른 페이지가 응답함',
  'something else answered': '다른 곳에서 응답함',
  'there are so many packets that labs has missed some': '패킷이 너무 많아 labs가 일부를 놓침',
  'the capture of packets ended: {said}': '패킷 캡처가 끝남: {said}',
  'no answer in time': '시간 안에 응답이 없음',
  'curl ended with code {code}': 'curl의 종료 코드 {code}',
};
