// kube-proxy authenticates to the API server with a token file that is rotated, or with a credential plugin.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { put, World } from '../../support/proxy/world.ts';

const service = (index: number) =>
  put.service({
    metadata: { name: `s${index}`, namespace: 'default' },
    spec: { clusterIP: `10.96.1.${index}`, ports: [{ port: 80 }] },
  });
const hasRefusal = (world: World, index: number): boolean =>
  world.save('iptables-save', '-t', 'filter').includes(`10.96.1.${index}/32`);

const write = (world: World, name: string, text: string, mode = 0o600): string => {
  const path = join(world.folder, name);
  writeFileSync(path, text, { mode });
  return path;
};
const kubeconfig = (world: World, user: object): string =>
  write(
    world,
    'kubeconfig-user',
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user }],
    }),
  );

test('sends the rotated token to an API server that restarted', async () => {
  await using world = await World.create();
  write(world, 'api-token', 'first-secret');
  write(world, 'token', 'first-secret');
  await world.change(service(1));
  await world.startProxy('--kubeconfig', kubeconfig(world, { tokenFile: 'token' }));
  expect(hasRefusal(world, 1)).toBe(true);
  await world.stopApi();
  write(world, 'api-token', 'second-secret');
  write(world, 'token', 'second-secret\n');
  await world.startApi();
  await world.change(service(2));
  await world.until(
    'the new service has its rule',
    () => hasRefusal(world, 2),
    () => world.log(),
  );
  expect(world.log()).not.toMatch(/(first|second)-secret/);
});

test('runs the credential plugin again when the API server refuses the old token', async () => {
  await using world = await World.create();
  write(world, 'api-token', 'first-secret');
  const status = `"status": {"token": "'$(cat ${world.folder}/api-token)'"}`;
  const credential = `{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", ${status}}`;
  write(world, 'plugin', `#!/bin/sh\necho run >>${world.folder}/runs\necho '${credential}'\n`, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', interactiveMode: 'IfAvailable' };
  await world.change(service(1));
  await world.startProxy('--kubeconfig', kubeconfig(world, { exec }));
  await world.stopApi();
  write(world, 'api-token', 'second-secret');
  await world.startApi();
  await world.change(service(2));
  await world.until(
    'the new service has its rule',
    () => hasRefusal(world, 2),
    () => world.log(),
  );
  expect(readFileSync(join(world.folder, 'runs'), 'utf8')).toBe('run\nrun\n');
  expect(world.log()).not.toMatch(/(first|second)-secret/);
});

test('waits for an API server that refuses its credentials, and logs it', async () => {
  await using world = await World.create();
  write(world, 'api-token', 'right-secret');
  write(world, 'token', 'wrong-secret');
  await world.change(service(1));
  await world.launchProxy('--kubeconfig', kubeconfig(world, { tokenFile: 'token' }));
  await world.until('the refusal is in the log', () =>
    /"The API server does not answer yet" err="401/.test(world.log()),
  );
  write(world, 'token', 'right-secret');
  await world.until('the service has its rule', () => hasRefusal(world, 1));
});
