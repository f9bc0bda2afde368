// What checks say, in Korean. Technical terms stay as Korean engineers use them; names never take a particle that depends on their sound.
import type { ProbeFailure } from '../../../api/fabric.ts';
import type { CountRange } from '../../../api/lab.ts';
import { inWords } from '../match.ts';
import { words } from '../reference.ts';
import type { Phrases } from './en.ts';

const listed = (items: readonly string[]): string => (items.length === 0 ? '(없음)' : items.join(', '));

const where = (reference: string): string => {
  if (reference === 'node/*') return '모든 노드';
  return reference.startsWith('pod/') ? words(reference) : (reference.split('/').at(-1) ?? '');
};

const count = ({ min, max }: CountRange): string => {
  if (max === undefined) return `${min}개 이상`;
  if (min === max) return `정확히 ${min}개`;
  return min === 0 ? `${max}개 이하` : `${min}~${max}개`;
};

const parts = (...texts: readonly (string | false | undefined)[]): string => texts.filter(Boolean).join(', ');

const failures: Readonly<Record<ProbeFailure, (message: string) => string>> = {
  unresolved: (message) => message,
  unreachable: () => '가는 경로가 없음 (unreachable)',
  refused: () => '연결이 거절됨: 그 주소에서 응답은 하지만 그 포트에서 듣고 있는 것이 없음',
  timeout: () => '시간 안에 응답이 없음: 패킷이 도중에 사라짐',
  reset: () => '연결이 끊김 (reset)',
  protocol: (message) => `응답은 왔지만 기대한 프로토콜이 아님: ${message}`,
};

const failureHints: Readonly<Record<ProbeFailure, string>> = {
  unresolved: '그 네임스페이스에 그 이름의 서비스가 있습니까? kubectl get services -A',
  unreachable:
    '출발하는 곳의 경로(`ip route`)와 REJECT 규칙을 보세요. endpoint가 없는 서비스로 가는 패킷은 거부됩니다.',
  refused:
    'targetPort가 Pod가 듣고 있는 포트와 같습니까? endpoint가 없는 서비스도 연결을 거절합니다: kubectl get endpointslices',
  timeout:
    '패킷을 따라가 보세요. 이 노드에 목적지를 바꾸는 규칙이 있습니까(iptables-save -t nat)? 바뀐 주소는 실제로 존재합니까?',
  reset: 'Pod의 로그를 보세요: kubectl logs',
  protocol: '포트와 Pod가 맞습니까?',
};

const fates = { accepted: '통과함', dropped: '버려짐', rejected: '거부됨' } as const;

