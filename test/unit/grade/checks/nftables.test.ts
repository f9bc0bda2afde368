// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { nftablesCheck } from '../../../../src/host/grade/checks/nftables.ts';
import { gradeCheck, objects, type World } from '../world.ts';

const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const match = (left: object, right: unknown) => ({ match: { op: '==', left, right } });
const nft = JSON.stringify({
  nftables: [
    { metainfo: { version: '1.1.3' } },
    { table: { family: 'ip', name: 'kube-proxy' } },
    { chain: { family: 'ip', table: 'kube-proxy', name: 'services' } },
    {
      rule: {
        family: 'ip',
        table: 'kube-proxy',
        chain: 'services',
        expr: [match(payload('ip', 'daddr'), '10.103.132.104'), match(payload('tcp', 'dport'), 3306), { drop: null }],
        comment: 'closed "for now"',
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'mine',
        chain: 'services',
        expr: [{ counter: { packets: 1, bytes: 2 } }, { accept: null }],
      },
    },
    {
      map: {
        family: 'ip',
        table: 'kube-proxy',
        name: 'service-ips',
        elem: [[{ concat: ['10.103.132.104', 'tcp', 3306] }, { goto: { target: 'service-db' } }]],
      },
    },
    { set: { family: 'ip', table: 'kube-proxy', name: 'cluster-ips', elem: ['10.103.132.104', '10.96.0.1'] } },
  ],
});

const world: World = { objects, facts: { node01: { nft }, client: { nft: '{"nftables": [{"metainfo": {}}]}' } } };
const check = { type: 'nftables', on: 'node/node01' };

describe('an nftables check', () => {
  test.each([
    [{ rules: {}, count: 2 }],
    [{ rules: { family: 'inet', has: 'accept' } }],
    [{ rules: { table: 'kube-proxy', chain: '/^serv/', has: ['tcp dport 3306', 'drop'], comment: 'for now' } }],
    [{ rules: { has: 'ip daddr ${service/db-service:.spec.clusterIP}' } }],
    [{ rules: { has: '/dport \\d+ drop$/' } }],
    [{ rules: { has: 'masquerade' }, count: 0 }],
    [
      {
        elements: { table: 'kube-proxy', set: 'service-ips', has: ['10.103.132.104 . tcp . 3306', 'goto service-db'] },
      },
    ],
    [{ elements: { set: 'cluster-ips' }, count: 2 }],
  ])('finds %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [{ rules: { family: 'ip6' } }],
    [{ rules: { table: 'kube-proxy', has: 'accept' } }],
    [{ rules: { chain: 'serv' } }],
    [{ rules: { comment: 'open' } }],
    [{ rules: { has: 'service-db' } }],
    [{ elements: { set: 'cluster-ips', has: '10.96.0.2' } }],
    [{ elements: { has: 'drop' } }],
  ])('does not find %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'fail' });
    expect(await gradeCheck({ ...check, ...wanted, not: true }, world)).toMatchObject({ outcome: 'pass' });
  });

  test('shows the rule as nft does', async () => {
    const report = await gradeCheck({ ...check, rules: { family: 'ip', has: 'drop' }, not: true }, world);
    expect(report).toMatchObject({
      outcome: 'fail',
      expected: 'node01 has no nft rule (table ip, with "drop")',
      observed: 'node01 has 1: ip kube-proxy services: ip daddr 10.103.132.104 tcp dport 3306 drop',
    });
  });

  test('looks at clients, and never passes where nothing could be read', async () => {
    expect(await gradeCheck({ ...check, on: 'client', rules: {} }, world)).toMatchObject({
      outcome: 'fail',
      observed: 'client has none of them (of 0 in all)',
    });
    expect((await gradeCheck({ ...check, on: 'node/node02', rules: {}, not: true }, world)).outcome).toBe('broken');
    expect((await gradeCheck({ ...check, on: 'pod/nobody', rules: {}, not: true }, world)).outcome).toBe('fail');
  });

  test.each([{}, { rules: {}, elements: {} }])('needs either rules or elements: %j', (written) => {
    expect(nftablesCheck.mistakes?.(written)).toHaveLength(1);
  });
});
