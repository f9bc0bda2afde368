import { describe, expect, test } from 'vitest';
import { anchors, identifierIn, inlineCode, isPath, relativeLinks } from './markdown.ts';

describe('reading a Markdown page', () => {
  test('finds inline code outside of code blocks', () => {
    const text = 'See `a.ts` and ``b``.\n\n    `indented`\n\n```\n`fenced`\n```\nThen `c`.';
    expect(inlineCode(text)).toEqual(['a.ts', 'b', 'c']);
  });

  test('finds links to other pages and headings, not to other sites', () => {
    expect(relativeLinks('[a](b.md#c), [d](https://example.org), [e](#f), `[g](h)`')).toEqual(['b.md#c', '#f']);
  });

  test('makes anchors as GitHub does', () => {
    expect(anchors('# One page\n## What it needs, and `why`\n')).toEqual(['one-page', 'what-it-needs-and-why']);
  });

  test.each(['src/kit', 'plan.ts', 'labs/README.md', 'kit/'])('takes %s for a path', (code) => {
    expect(isPath(code)).toBe(true);
  });

  test.each(['npm run check', '/etc/hosts', 'test/**/*.ts', 'a=b/c', 'https://a/b', 'kubelet'])(
    'does not take %s for a path',
    (code) => expect(isPath(code)).toBe(false),
  );

  test('takes a name with a capital inside for an identifier', () => {
    expect(['gradeLab', 'LabError', 'rulesOf()', 'Pod', 'NODE_NAME', 'kubectl'].map(identifierIn)).toEqual([
      'gradeLab',
      'LabError',
      'rulesOf',
      undefined,
      undefined,
      undefined,
    ]);
  });
});
