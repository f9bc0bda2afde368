// All Korean texts are written in one way: one word for one thing, particles that fit, one level of politeness.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { localize } from '../../../src/api/lab.ts';
import { isQuestion } from '../../../src/host/grade/checks/answer.ts';
import { loadLab } from '../../../src/host/lab/load.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Source {
  readonly path: string;
  /** On one line, because a wrapped sentence is one sentence. */
  readonly text: string;
}

const sources: readonly Source[] = ['labs', 'src/host', 'docs'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(md|yaml|ts)$/.test(name))
    .map((name) => {
      const path = `${folder}/${name}`;
      // Other words of a term are for the search of a student who knows only these.
      const lines = readFileSync(root + path, 'utf8').replace(/^ *also: .*$/gm, '');
      return { path, text: lines.replace(/\s*\n\s*/g, ' ') };
    })
    .filter(({ text }) => /[가-힣]/.test(text)),
);

/** Each place where the pattern matches, with the words around it. */
const found = (pattern: RegExp, among: readonly Source[]): readonly string[] =>
  among.flatMap(({ path, text }) =>
    [...text.matchAll(new RegExp(pattern, 'gu'))].map(
      ({ 0: match, index }) => `${path}: ${text.slice(Math.max(0, index - 20), index + match.length + 10)}`,
    ),
  );

/** Word → variants of it that no text uses. */
const words: readonly (readonly [word: string, variants: RegExp])[] = [
  ['객체', /오브젝트/],
  ['경로', /라우트(?!\s*53)/],
  ['구성 요소', /컴포넌트|콤포넌트/],
  ['기댓값, 실젯값', /기대값|실제값|관측값/],
  ['레이블', /라벨/],
  ['리스닝', /수신 대기|청취/],
  ['마스커레이드', /매스커레이드|마스쿼레이드/],
  ['부하 분산', /로드 ?밸런싱/],
  ['브리지', /브릿지/],
  ['서비스의 유형', /서비스의 종류/],
  ['셀렉터', /선택자|셀랙터/],
  ['시간 초과', /타임 ?아웃/],
  ['오류', /에러/],
  ['타깃', /타겟/],
  ['파드', /포드|(?<!kind: )\bPod [a-z가-힣]/],
  ['호출한 쪽', /호출자/],
  // 쓰다 also means "use".
  ['규칙을 만들다', /규칙[을만은도]? (다시 )?(쓰|쓴|씁|썼)|쓴 규칙/],
];

describe('the Korean texts', () => {
  test('are found', () => {
    const folders = new Set(sources.map(({ path }) => path.replace(/\/[^/]*$/, '')));
    const expected = [
      'labs',
      'labs/service-networking/tasks',
      'src/host/korean',
      'src/host/cli/messages',
      'docs/how-to',
    ];
    expect([...folders]).toEqual(expect.arrayContaining(expected));
    expect(sources.length).toBeGreaterThan(70);
  });

  test.each(words)('say %s', (_, variants) => expect(found(variants, sources)).toEqual([]));

  test('have no particle for both sounds, and none that depends on the sound of a gap', () => {
    expect(found(/[을이은과와]\([를가는와과]\)|\((으|이)\)[가-힣]/, sources)).toEqual([]);
    // A Korean noun stands between: `${task}번 과제를`, `{cluster} 클러스터는`.
    const afterGap = /(\}|\$\d)\\?["'`]*(을|를|이|가|은|는|과|와|으?로|이?나|이?라|이?라[고는])(?![가-힣])/;
    expect(found(afterGap, sources)).toEqual([]);
  });

  test('have the particle that fits the digit before it', () => {
    // 영 일 삼 육 칠 팔 and 십 백 천 end in a consonant, 이 사 오 구 in a vowel.
    expect(found(/[013678]["'`*]*(를|가|는|와)(?![가-힣])/, sources)).toEqual([]);
    expect(found(/[2459]["'`*]*(을|이|은|과|으로)(?![가-힣])/, sources)).toEqual([]);
    expect(found(/[036]["'`*]*로(?![가-힣])|[178]["'`*]*으로(?![가-힣])/, sources)).toEqual([]);
  });

  test('name an object before its kind', () => {
    expect(
      found(
        /(파드|서비스|디플로이먼트|네임스페이스) [`"]?[a-z][-a-z0-9]*[`"]?(가|의|는|에|를|이|은|을|도)(?![가-힣])/,
        sources,
      ),
    ).toEqual([]);
  });

  test('are spaced right', () => {
    expect(
      found(/찾아 보|알아 보|(첫|두|세|네)번째|[할될쓸볼갈올알]수 ?[있없]|(?<![가-힣])그 중|하나 씩/, sources),
    ).toEqual([]);
  });

  test('are no word-by-word translations', () => {
    expect(found(/에 의[해하한]|[을를] (가집|가지고|가진|가질)|시도되/, sources)).toEqual([]);
  });

  test('are as polite in every sentence', async () => {
    const lab = await loadLab(`${root}labs/service-networking`);
    const parts = lab.tasks.flatMap(({ id, hints, checks }) =>
      [
        ...hints.map(({ text }) => text),
        ...checks.flatMap(({ hint }) => hint ?? []),
        ...checks.filter(isQuestion).map(({ question }) => question),
      ].map((text) => ({ path: id, text: localize(text, 'ko').replace(/\s+/g, ' ') })),
    );
    expect(parts.length).toBeGreaterThan(60);
    // Titles and choices of a lab.yaml are short statements: `새 목적지를 안다`.
    const sentences = [...parts, ...sources.filter(({ path }) => !/lab\.yaml$|^docs/.test(path))];
    expect(found(/(?<![니시])다[.:!](?=[\s'"`]|$)/, sentences)).toEqual([]);
    expect(found(/(?<!세)요[.?!…]|(?<!니)까\?|[가나]\?/, sentences)).toEqual([]);
  });
});
