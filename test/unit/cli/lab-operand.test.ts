import { expect, test } from 'vitest';
import { commands } from '../../../src/host/cli/commands.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { takeLabOperand } from '../../../src/host/cli/lab-operand.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { labels } from '../../../src/host/plan/names.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

/** An engine with the clusters `first`, `client` and `7`, each with the machine `client`. */
const engine = async (): Promise<FakeDocker> => {
  const docker = new FakeDocker({ images: { node: {} } });
  for (const name of ['first', 'client', '7'])
    await docker.create({
      name: `labs-${name}-client`,
      image: 'node',
      network: 'none',
      labels: {
        [labels.name]: name,
        [labels.lab]: 'service-networking',
        [labels.role]: 'client',
        [labels.machine]: 'client',
        [labels.machines]: '1',
        [labels.link]: '192.168.56.100/24',
      },
    });
  return docker;
};

const take = async (name: string, args: readonly string[], given = 'given') => {
  const docker = await engine();
  const context = { name: given, docker: async () => docker, say: messagesIn('en') } as unknown as Context;
  const command = commands.find((each) => each.name === name);
  if (!command) throw new Error(`there is no command ${name}`);
  const taken = await takeLabOperand(context, command, args);
  return [taken.context.name, ...taken.args];
};

test.each([
  ['check', ['first', '4'], ['first', '4']],
  ['tasks', ['first'], ['first']],
  ['tasks', ['an-empty-cluster'], ['given', 'an-empty-cluster']],
  ['answer', ['first', '6', '1', '10.96.0.0/12'], ['first', '6', '1', '10.96.0.0/12']],
  ['shell', ['first', 'node01', '--', 'hostname'], ['first', 'node01', '--', 'hostname']],
  ['forward', ['first', 'service/web', '80'], ['first', 'service/web', '80']],
  // A number is a task, and the name of a machine is the machine.
  ['check', ['7'], ['given', '7']],
  ['shell', ['client', 'hostname'], ['given', 'client', 'hostname']],
  // These commands take the name as their own operand.
  ['stop', ['first'], ['given', 'first']],
] as const)('labs %s %j', async (name, args, expected) => {
  expect(await take(name, args)).toEqual(expected);
});

test('refuses more operands than the command has', async () => {
  const refusal = { code: 'LAB_USAGE', message: 'Too many arguments for `labs check`', exitCode: 2 };
  await expect(take('check', ['1', '2'])).rejects.toMatchObject(refusal);
  await expect(take('check', ['first', '1', '2'])).rejects.toMatchObject(refusal);
});

test('takes the first of too many operands for a mistyped lab', async () => {
  await expect(take('check', ['frist', '4'])).rejects.toMatchObject({
    code: 'LAB_INSTANCE_UNKNOWN',
    message: 'No lab named "frist" is running',
    hint: 'Did you mean "first"?',
  });
});
