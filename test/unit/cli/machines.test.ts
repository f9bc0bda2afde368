// What `labs shell` and `labs logs` say about machines of the lab that they cannot use.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run as logs } from '../../../src/host/cli/commands/logs.ts';
import { run as shell } from '../../../src/host/cli/commands/shell.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { labels } from '../../../src/host/plan/names.ts';
import { engineWith } from './fake-engine.ts';
import { fakeOutput } from './fake-output.ts';

const labFolder = fileURLToPath(new URL('../../../labs', import.meta.url));

/** A lab that has only a fabric and a client left. */
const lab = async (): Promise<Context> => {
  const docker = await engineWith(['x']);
  const machine = { [labels.role]: 'client', [labels.machine]: 'client', [labels.link]: '192.168.56.100/24' };
  const own = { [labels.name]: 'x', [labels.lab]: 'service-networking', ...machine };
  await docker.start(await docker.create({ name: 'labs-x-client', image: 'node', network: 'none', labels: own }));
  return {
    output: fakeOutput().output,
    say: messagesIn('en'),
    environment: { language: 'en', variables: {} },
    paths: { labs: [labFolder] },
    signal: new AbortController().signal,
    docker: async () => docker,
  } as unknown as Context;
};

test.each([
  ['shell', shell],
  ['logs', logs],
])('%s says that a machine was removed, and how to get it back', async (_, run) => {
  await expect(run(await lab(), ['node02'], {})).rejects.toMatchObject({
    code: 'LAB_MACHINE_MISSING',
    message: 'The machine node02 no longer exists: its container was removed',
    hint: 'Build the cluster anew: `labs reset x`.',
    exitCode: 3,
  });
});

test('logs says that a client has no components', async () => {
  await expect(logs(await lab(), ['client'], {})).rejects.toMatchObject({ code: 'LAB_NO_LOGS', exitCode: 2 });
});

test('a pod is not said to be missing when the API server does not answer', async () => {
  const context = await lab();
  const docker = await context.docker();
  const refused = { exitCode: 1, stdout: '', stderr: 'The connection to the server was refused\n' };
  const broken = { ...context, docker: async () => Object.assign(docker, { exec: async () => refused }) };
  await expect(shell(broken, ['web'], {})).rejects.toMatchObject({
    code: 'LAB_API_SILENT',
    message: expect.stringContaining('The connection to the server was refused'),
    exitCode: 3,
  });
});
