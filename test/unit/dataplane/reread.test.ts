import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { RulesetReader } from '../../../src/dataplane/reread.ts';

const golden = ['nat', 'filter', 'mangle']
  .map((table) =>
    readFileSync(join(import.meta.dirname, `../../fixtures/kube-proxy-v1.36.2/default-${table}.txt`), 'utf8'),
  )
  .join('');

test('reading again gives what a first reading gives, after each removed line', () => {
  const reader = new RulesetReader();
  expect(reader.read(golden)).toEqual(parseRuleset(golden));
  const lines = golden.split('\n');
  const rules = lines.flatMap((line, index) => (line.startsWith('-A ') ? [index] : []));
  expect(rules.length).toBeGreaterThan(100);
  for (const index of rules.filter((_, at) => at % 7 === 0)) {
    const text = lines.toSpliced(index, 1).join('\n');
    expect(reader.read(text)).toEqual(parseRuleset(text));
  }
});

test('a chain that did not change is the same object', () => {
  const reader = new RulesetReader();
  const chains = () =>
    new Map(reader.read(golden).tables.flatMap(({ chains: all }) => all.map((chain) => [chain.name, chain])));
  const before = chains();
  expect(before.size).toBeGreaterThan(50);
  for (const [name, chain] of chains()) if (chain.rules.length > 0) expect(before.get(name) === chain, name).toBe(true);
});

test.each([
  ['a comment with a line that looks like a rule', '-A INPUT -m comment --comment "x\n-A INPUT -j DROP" -j ACCEPT\n'],
  ['a comment that looks like another chain', '-A INPUT -m comment --comment "x\n-A FORWARD -j DROP\n" -j ACCEPT\n'],
  ['rules of a chain in two places', '-A INPUT -j ACCEPT\n-A FORWARD -j DROP\n-A INPUT -j DROP\n'],
  ['counters', '[1:2] -A INPUT -j ACCEPT\n'],
  ['an undeclared chain', '-A A -j ACCEPT\n'],
])('reads %s like the first time', (_what, rules) => {
  const text = `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n${rules}COMMIT\n`;
  const reader = new RulesetReader();
  for (let time = 0; time < 3; time++) expect(reader.read(text)).toEqual(parseRuleset(text));
});
