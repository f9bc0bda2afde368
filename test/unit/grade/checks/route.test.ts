import { expect, test } from 'vitest';
import { gradeCheck } from '../world.ts';

test('a route check compares the next hop', async () => {
  const check = { type: 'route', on: 'node/node01', to: '10.244.2.0/24', via: '192.168.56.12' };
  const route = { destination: '10.244.2.0/24', gateway: '192.168.56.12', device: 'eth0', type: 'unicast' };
  expect((await gradeCheck(check, { facts: { node01: { routes: [route] } } })).outcome).toBe('pass');
  const wrong = { ...route, gateway: '192.168.56.10' };
  expect(await gradeCheck(check, { facts: { node01: { routes: [wrong] } } })).toMatchObject({
    outcome: 'fail',
    observed: 'node01: 10.244.2.0/24 via 192.168.56.10 dev eth0',
  });
});
