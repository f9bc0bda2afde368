// The checks of docs/authoring/cookbook.md, as one lab.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lexer } from 'marked';
import { parse, stringify } from 'yaml';

const page = fileURLToPath(new URL('../../docs/authoring/cookbook.md', import.meta.url));

export interface Cookbook {
  /** Titles of the numbered sections. */
  readonly titles: readonly string[];
  readonly checks: readonly { readonly id: string; readonly [field: string]: unknown }[];
  readonly manifest: string;
  /** The whole lab: path in its folder → text. */
  readonly files: Readonly<Record<string, string>>;
}

export const readCookbook = async (name: string): Promise<Cookbook> => {
  const tokens = lexer(await readFile(page, 'utf8'));
  const titles = tokens.flatMap((token) =>
    token.type === 'heading' && /^\d+\. /.test(token.text) ? [String(token.text)] : [],
  );
  const blocks = tokens.flatMap((token) =>
    token.type === 'code' ? [{ lang: String(token.lang ?? ''), text: `${token.text}\n` }] : [],
  );
  const checks = blocks.filter(({ lang }) => lang === 'yaml').flatMap(({ text }) => parse(text));
  const scripts = blocks.flatMap(({ lang, text }) => {
    const [, file] = /^ts file=(.+)$/.exec(lang) ?? [];
    return file === undefined ? [] : [[file, text] as const];
  });
  const lab = {
    apiVersion: 'labs/v1',
    name,
    title: 'Cookbook',
    summary: 'For a test.',
    cluster: { nodes: [{ name: 'controlplane', role: 'control-plane' }, { name: 'node01' }] },
    tasks: [{ id: 'all', title: 'All', checks }],
  };
  return {
    titles,
    checks,
    manifest: blocks.find(({ lang }) => lang === 'yaml manifest')?.text ?? '',
    files: { 'lab.yaml': stringify(lab), [join('tasks', 'all.md')]: 'All.\n', ...Object.fromEntries(scripts) },
  };
};
