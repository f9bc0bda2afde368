// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { ipvsCheck } from '../../../../src/host/grade/checks/ipvs.ts';
import { gradeCheck, objects, type World } from '../world.ts';

const saved = `-A -t 10.103.132.104:3306 -s rr
-a -t 10.103.132.104:3306 -r 10.244.1.2:3306 -m -w 1
-A -u 10.96.0.10:53 -s wrr -p 10800
-a -u 10.96.0.10:53 -r 10.244.0.2:53 -m -w 3
-a -u 10.96.0.10:53 -r 10.244.0.3:53 -m -w 0
-A -f 1 -s rr
-A -t 10.96.0.9:80 -s lc
`;
const world: World = {
  objects,
  facts: { node01: { ipvs: { isSupported: true, saved } }, node02: { ipvs: { isSupported: false, saved: '' } } },
};
const check = { type: 'ipvs', on: 'node/node01', to: '${service/db-service:.spec.clusterIP}:3306' };

describe('an ipvs check', () => {
  test.each([
    [{}],
    [{ scheduler: 'rr', lands: 'endpoints/db-service', weight: 1 }],
    [{ scheduler: '/r$/', lands: ['10.244.1.2:3306'] }],
    [{ to: '10.96.0.10:53', protocol: 'udp', lands: '10.244.0.2:53' }],
  ])('finds %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [{ to: '10.103.132.104:3307' }],
    [{ protocol: 'udp' }],
    [{ scheduler: 'wrr' }],
    [{ lands: ['10.244.1.2:3306', '10.244.1.3:3306'] }],
    [{ lands: '10.244.1.3:3306' }],
    [{ lands: '10.244.1.2:3306', weight: 2 }],
    [{ to: '10.96.0.9:80', lands: '10.244.1.2:80' }],
    [{ to: '10.96.0.10:53', protocol: 'udp', lands: ['10.244.0.2:53', '10.244.0.3:53'] }],
  ])('does not find %j', async (wanted) => {
    expect(await gradeCheck({ ...check, ...wanted }, world)).toMatchObject({ outcome: 'fail' });
    expect(await gradeCheck({ ...check, ...wanted, not: true }, world)).toMatchObject({ outcome: 'pass' });
  });

  test('shows the virtual server', async () => {
    expect(await gradeCheck({ ...check, scheduler: 'lc', lands: 'endpoints/db-service' }, world)).toMatchObject({
      expected:
        'node01 has an IPVS virtual server 10.103.132.104:3306 (scheduler lc, to the endpoints of service db-service)',
      observed: 'node01, 10.103.132.104:3306: scheduler rr, 10.244.1.2:3306 weight 1',
      hint: 'On node01: ipvsadm -Ln',
    });
  });

  test('is broken where the kernel has no IPVS, also with not', async () => {
    for (const not of [false, true])
      expect(await gradeCheck({ ...check, on: 'node/node02', not }, world)).toMatchObject({
        outcome: 'broken',
        observed: expect.stringContaining('has no IPVS'),
      });
  });

  test('fails for a service without endpoints, and for one that does not exist', async () => {
    expect((await gradeCheck({ ...check, lands: 'endpoints/nothing', not: true }, world)).outcome).toBe('fail');
    expect(
      (await gradeCheck({ ...check, to: '${service/nothing:.spec.clusterIP}:80', not: true }, world)).outcome,
    ).toBe('fail');
  });

  test('a weight needs the servers that have it', () => {
    expect(ipvsCheck.mistakes?.({ weight: 1 })).toHaveLength(1);
    expect(ipvsCheck.mistakes?.({ weight: 1, lands: 'x' })).toEqual([]);
  });
});