export const korean: Phrases = {
  listed,
  where,
  count,
  not: (phrase) => `다음과 같지 않아야 함: ${phrase}`,
  toBegin: (task) => `과제 시작: labs tasks ${task}`,

  noSuch: (object) => `${object} 없음`,
  createFirst: (object) => `먼저 만드세요: ${object}`,
  hasNoField: (object, path) => `${object}에 ${path} 값이 없음`,
  podNotRunning: (pod, state) => `${pod} 실행 중이 아님: ${state}`,
  describePod: (pod) => `\`kubectl describe ${pod}\`의 내용을 보세요.`,
  podGone: () => 'Pod의 network namespace가 없음: 프로세스가 사라짐',
  machineDown: (machine) => `${machine} 실행 중이 아님. \`labs start\`로 다시 시작할 수 있습니다`,
  apiServerStopped: (machine) => `${machine}에서 kube-apiserver가 실행 중이 아니어서 클러스터의 상태를 읽을 수 없음`,
  apiServerSilent: (cause) => `API 서버가 응답하지 않음: ${cause}`,
  systemctl: (machine, unit) => `${machine}에서: systemctl status ${unit}; journalctl -u ${unit}`,
  onMachine: (machine, command) => `${machine}에서: ${command}`,

  httpExpected: (from, url, status, body) =>
    `${where(from)}에서 ${url} 요청에 ${status} 응답${body === undefined ? '' : `, 본문에 ${inWords(body)} 포함`}`,
  httpObserved: (place, url, status, body) => `${place}에서 ${url} 요청에 ${status} 응답: ${body || '(비어 있음)'}`,
  tcpExpected: (from, to, banner) =>
    `${where(from)}에서 ${to}에 연결됨${banner === undefined ? '' : `, 인사말은 ${inWords(banner)}`}`,
  tcpObserved: (place, to, greeting) => `${place}에서 ${to}에 연결됨${greeting === '' ? '' : `, 인사말은 ${greeting}`}`,
  lookupExpected: (from, name, address) => `${where(from)}에서 ${name} 이름의 주소는 ${address}`,
  lookupObserved: (place, name, addresses) => `${place}에서 ${name} 이름의 주소는 ${listed(addresses)}`,
  noAnswer: (place, target, failure, message) => `${place} → ${target}: ${failures[failure](message)}`,
  noAnswerHint: (failure) => failureHints[failure],
  noResolver: (place, host) => `${place}에서는 ${host} 이름을 알 수 없음: 클러스터의 DNS는 Pod만 사용합니다`,
  notResolved: (host, cause) => `${host} 이름이 풀리지 않음${cause === '' ? '' : `: ${cause}`}`,

  selection: ({ table, chain, comment, target, to, source, destination, dport }) =>
    `${table} 테이블, ${parts(
      chain && `체인 ${chain}`,
      comment && `comment에 ${inWords(comment)}`,
      target && `target ${target}`,
      to && `바뀐 목적지 ${to}`,
      source && `출발지 ${source}`,
      destination && `목적지 ${destination}`,
      dport && `포트 ${dport}`,
    )}`,
  rulesExpected: (on, range, selection) => `${where(on)}에 규칙 ${count(range)} (${selection})`,
  rulesObserved: (node, number, rules) =>
    number === 0 ? `${node}에 그런 규칙이 없음` : `${node}에 ${number}개: ${rules}`,
  rulesHint: (node, table) =>
    `${node}에서: iptables-save -t ${table}. 규칙은 kube-proxy가 씁니다. 거기서 실행 중입니까? 서비스에 endpoint가 있습니까?`,
  noRuleYet: (selection) => `아직 그런 규칙이 없음 (${selection})`,
  serviceFirst: () => '먼저 그 규칙이 속한 서비스를 만드세요.',
  packetExpected: (on, from, to, end) => `${where(on)}에서, ${from} → ${to} 패킷: ${end}`,
  packetObserved: (node, from, to, end) => `${node}에서, ${from} → ${to} 패킷: ${end}`,
  nodeItself: () => '노드 자신',
  endpointsOf: (service) => `${service}의 endpoint`,
  goesTo: (ends) => `${listed(ends)}에 도착`,
  fate: (fate) => fates[fate],
  keepsDestination: () => '목적지가 그대로임(바꾸는 규칙이 없음)',
  source: (masqueraded) => (masqueraded ? ', 출발지는 masquerade됨' : ', 출발지는 그대로'),
  neverArrives: (ends, instead) => `${listed(ends)}에는 도착하지 않음 (${instead})`,
  noRuleMatches: (node) =>
    `${node}에 이 패킷의 목적지를 바꾸는 규칙이 없습니다. kube-proxy가 실행 중입니까? 서비스에 endpoint가 있습니까?`,
  decisiveRule: (node, rule) => `${node}에서 결정적인 규칙: ${rule}`,
  noEndpoints: (service) => `${service}에 준비된 endpoint가 없음`,
  selectorHint: () => 'selector가 준비된 Pod의 레이블과 일치합니까?',

  linkExpected: (on, range, link) =>
    `${where(on)}에 네트워크 인터페이스 ${count(range)} (${parts(
      link.kind,
      link.name && `이름 ${inWords(link.name)}`,
      link.address && `주소 ${link.address}`,
      link.master && `${link.master}에 연결됨`,
      link.up !== undefined && (link.up ? 'up 상태' : 'down 상태'),
    )})${link.everywhere ? ', 모든 network namespace에서 찾음' : ''}`,
  linkObserved: (place, found, all) =>
    found.length === 0 ? `${place}에 없음 (인터페이스는 모두 ${all}개)` : `${place}에 있음: ${listed(found)}`,
  routeExpected: (on, to, via, device) =>
    `${where(on)}에 ${to} 경로가 있음${via === undefined ? '' : `, via ${via}`}${device === undefined ? '' : `, dev ${device}`}`,
  noRoute: (place, to) => `${place}에 ${to} 경로가 없음`,
  noGateway: (place, to) => `${place}에 게이트웨이를 거치는 ${to} 경로가 없음`,
  noVeth: (pod, machine) => `${pod}와 ${machine} 사이에 veth 쌍이 없음`,

  objectExpected: (object, exists, conditions) => {
    if (!exists) return `${object} 없음`;
    return `${object} 있음${conditions.length === 0 ? '' : `, ${conditions.join(', ')}`}`;
  },
  objectThere: (object, values) => `${object} 있음${values.length === 0 ? '' : `: ${values.join(', ')}`}`,
  notSet: () => '(값 없음)',
  like: (match) => `${inWords(match)} 형식`,

  runsExpected: (on, name, flags) =>
    `${where(on)}에서 ${name} 실행 중${flags.length === 0 ? '' : ` (${listed(flags)})`}`,
  listensExpected: (on, address) => `${where(on)}에서 ${address} 포트를 듣는 프로세스가 있음`,
  and: (phrases) => phrases.join(', '),
  runs: (name, node) => `${node}에서 ${name} 실행 중`,
  runsNot: (name, node) => `${node}에서 ${name} 실행 중이 아님`,
  runsSo: (node, command) => `${node}에서 실행 중: ${command}`,
  listens: (address, node, listening) => `${node}에서 ${address} 포트를 듣는 프로세스가 ${listening ? '있음' : '없음'}`,
  noFlag: (process, node, flag) => `${node}의 ${process} 명령행에 ${flag} 플래그가 없음`,

  fileExpected: (on, path, exists, content) =>
    exists
      ? `${where(on)}에 파일 ${path} 있음${content === undefined ? '' : `, 내용에 ${inWords(content)} 포함`}`
      : `${where(on)}에 파일 ${path} 없음`,
  hasFile: (node, path, has) => `${node}에 파일 ${path} ${has ? '있음' : '없음'}`,
  fileContent: (node, path, content) => `${node}의 ${path}: ${content || '(비어 있음)'}`,
  logExpected: (on, path, range, line) => `${where(on)}의 ${path}에 ${inWords(line)} 줄이 ${count(range)}`,
  noLine: (node, path) => `${node}의 ${path}에 그런 줄이 없음`,

  answerExpected: (question) => `올바른 답: ${question}`,
  notAnswered: () => '아직 답하지 않음',
  answered: (answer) => `"${answer}"라고 답함`,
  lookAgain: (task) => `다시 확인한 뒤 답하세요: labs answer ${task}`,
};
