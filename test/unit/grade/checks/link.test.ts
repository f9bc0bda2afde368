import { describe, expect, test } from 'vitest';
import { everyNode, gradeCheck, inet, link } from '../world.ts';

describe('a link check', () => {
  const check = { type: 'link', on: 'node/node01', kind: 'bridge', name: 'cni0', address: '10.244.1.1', up: true };
  const bridge = link({ name: 'cni0', kind: 'bridge', addresses: [inet('10.244.1.1')] });

  test('passes when the interface exists', async () => {
    expect((await gradeCheck(check, { facts: { node01: { links: [bridge] } } })).outcome).toBe('pass');
  });

  test('fails when the interface is down', async () => {
    const report = await gradeCheck(check, { facts: { node01: { links: [{ ...bridge, up: false }] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('none') });
  });

  test('looks into every network namespace with everywhere', async () => {
    const everywhere = { type: 'link', on: 'node/*', everywhere: true, address: '10.103.132.104', not: true };
    const empty = everyNode({ namespaces: [{ id: 'net:[1]', links: [link({})] }] });
    expect((await gradeCheck(everywhere, { facts: empty })).outcome).toBe('pass');
    const owned = {
      id: 'net:[2]',
      links: [link({ name: 'dummy0', kind: 'dummy', addresses: [inet('10.103.132.104', 32)] })],
    };
    const report = await gradeCheck(everywhere, { facts: { ...empty, node02: { namespaces: [owned] } } });
    expect(report).toMatchObject({
      outcome: 'fail',
      expected: 'no node has a network interface (with address 10.103.132.104), in any of its network namespaces',
      observed: expect.stringContaining('node02 has dummy0'),
    });
  });
});
