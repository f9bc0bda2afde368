// What the kernel holds and what iptables-save prints, for comments that try to look like rules.
import { expect, test } from 'vitest';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { type Backend, World } from '../../support/proxy/world.ts';

const comments = [
  'x\n-A FORWARD -j DROP',
  'x\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]',
  '\n',
  'a "b" \\',
  'it\'s \\"\n# -j',
];

test.each<Backend>(['nft', 'legacy'])('iptables-%s: a rule has the comment that it was given', async (backend) => {
  await using world = await World.create(backend);
  for (const comment of comments)
    world.exec('iptables', '-A', 'INPUT', '-m', 'comment', '--comment', comment, '-j', 'RETURN');
  const { tables } = parseRuleset(world.save());
  const rules = tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules));
  expect(rules.map(({ comment, target }) => [comment, target?.kind])).toEqual(comments.map((text) => [text, 'return']));
});
