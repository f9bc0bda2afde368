// Where the connections of `labs forward` start.
import { once } from 'node:events';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../../src/host/cli/commands/forward.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { startCluster } from '../../../src/host/cluster/start.ts';
import type { ExecSession, ExecSpec } from '../../../src/host/docker/port.ts';
import { inNetworkOf } from '../../../src/host/plan/boot.ts';
import { quietly, request, World } from '../cluster/world.ts';
import { fakeOutput } from './fake-output.ts';

/** Notes the commands of connections, which end at once. */
class Dialled extends World {
  readonly dialled: string[] = [];

  override async open(container?: string, spec?: ExecSpec): Promise<ExecSession> {
    if (!spec?.command.includes('socat')) return super.open();
    const owner = [...this.containers.values()].find(({ id }) => id === container)?.spec.name;
    this.dialled.push([owner, ...spec.command].join(' '));
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    for (const stream of [stdout, stderr]) stream.end();
    return { stdin, stdout, stderr, exitCode: Promise.resolve(0), resize: async () => {}, close: () => {} };
  }
}

let world: Dialled;
beforeEach(async () => {
  world = new Dialled();
  const { cluster } = await startCluster(world, request(), quietly());
  await cluster[Symbol.asyncDispose]();
});

let end: (() => Promise<unknown>) | undefined;
afterEach(() => end?.());

/** @returns the port of this machine that leads to the target */
const forward = async (args: readonly string[], options = {}): Promise<number> => {
  const { output, lines } = fakeOutput();
  const context = {
    ...{ output, json: true, yes: true, say: messagesIn('en'), docker: async () => world },
    signal: new AbortController().signal,
    environment: { language: 'en', variables: {} },
    interrupt: { release: () => {} },
  };
  const ended = run(context as unknown as Context, args, options);
  // The command waits for one of these signals, which a thread of tests must not send to its process.
  end = async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.emit(signal);
    await ended;
  };
  while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return Number(new URL(JSON.parse(lines[0] ?? '').url).port);
};

const visit = async (port: number): Promise<void> => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
};

const socat = (to: string) => ['socat', '-t', '3600', '-', `TCP4:${to},connect-timeout=5`];

test('a port of a machine is reached from the outside of the cluster', async () => {
  await visit(await forward(['node01', ':30080']));
  expect(world.dialled).toEqual([['labs-x-fabric', ...socat('192.168.56.11:30080')].join(' ')]);
});

test("with --from, in the network of that machine, found for each connection, by the fabric's programs", async () => {
  const port = await forward(['node01', ':30080'], { from: 'node02' });
  const from = () => inNetworkOf(world.containers.get('labs-x-node02')?.pid ?? 0, socat('192.168.56.11:30080'));
  const before = ['labs-x-fabric', ...from()].join(' ');
  await visit(port);
  await world.stop('labs-x-node02');
  await world.start('labs-x-node02');
  await visit(port);
  expect(world.dialled).toEqual([before, ['labs-x-fabric', ...from()].join(' ')]);
  expect(world.dialled[0]).not.toBe(world.dialled[1]);
});
