import { expect, test } from 'vitest';
import { toKorean } from '../../../src/host/korean/translate.ts';

test.each([
  {
    name: 'a sentence with gaps',
    english: 'Docker could not pull nginx:1',
    korean: 'Docker가 이미지를 가져오지 못했습니다: nginx:1',
  },
  {
    name: 'the cause in a gap',
    english: 'The solution of task "web" failed: Waited 5 s until every node is Ready. Last seen: not yet',
    korean:
      '"web" 과제의 풀이가 실패했습니다: 5초 동안 기다렸지만 다음 조건이 충족되지 않았습니다: 모든 노드의 Ready 상태. 마지막 상태: 아직 아님',
  },
  {
    name: 'the states of a list',
    english: 'node01 is not Ready; kube-proxy on node02 does not answer',
    korean: 'node01 노드가 Ready 상태가 아님; node02 노드의 kube-proxy가 응답하지 않음',
  },
  {
    name: 'around what a program said in several sentences',
    english: 'node01 is not Ready (KubeletNotReady: no network. See the log)',
    korean: 'node01 노드가 Ready 상태가 아님 (KubeletNotReady: no network. See the log)',
  },
  {
    name: 'each sentence of a line',
    english: 'Session affinity needs it. To load it at each boot, add its name to /etc/modules.',
    korean: '세션 어피니티에 필요합니다. 부팅할 때마다 불러오려면 /etc/modules 파일에 모듈 이름을 추가하세요.',
  },
  {
    name: 'each line',
    english: 'web is stopped\n  (no log lines)',
    korean: '멈춰 있는 실습입니다: web\n  (로그 없음)',
  },
  {
    name: 'by the sentence with the most fixed text',
    english: 'There is no lab "x"; did you mean "y"?',
    korean: '없는 실습입니다: "x". 혹시 "y"입니까?',
  },
  {
    name: 'a problem of a lab, behind its place and its field',
    english: 'labs/x/lab.yaml:12:7: tasks[0].checks[1].type: is "htp", must be one of http, tcp; did you mean "http"?',
    korean:
      'labs/x/lab.yaml:12:7: tasks[0].checks[1].type: 잘못된 값입니다: "htp". 다음 가운데 하나를 쓰세요: http, tcp. 혹시 "http"입니까?',
  },
  {
    name: 'the values that a field can have',
    english: 'name: is 5, must be a text or a list',
    korean: 'name: 잘못된 값입니다: 5. 써야 하는 값: 글 또는 목록',
  },
  {
    name: 'what a program said stays as it is',
    english: 'E: Unable to locate package x',
    korean: 'E: Unable to locate package x',
  },
])('translates $name', ({ english, korean }) => expect(toKorean(english)).toBe(korean));

test('a name is one word: what a program says about a stop stays as it is', () => {
  expect(toKorean('the container web is stopped')).toBe('the container web is stopped');
});
