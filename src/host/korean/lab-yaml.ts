// Problems of a lab.yaml: src/host/lab, and what the kinds of checks say about their fields.
import type { Sentences } from './sentences.ts';

export const labYamlSentences: Sentences = {
  // Any field
  'is missing': '없습니다',
  'is missing, must be {values}': '없습니다. 다음이어야 합니다: {values}',
  'is missing, must be one of {values}': '없습니다. 다음 가운데 하나여야 합니다: {values}',
  'is {value}, must be {values}': '잘못된 값입니다: {value}. 써야 하는 값: {values}',
  'is {value}, must be one of {values}': '잘못된 값입니다: {value}. 다음 가운데 하나를 쓰세요: {values}',
  'is {value}, must be at least {least}': '지금 값은 {value}입니다. 최솟값: {least}',
  'is {value}, must be at most {most}': '지금 값은 {value}입니다. 최댓값: {most}',
  'is {value}, must be at most the points of the task, {most}':
    '지금 값은 {value}입니다. 과제의 점수({most})보다 크면 안 됩니다',
  'is {value}, which has the wrong format': '형식이 잘못된 값입니다: {value}',
  'must not be empty': '비어 있으면 안 됩니다',
  'must be at most 60s': '60s보다 길면 안 됩니다',
  'unknown field "{field}"': '알 수 없는 필드입니다: "{field}"',
  '{value} is not a valid name': '이름으로 쓸 수 없습니다: {value}',
  '"{value}" is not a name such as port or serviceName': '`port`, `serviceName` 같은 이름이 아닙니다: "{value}"',
  '"{value}" is already the name of another machine': '다른 머신이 쓰는 이름입니다: "{value}"',
  '"{value}" is already the name of another network': '다른 네트워크가 쓰는 이름입니다: "{value}"',
  '"{value}" is already the name of another task': '다른 과제가 쓰는 이름입니다: "{value}"',
  '"{value}" is already the name of another check': '다른 점검이 쓰는 이름입니다: "{value}"',
  'the first is in line {line}': '처음 나온 곳: {line}행',
  'a whole number': '정수',
  'a map of fields': '필드의 맵',
  'there is no file "{file}" in the lab’s folder': '실습 폴더에 없는 파일입니다: "{file}"',
  'there is no parameter "{param}" in params': '`params`에 없는 매개변수입니다: "{param}"',
  '`to` must not be less than `from`': '`to`는 `from`보다 작으면 안 됩니다',
  'min is {min}, which is more than max, {max}: write {said}':
    '최솟값({min})이 최댓값({max})보다 큽니다. 이렇게 쓰세요: `{said}`',
  '"{value}" is not a name: at most {most} lower-case letters, digits and hyphens, no hyphen at the ends':
    '이름으로 쓸 수 없습니다: "{value}". 소문자, 숫자, 하이픈을 {most}자까지 쓰고, 하이픈으로 시작하거나 끝나지 않아야 합니다',
  '"{value}" is not a machine name: at most {most} lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen':
    '머신의 이름으로 쓸 수 없습니다: "{value}". 소문자, 숫자, 하이픈을 {most}자까지 쓰고, 글자로 시작하며 하이픈으로 끝나지 않아야 합니다',
  '"{value}" is not a version such as 1.0.0': '1.0.0 같은 버전이 아닙니다: "{value}"',
  '"{value}" is not a duration such as 5s or 500ms': '5s, 500ms 같은 시간이 아닙니다: "{value}"',
  '"{value}" is no time limit from 1s to 24h, such as 90s, 10m or 1h30m':
    '`90s`, `10m`, `1h30m`처럼 1s부터 24h까지 쓴 제한 시간이 아닙니다: "{value}"',
  '"{value}" is not a place: write {values}': '장소가 아닙니다: "{value}". 다음 가운데 하나를 쓰세요: {values}',
  '"{value}" is not a place: write {values}, the last five also with /netns/NAME':
    '장소가 아닙니다: "{value}". 다음 가운데 하나를 쓰세요: {values}. 뒤의 다섯 가지에는 `/netns/NAME`을 붙일 수 있습니다',
  '"{value}" is not a node: write node/NAME, or node/* for every node':
    '노드가 아닙니다: "{value}". `node/NAME`을 쓰거나, 모든 노드면 `node/*`를 쓰세요',
  '"{value}" is not a machine: write node/NAME, node/* for every node, machine/NAME, client or client/NAME':
    '머신이 아닙니다: "{value}". `node/NAME`, `node/*`(모든 노드), `machine/NAME`, `client`, `client/NAME` 가운데 하나를 쓰세요',
  '{pattern} is not a regular expression: {said}': '정규식이 아닙니다: {pattern} ({said})',
  '"{value}" is not a URL such as http://orange/': '`http://orange/` 같은 URL이 아닙니다: "{value}"',
  '"{value}" is not an absolute path': '절대 경로가 아닙니다: "{value}"',
  '"{value}" is not an object: write {values}': '객체가 아닙니다: "{value}". 다음 가운데 하나를 쓰세요: {values}',
  '"{value}" is not a path such as .spec.clusterIP': '.spec.clusterIP 같은 경로가 아닙니다: "{value}"',
  '"{value}" is not a parameter such as net.ipv4.ip_forward': 'net.ipv4.ip_forward 같은 매개변수가 아닙니다: "{value}"',
  // The cluster
  '"{value}" is not the key of a label, such as disk or example.org/disk':
    '`disk`, `example.org/disk` 같은 레이블 키가 아닙니다: "{value}"',
  '"{value}" is not the value of a label: at most 63 letters, digits, hyphens, dots and underscores':
    '레이블의 값으로 쓸 수 없습니다: "{value}". 글자, 숫자, 하이픈, 점, 밑줄을 63자까지 쓰세요',
  '"{value}" is not a flag such as --masquerade-all or --min-sync-period=5s':
    '`--masquerade-all`, `--min-sync-period=5s` 같은 플래그가 아닙니다: "{value}"',
  'labs sets {flag} itself': 'labs가 직접 정하는 플래그입니다: {flag}',
  'labs sets {flag} itself; write `{field}` in `proxy`':
    'labs가 직접 정하는 플래그입니다: {flag}. `proxy`에 쓸 필드: `{field}`',
  'the name "{name}" is reserved; choose another name': '쓸 수 없는 이름입니다: "{name}". 다른 이름을 고르세요',
  'one node must have the role control-plane': '노드 하나는 역할이 `control-plane`이어야 합니다',
  'only one node can be the control plane': '컨트롤 플레인은 노드 하나뿐이어야 합니다',
  'write `zone` beside `labels` instead': '대신 `labels` 옆에 `zone`을 쓰세요',
  'this label is set by labs; choose another key': 'labs가 정하는 레이블입니다. 다른 키를 고르세요',
  '{count} {field} are too many; at most {most} are possible':
    '너무 많습니다({field}): {count}개. 최대 {most}개까지 쓸 수 있습니다',
  '"{value}" is not a duration such as 20ms or 1.5s': '20ms, 1.5s 같은 시간이 아닙니다: "{value}"',
  '"{value}" is not a share such as 5%': '5% 같은 비율이 아닙니다: "{value}"',
  '"{value}" is not a rate such as 10mbit': '`10mbit` 같은 속도가 아닙니다: "{value}"',
  'must be at most {most}': '`{most}`보다 크면 안 됩니다',
  'must be at least {least}': '`{least}`보다 작으면 안 됩니다',
  'must be at most the delay, {delay}': '지연({delay})보다 크면 안 됩니다',
  'needs the field delay': '`delay` 필드가 있어야 합니다',
  'needs delay, loss, rate or several of them': '`delay`, `loss`, `rate` 가운데 하나는 있어야 합니다',
  'must be less than 100%: without packets, a node never gets Ready':
    '100%보다 작아야 합니다. 패킷을 받지 못하는 노드는 Ready 상태가 되지 않습니다',
  'needs `mode: ipvs`, because no other mode has a substitute':
    '`mode: ipvs`가 있어야 합니다. 다른 모드에는 대체 모드가 없습니다',
  '{range} and {other} overlap; each address must belong to one of them only':
    '다음 두 네트워크가 겹칩니다: {range}, {other}. 주소마다 하나에만 속해야 합니다',
  '{range} is too small; it must be a /{prefix} or larger': '너무 작습니다: {range}. /{prefix} 이상이어야 합니다',
  'the nodes’ network {cidr}': '노드 네트워크 {cidr}',
  'the pods’ network {cidr}': '파드 네트워크 {cidr}',
  'the services’ range {cidr}': '서비스 주소 범위 {cidr}',
  '{cidr} has room for {count} node subnets of /{prefix}, the lab has {other} nodes':
    '{cidr}에는 /{prefix} 노드 서브넷이 {count}개 들어가는데, 실습의 노드는 {other}개입니다',
  '{address} is outside of the services’ range {cidr}': '{address}: 서비스 주소 범위 {cidr} 밖의 주소입니다',
  'there is no network "{network}"': '없는 네트워크입니다: "{network}"',
  'the machine is on "{network}" already': '머신이 이미 연결된 네트워크입니다: "{network}"',
  '{address} is outside of the network {network} {cidr}': '{address}: {network} 네트워크 {cidr} 밖의 주소입니다',
  '{address} is the first or the last address of {cidr}, which no machine can have':
    '{address}: {cidr}의 첫 주소나 마지막 주소라서 머신에 쓸 수 없습니다',
  '{address} is already the address of {machine}': '{address}: 이미 다른 머신의 주소입니다 ({machine})',
  '{range} is not a part of the nodes’ network {cidr}': '{range}: 노드 네트워크 {cidr} 안의 범위가 아닙니다',
  '{range} has the first or the last address of {cidr}, which nobody can have':
    '{range}: {cidr}의 첫 주소나 마지막 주소는 쓸 수 없습니다',
  '{range} contains {address}, which is already the address of {machine}':
    '{range}: 이미 다른 머신의 주소가 들어 있습니다 ({machine}, {address})',
  'the machine has a route to {network} already': '머신에 이미 경로가 있습니다: {network}',
  '{address} is this machine’s own address; write that of the next router':
    '{address}: 이 머신의 주소입니다. 다음 라우터의 주소를 쓰세요',
  '{address} is on no network on which the machine has an address':
    '{address}: 이 머신의 주소가 있는 네트워크의 주소가 아닙니다',
  // Tasks and checks
  'there is no task "{task}"': '없는 과제입니다: "{task}"',
  'task "{task}" needs itself': '자기 자신이 필요한 과제입니다: "{task}"',
  'tasks "{task}" and "{other}" need each other': '서로가 필요한 과제입니다: "{task}", "{other}"',
  'task "{task}" comes later; a task can need only tasks before it':
    '뒤에 나오는 과제입니다: "{task}". 앞에 나온 과제만 필요하다고 쓸 수 있습니다',
  'check "{check}" needs itself': '자기 자신이 필요한 점검입니다: "{check}"',
  'check "{check}" needs itself through other checks': '다른 점검을 거쳐 자기 자신이 필요한 점검입니다: "{check}"',
  'there is no check "{check}"': '없는 점검입니다: "{check}"',
  'a question cannot be hidden': '질문은 숨길 수 없습니다',
  'the student does not see the check "{check}"; hide this check, too, or show that one':
    '학생에게 보이지 않는 점검입니다: "{check}". 이 점검도 숨기거나 그 점검을 보이게 하세요',
  'all are hidden; the student must see at least one': '모두 숨겨져 있습니다. 적어도 하나는 학생에게 보여야 합니다',
  '{node} has no kube-proxy in this lab; write another node':
    '이 실습에서 kube-proxy가 없는 노드입니다: {node}. 다른 노드를 쓰세요',
  'the API server runs on {node}; write another node': 'API 서버가 있는 노드입니다: {node}. 다른 노드를 쓰세요',
  'there is no node "{node}"; write {said}': '없는 노드입니다: "{node}". 이렇게 쓰세요: `{said}`',
  'there is no client "{client}"; write {said}': '없는 `client`입니다: "{client}". 이렇게 쓰세요: `{said}`',
  'there is no node "{node}"': '없는 노드입니다: "{node}"',
  'there is no machine "{machine}" in cluster.machines': 'cluster.machines에 없는 머신입니다: "{machine}"',
  'there is no machine "{machine}" in cluster.machines; write {said}':
    'cluster.machines에 없는 머신입니다: "{machine}". 이렇게 쓰세요: `{said}`',
  'there is no client "{client}"': '없는 `client`입니다: "{client}"',
  'the lab has no client; add one to cluster.clients': '실습에 `client`가 없습니다. cluster.clients에 추가하세요',
  'there is no {template}: write {values}': '없는 값입니다: {template}. 쓸 수 있는 것: {values}',
  'a check of the type {type} looks at no node': '노드를 보지 않는 점검 유형입니다: {type}',
  'an answer check needs exactly one of the fields {fields}; this one has {said}':
    '`answer` 점검에는 다음 필드 가운데 하나만 있어야 합니다: {fields}. 지금 있는 것: {said}',
  'an answer check needs exactly one of the fields {fields}; this one has none':
    '`answer` 점검에는 다음 필드 가운데 하나가 있어야 합니다: {fields}',
  'there is no choice "{choice}"': '없는 선택지입니다: "{choice}"',
  'each item needs either to, or url with status and body if wanted':
    '항목마다 `to`를 쓰거나, `url`을 쓰고 필요하면 `status`와 `body`를 쓰세요',
  'scale needs the field replicas, and nothing else has it':
    '`scale`에는 `replicas` 필드가 있어야 하고, 다른 작업에는 없어야 합니다',
  '{action} changes a {kind}: write {said}': '{action} 작업의 대상: {kind}. 이렇게 쓰세요: `{said}`',
  '{action} changes one node: write its name': '{action} 작업은 노드 하나를 바꿉니다. 노드의 이름을 쓰세요',
  '{place} cannot send while it is away: write another place':
    '네트워크에서 빠져 있는 동안 보낼 수 없는 장소입니다: {place}. 다른 장소를 쓰세요',
  'the cluster notices a dead node after {seconds} s: write at least {said}':
    '클러스터는 {seconds}초가 지나야 노드가 죽은 것을 압니다. 최솟값: {said}',
  'an iptables check needs either the field rules or the field packet':
    'iptables 점검에는 `rules` 필드나 `packet` 필드 하나가 있어야 합니다',
  'needs the field lands: the real servers that have this weight':
    '`lands` 필드가 있어야 합니다. 이 가중치의 실제 서버를 쓰세요',
  'a log check needs one of the fields path and unit': '`log` 점검에는 `path` 필드나 `unit` 필드 하나가 있어야 합니다',
  'an nftables check needs one of the fields rules, elements and packet':
    'nftables 점검에는 `rules`, `elements`, `packet` 필드 가운데 하나가 있어야 합니다',
  'the API server remembers what there was, not all that there never was: leave this out':
    'API 서버는 있었던 것만 기억합니다. 이 필드를 빼세요',
  '"{field}" and "not" exclude each other: write what should be the case, such as spread or sticky':
    '"{field}" 필드와 `not` 필드는 함께 쓸 수 없습니다. `spread`, `sticky`처럼 어떠해야 하는지를 쓰세요',
  '"{field}" and "{other}" exclude each other': '함께 쓸 수 없는 필드입니다: "{field}", "{other}"',
  'a process check needs the field name, the field listening, or both':
    '`process` 점검에는 `name` 필드나 `listening` 필드, 또는 둘 다 있어야 합니다',
  '{count} requests are too few for {number} endpoints: a correct lab would fail in {share} of all gradings. Write at least {least}, or leave times out':
    '엔드포인트 {number}개에는 요청 {count}번이 너무 적습니다. 올바른 실습도 채점의 {share}에서 실패합니다. {least} 이상을 쓰거나 `times`를 빼세요',
  '{count} requests are too few: a service without affinity would pass in {share} of all gradings. Write at least {least}, or leave times out':
    '요청 {count}번은 너무 적습니다. 어피니티가 없는 서비스도 채점의 {share}에서 통과합니다. {least} 이상을 쓰거나 `times`를 빼세요',
  'needs min, max or both': '`min`, `max` 가운데 하나는 있어야 합니다',
  // Faults
  'there is no fault "{fault}"': '라이브러리에 없는 고장입니다: "{fault}"',
  'unknown parameter "{param}"': '알 수 없는 매개변수입니다: "{param}"',
  'a list of faults': '고장의 목록',
  'is neither the name of a fault nor a map with name or draw':
    '고장의 이름을 쓰거나, `name` 또는 `draw`가 있는 맵을 쓰세요',
  'a task with a fault has the scripts of the fault; remove it':
    '고장이 있는 과제에는 그 고장의 스크립트가 있습니다. 이 필드를 지우세요',
  'no fault is left: each is used once in a lab, and other tasks have taken all of these':
    '남은 고장이 없습니다. 실습에서 고장마다 한 번만 쓰며, 여기 적은 것은 모두 다른 과제가 씁니다',
  'the lab has no node for it; it needs two nodes, one with a kube-proxy':
    '실습에 쓸 수 있는 노드가 없습니다. 노드가 두 개 있어야 하고, 그중 하나에는 kube-proxy가 있어야 합니다',
  'is {node}, must be another node than the other pod’s': '다른 파드의 노드와 같습니다: {node}. 다른 노드를 쓰세요',
  '"{value}" is not a service such as {service}': '{service} 같은 서비스가 아닙니다: "{value}"',
  '{fault} needs kube-proxy’s mode {values}; the lab has {mode}':
    '{fault} 고장에는 다음 모드의 kube-proxy가 있어야 합니다: {values}. 실습의 모드: {mode}',
  '{fault} needs the pod network {values}; the lab has {mode}':
    '{fault} 고장에는 다음 파드 네트워크가 있어야 합니다: {values}. 실습의 파드 네트워크: {mode}',
  '{fault} and {other} cannot share the service {service}: they need other pods there':
    '{service} 서비스를 함께 쓸 수 없는 고장입니다: {fault}, {other}. 필요한 파드가 서로 다릅니다',
  // YAML
  'the file is empty: docs/authoring/tutorial.md shows how a lab begins':
    '빈 파일입니다. docs/authoring/tutorial.md에 시작하는 방법이 있습니다',
  'there is no colon in "{key}": write {said}': '콜론이 없습니다: "{key}". 이렇게 쓰세요: `{said}`',
  '"{field}" is indented too little: it is a field of {said}':
    '들여쓰기가 모자랍니다: "{field}". 다음에 속하는 필드입니다: {said}',
  '"{field}" is here a second time': '두 번 나온 필드입니다: "{field}"',
  '"{field}" is here a second time: it is in line {line}, too':
    '두 번 나온 필드입니다: "{field}". {line}행에도 있습니다',
  'this line is indented with a tab: YAML takes spaces only. Replace each tab by two spaces':
    '탭으로 들여 쓴 줄입니다. YAML에는 공백만 쓸 수 있습니다. 탭마다 공백 두 개로 바꾸세요',
  'this line is indented with a tab, as is 1 line below: YAML takes spaces only. Replace each tab by two spaces':
    '탭으로 들여 쓴 줄입니다. 아래에 1줄 더 있습니다. YAML에는 공백만 쓸 수 있습니다. 탭마다 공백 두 개로 바꾸세요',
  'this line is indented with a tab, as are {count} lines below: YAML takes spaces only. Replace each tab by two spaces':
    '탭으로 들여 쓴 줄입니다. 아래에 {count}줄 더 있습니다. YAML에는 공백만 쓸 수 있습니다. 탭마다 공백 두 개로 바꾸세요',
  'this line is left over from a merge conflict: remove it': '병합 충돌에서 남은 줄입니다. 지우세요',
  'the quote that begins here is not closed in its line: {quote} is missing':
    '여기서 시작한 따옴표가 그 줄에서 닫히지 않았습니다. 빠진 것: {quote}',
  'the {bracket} that begins here is not closed: {closer} is missing':
    '여기서 시작한 괄호가 닫히지 않았습니다: {bracket}. 빠진 것: {closer}',
  '{escape} means nothing in "…": write {said}, or use \'…\'':
    '"…" 안에서 뜻이 없습니다: {escape}. \'…\'를 쓰거나, 이렇게 쓰세요: {said}',
  'a second document begins here (---), and a lab.yaml has only one':
    '여기서 두 번째 문서(---)가 시작합니다. lab.yaml에는 하나만 있어야 합니다',
  'a comma is missing between two fields in { … }': '{ … } 안의 두 필드 사이에 쉼표가 없습니다',
  'this {bracket} closes nothing: remove it': '짝이 없는 괄호 {bracket}입니다. 지우세요',
  'text stands behind the closing quote: inside of {said}, write {escape} for a quote':
    '닫는 따옴표 뒤에 글이 있습니다. {said} 안의 따옴표는 이렇게 쓰세요: {escape}',
  "a text cannot begin with {character}: put it in quotes, '{said}'":
    "텍스트는 {character} 문자로 시작할 수 없습니다. 따옴표 안에 쓰세요: '{said}'",
  'a space is missing behind the dash: write {said}': '줄표 뒤에 공백이 없습니다. 이렇게 쓰세요: `{said}`',
  'a space is missing behind the colon: write {said}': '콜론 뒤에 공백이 없습니다. 이렇게 쓰세요: `{said}`',
  'there is no colon in this line: a field is a name, a colon and a value':
    '이 줄에 콜론이 없습니다. 필드는 이름, 콜론, 값으로 이루어집니다',
  'there is no colon in this line: write {said}': '이 줄에 콜론이 없습니다. 이렇게 쓰세요: `{said}`',
  'this item is {indent}, and the one in line {line} by {other}: the items of one list begin in the same column':
    '이 항목은 {indent}, {line}행의 항목은 {other}칸 들여 썼습니다. 한 목록의 항목은 같은 열에서 시작해야 합니다',
  'this line is {indent}, and line {line} by {other}: the fields of one map begin in the same column':
    '이 줄은 {indent}, {line}행은 {other}칸 들여 썼습니다. 한 맵의 필드는 같은 열에서 시작해야 합니다',
  'indented by 1 space': '1칸',
  'indented by {count} spaces': '{count}칸',
  'an unquoted ${…} cannot be in { } or [ ]: write {said}': `중괄호나 대괄호 안에서는 \${…} 값을 따옴표 안에 써야 합니다. 이렇게 쓰세요: \`{said}\``,
  "the value of {field} has a colon: put it in quotes, '{said}'":
    "{field} 필드의 값에 콜론이 있습니다. 따옴표 안에 쓰세요: '{said}'",
};
