// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { gradeCheck, objects, type World } from '../world.ts';

describe('a lookup check', () => {
  const check = {
    type: 'lookup',
    from: 'pod/blue',
    name: 'db-service',
    address: '${service/db-service:.spec.clusterIP}',
  };

  test('passes when the name resolves to the address', async () => {
    const world: World = { objects, lookup: () => ({ ok: true, addresses: ['10.103.132.104'] }) };
    expect((await gradeCheck(check, world)).outcome).toBe('pass');
  });

  test('fails and shows both addresses when the name resolves to another address', async () => {
    const world: World = { objects, lookup: () => ({ ok: true, addresses: ['10.1.1.1'] }) };
    expect(await gradeCheck(check, world)).toMatchObject({
      outcome: 'fail',
      expected: 'pod blue resolves db-service to 10.103.132.104',
      observed: 'pod blue resolves db-service to 10.1.1.1',
    });
  });
});
