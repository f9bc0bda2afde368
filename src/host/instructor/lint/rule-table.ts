// All rules of `labs lint`, with their severities. docs/lint.md says what to do about each.
import type { Localized } from '../../../api/lab.ts';

/** A `note` is no problem: it says what could not be found out. */
export type Severity = 'error' | 'warning' | 'note';

interface Rule {
  readonly severity: Severity;
  /** What the rule finds, as a phrase. */
  readonly finds: Localized;
}

const rule = (severity: Severity, en: string, ko: string): Rule => ({ severity, finds: { en, ko } });

export const ruleTable = {
  yaml: rule('error', 'a file that is no YAML', 'YAML이 아닌 파일'),
  schema: rule('error', 'a field with a wrong name or value', '이름이나 값이 잘못된 필드'),
  reference: rule(
    'error',
    'a name of something that does not exist, or a contradiction',
    '없는 것을 가리키는 이름, 모순',
  ),
  parameter: rule('error', 'a parameter that params lacks', 'params에 없는 매개변수'),
  'unused-parameter': rule('warning', 'a parameter that nothing uses', '쓰이지 않는 매개변수'),
  'missing-file': rule('error', 'a file that is not in the folder', '폴더에 없는 파일'),
  'script-syntax': rule('error', 'a script that cannot be read', '읽을 수 없는 스크립트'),
  'script-export': rule(
    'error',
    'a script without the function that it must export',
    '내보내야 할 함수가 없는 스크립트',
  ),
  'script-import': rule('error', 'an import of a file or package that is missing', '없는 파일이나 패키지를 가져옴'),
  'script-name': rule(
    'error',
    'a machine, check, function or parameter that the lab lacks, in a script',
    '스크립트에 나오는 없는 머신, 검사, 함수, 매개변수',
  ),
  'unused-script': rule('warning', 'a script that no task and no script uses', '쓰이지 않는 스크립트'),
  'unused-file': rule('warning', 'a file that nothing uses', '쓰이지 않는 파일'),
  'needs-cycle': rule('error', 'checks that need each other', '서로를 필요로 하는 검사'),
  'later-need': rule('warning', 'a check that needs a check of a later task', '뒤 과제의 검사가 필요한 검사'),
  'repeated-need': rule('warning', 'a need that another need implies', '다른 선행 과제에 이미 포함된 선행 과제'),
  'never-passes': rule('error', 'a check that can never pass', '통과할 수 없는 검사'),
  'absence-needs': rule('warning', 'a check of an absence without `needs`', '`needs`가 없는 부재 검사'),
  'passes-untouched': rule('error', 'a check that passes in an untouched lab', '손대지 않은 실습에서 통과하는 검사'),
  spoiler: rule('warning', 'a text that gives away an answer or a fault', '답이나 고장을 알려 주는 글'),
  'reveals-cause': rule('warning', 'a fault that failed checks tell', '실패한 검사가 알려 주는 고장'),
  'missing-translation': rule('warning', 'a text that lacks a language of the lab', '실습의 언어 하나가 빠진 글'),
  'same-translation': rule('warning', 'a translation that equals the English text', '영어와 똑같은 번역'),
  'code-differs': rule('warning', 'code blocks that differ between languages', '언어마다 다른 코드 블록'),
  'fence-machine': rule('error', 'a code block without a machine of the lab', '실습의 머신을 밝히지 않은 코드 블록'),
  'fence-open': rule('error', 'a code block that is not closed', '닫히지 않은 코드 블록'),
  'command-syntax': rule('error', 'commands that bash cannot read', 'bash가 읽지 못하는 명령'),
  'command-width': rule('warning', 'a command that is wider than 80 columns', '80칸보다 넓은 명령'),
  placeholder: rule('warning', 'a gap that the student would have to fill', '학생이 채워야 하는 빈칸'),
  'manifest-yaml': rule('error', 'a manifest that is no YAML', 'YAML이 아닌 매니페스트'),
  'manifest-kind': rule('error', 'a kind that the API server does not serve', 'API 서버에 없는 종류'),
  'manifest-field': rule('error', 'a field that the kind does not have', '그 종류에 없는 필드'),
  'manifest-value': rule('error', 'a value of the wrong type', '타입이 잘못된 값'),
  'dead-link': rule('error', 'a link that leads nowhere', '가리키는 것이 없는 링크'),
  'unknown-image': rule('warning', 'an image that pods cannot use', '파드가 쓸 수 없는 이미지'),
  'image-unchecked': rule('note', 'an image that may be missing', '없을지도 모르는 이미지'),
  'allow-reason': rule('warning', 'an exception without a reason, or for no rule', '이유나 규칙이 없는 예외'),
  'unused-allow': rule('warning', 'an exception that nothing needs', '필요 없는 예외'),
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof ruleTable;

export const severityOf = (id: RuleId): Severity => ruleTable[id].severity;

export const isRule = (id: string): id is RuleId => Object.hasOwn(ruleTable, id);
