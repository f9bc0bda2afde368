// kube-proxy in a pod without a kubeconfig: the environment names the API server, a volume holds the token and the CA.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { createTestPki } from '../../fixtures/pki.ts';
import { endpoint, service, slice } from '../../support/proxy/crowd.ts';
import { kubeProxy, World } from '../../support/proxy/world.ts';

const account = '/run/secrets/kubernetes.io/serviceaccount';

/** A world whose API server demands the token. @returns also the CA of the server's certificate */
const createGuarded = async (token: string): Promise<{ readonly world: World; readonly ca: string }> => {
  const world = await World.create();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const pki = await createTestPki();
  const { cert, key } = await pki.issue('kube-apiserver');
  await world.stopApi();
  for (const [name, content] of Object.entries({ 'cert.pem': cert, 'key.pem': key, 'api-token': token }))
    writeFileSync(join(world.folder, name), content);
  await world.startApi();
  return { world, ca: pki.ca };
};

/** Starts kube-proxy in a mount namespace that has the service account's volume at its path in a pod. */
const startInPod = (world: World, volume: Readonly<Record<string, string>>): ChildProcess => {
  const folder = join(world.folder, 'volume');
  mkdirSync(folder);
  for (const [name, content] of Object.entries(volume)) writeFileSync(join(folder, name), content);
  const script = `mount -t tmpfs run /run && mkdir -p ${account} && mount --bind ${folder} ${account} && exec "$@"`;
  const log = `--log-file=${join(world.folder, 'kube-proxy.log')}`;
  const argv = [process.execPath, kubeProxy, '--hostname-override=n1', '--cluster-cidr=10.244.0.0/16', log];
  const env = {
    ...process.env,
    PATH: `${join(world.folder, 'bin')}:${process.env.PATH}`,
    ...{ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '6443' },
  };
  const child = spawn('ip', ['netns', 'exec', world.name, 'unshare', '--mount', 'sh', '-ec', script, 'sh', ...argv], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => world.stop(child, 'SIGKILL'));
  return child;
};

const leadsTo = (world: World, host: number): boolean =>
  world.save().includes(`--to-destination ${endpoint(1, host)}:8080`);
const untilLeadsTo = (world: World, host: number): Promise<boolean> =>
  world.until(
    `rules lead to endpoint ${host}`,
    () => leadsTo(world, host),
    () => world.log(),
  );

test('finds the API server and follows a replaced token', async () => {
  const { world, ca } = await createGuarded('first');
  await world.change(service(1), slice(1, 1));
  startInPod(world, { token: 'first', 'ca.crt': ca });
  await untilLeadsTo(world, 1);
  writeFileSync(join(world.folder, 'api-token'), 'second');
  writeFileSync(join(world.folder, 'volume/token'), 'second');
  // Break all watches, so that kube-proxy has to authenticate again.
  await world.disturbApi('none');
  await world.change(slice(1, 2));
  await untilLeadsTo(world, 2);
});

test('refuses an API server whose certificate has another CA', async () => {
  const { world } = await createGuarded('first');
  await world.change(service(1), slice(1, 1));
  const { ca } = await createTestPki();
  startInPod(world, { token: 'first', 'ca.crt': ca });
  await world.until(
    'the log names the certificate',
    () => /certificate|signature/.test(world.log()),
    () => world.log(),
  );
  expect(leadsTo(world, 1)).toBe(false);
});

test('says that the API server is unknown in a pod without a service account', async () => {
  const { world, ca } = await createGuarded('first');
  const child = startInPod(world, { 'ca.crt': ca });
  expect(await text(child.stderr as Readable)).toContain('the address of the API server is unknown: give --kubeconfig');
  expect(leadsTo(world, 1)).toBe(false);
});
