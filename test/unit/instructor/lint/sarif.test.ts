// The findings as SARIF: the compiler compares them with the published types of the format.
import type { Log } from 'sarif';
import { expect, test } from 'vitest';
import { sarifOf } from '../../../../src/host/instructor/lint/sarif.ts';

const text = { en: 'A mistake', ko: '실수' };
const results = [
  {
    name: 'good',
    folder: '/work/labs/good',
    findings: [
      { rule: 'yaml', file: 'lab.yaml', line: 3, column: 7, text },
      { rule: 'image-unchecked', file: 'tasks/a b.md', line: 1, column: 1, text },
    ] as const,
  },
];

const logOf = (base: string, language: 'en' | 'ko' = 'en'): Log =>
  sarifOf(results, { version: '1.2.3', language, base });

test('each finding names its rule, its level and its place below the base', () => {
  const log = logOf('/work');
  expect(log.version).toBe('2.1.0');
  const [run] = log.runs;
  expect(run?.originalUriBaseIds).toEqual({ ROOT: { uri: 'file:///work/' } });
  expect(run?.results).toMatchObject([
    {
      ruleId: 'yaml',
      level: 'error',
      message: { text: 'A mistake' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'labs/good/lab.yaml', uriBaseId: 'ROOT' },
            region: { startLine: 3, startColumn: 7 },
          },
        },
      ],
    },
    { level: 'note', locations: [{ physicalLocation: { artifactLocation: { uri: 'labs/good/tasks/a%20b.md' } } }] },
  ]);
  const rules = run?.tool.driver.rules ?? [];
  for (const { ruleId, ruleIndex = -1 } of run?.results ?? []) expect(rules[ruleIndex]?.id).toBe(ruleId);
});

test('a lab outside of the base has an absolute address', () => {
  const [first] = logOf('/elsewhere', 'ko').runs[0]?.results ?? [];
  expect(first?.message.text).toBe('실수');
  expect(first?.locations?.[0]?.physicalLocation?.artifactLocation).toEqual({ uri: 'file:///work/labs/good/lab.yaml' });
});
