import { describe, expect, test } from 'vitest';
import { LabError } from '../../../../src/kit/error.ts';
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

  test.each([
    ['is down', { up: false }, 'cni0 (bridge) 10.244.1.1/24, down'],
    ['has another address', { addresses: [inet('10.244.1.2')] }, 'cni0 (bridge) 10.244.1.2/24, up'],
    ['has no address', { addresses: [] }, 'cni0 (bridge) without an IPv4 address, up'],
    ['has another name', { name: 'br0' }, 'br0 (bridge) 10.244.1.1/24, up'],
  ])('says what it saw when the interface %s', async (_title, different, seen) => {
    const links = [{ ...bridge, ...different }, link({ name: 'lo' })];
    expect(await gradeCheck(check, { facts: { node01: { links } } })).toMatchObject({
      outcome: 'fail',
      observed: `node01 has none (of 2 interfaces), but ${seen}`,
    });
  });

  test('says what the interface is attached to, and its MTU, when they are asked for', async () => {
    const attached = { type: 'link', on: 'node/node01', name: 'veth-red', master: 'br0', mtu: 1450 };
    const links = [link({ name: 'veth-red', kind: 'veth' })];
    expect(await gradeCheck(attached, { facts: { node01: { links } } })).toMatchObject({
      observed: 'node01 has none (of 1 interfaces), but veth-red (veth), attached to no bridge, MTU 1500',
    });
  });

  test('finds the address also with another prefix length', async () => {
    const inRed = { type: 'link', on: 'node/node01', name: 'eth0', address: '10.20.1.2/24' };
    const links = [link({ name: 'veth0', kind: 'veth', addresses: [inet('10.20.1.2', 32)] })];
    expect(await gradeCheck(inRed, { facts: { node01: { links } } })).toMatchObject({
      observed: expect.stringMatching(/but veth0 \(veth\) 10\.20\.1\.2\/32$/),
    });
  });

  test.each([
    [1450, 'pass'],
    [{ max: 1450 }, 'pass'],
    [{ max: 1400 }, 'fail'],
    [{ min: 1500 }, 'fail'],
  ])('with an MTU of %o: %s', async (mtu, outcome) => {
    const report = await gradeCheck({ ...check, mtu }, { facts: { node01: { links: [{ ...bridge, mtu: 1450 }] } } });
    expect(report.outcome).toBe(outcome);
  });

  test('looks into a namespace that the student has made', async () => {
    const inRed = { type: 'link', on: 'node/*/netns/red', name: 'eth0', address: '10.20.1.2/24' };
    const links = [link({ name: 'eth0', addresses: [inet('10.20.1.2')] })];
    const facts = { 'controlplane red': { links }, 'node01 red': { links }, 'node02 red': { links } };
    expect(await gradeCheck(inRed, { facts })).toMatchObject({
      outcome: 'pass',
      expected: expect.stringMatching(/^red on every node has at least 1 network interface /),
    });
    const empty = await gradeCheck(inRed, { facts: { ...facts, 'node01 red': { links: [] } } });
    expect(empty).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('red on node01 has none'),
      hint: 'On node01: ip netns exec red ip -details address',
    });
  });

  test('fails, also with not, when there is no such namespace', async () => {
    const inRed = { type: 'link', on: 'node/node01/netns/red', name: 'eth0', not: true };
    const missing = () => {
      throw new LabError('FABRIC_NO_NETNS', 'node01 has no network namespace red');
    };
    const report = await gradeCheck(inRed, {
      facts: {
        get 'node01 red'() {
          return missing();
        },
      },
    });
    expect(report).toMatchObject({ outcome: 'fail', observed: 'node01 has no network namespace red' });
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
