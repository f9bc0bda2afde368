// A name that the namespace default does not have, but another one has: tasks 13 to 15 use the namespace shop.
import { expect, test } from 'vitest';
import { unknownPlace } from '../../../src/host/cli/commands/shell.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { resolveTarget } from '../../../src/host/cli/forward-target.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import type { Cluster } from '../../../src/host/cluster/open.ts';

const say = messagesIn('en');
const machines = [{ machine: 'node01', container: 'labs-x-node01', role: 'node' }] as unknown as Parameters<
  typeof unknownPlace
>[1];

/** @param namespaces of the pods that have the name */
const contextWith = (namespaces: string): Context =>
  ({
    say,
    signal: new AbortController().signal,
    docker: async () => ({ exec: async () => ({ exitCode: 0, stdout: namespaces, stderr: '' }) }),
  }) as unknown as Context;

test.each(['shell', 'logs'] as const)('labs %s names the namespace of the pod', async (command) => {
  expect(await unknownPlace(contextWith('shop'), machines, 'cart', command)).toMatchObject({
    code: 'LAB_MACHINE_UNKNOWN',
    message: 'There is no machine or pod "cart"',
    hint: `A pod of this name is in the namespace shop: \`labs ${command} shop/cart\``,
  });
});

test('labs shell names the machines if no namespace has such a pod', async () => {
  expect(await unknownPlace(contextWith(''), machines, 'zzzzz', 'shell')).toMatchObject({
    hint: say.machines('node01'),
  });
});

const cluster = {
  machines: [],
  fabric: {
    call: async (_method: string, { path }: { readonly path: string }) => {
      const items = [
        { metadata: { name: 'cart', namespace: 'shop' } },
        { metadata: { name: 'kubernetes', namespace: 'default' } },
      ];
      return path === '/api/v1/services' ? { status: 200, body: { items } } : { status: 404, body: {} };
    },
  },
} as unknown as Cluster;

test.each([
  ['service/cart', /^One of this name is in the namespace shop: `labs forward service\/cart -n shop`$/],
  ['service/kubernets', /kubernetes/],
  ['service/zzzzzzz', /kubernetes$|kubernetes\./],
])('labs forward %s says where to look', async (wanted, hint) => {
  const target = resolveTarget(contextWith(''), cluster, { wanted, namespace: 'default', from: undefined, ports: [] });
  await expect(target).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
});
