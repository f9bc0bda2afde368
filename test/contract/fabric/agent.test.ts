import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Handlers, serve } from '../../../src/fabric/agent.ts';
import { createClaim } from '../../../src/fabric/claim.ts';
import { AgentError } from '../../../src/fabric/run.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';

const main = new URL('../../../src/fabric/main.ts', import.meta.url).pathname;

const answers = async (handlers: Partial<Handlers>, lines: readonly string[]): Promise<{ readonly id: number }[]> => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const serving = serve(handlers as Handlers, input, output);
  const replies: { readonly id: number }[] = [];
  const all = new Promise<void>((resolve) => {
    output.on('data', (line) => {
      replies.push(JSON.parse(String(line)));
      if (replies.length === lines.length) resolve();
    });
  });
  for (const line of lines) input.write(`${line}\n`);
  await all;
  input.end();
  await serving;
  return replies;
};

test('a slow request does not hold up a quick one', async () => {
  const replies = answers(
    { hello: () => delay(50, { version: 'slow' }), health: async () => ({ status: 200, body: 'quick' }) },
    ['{"id":1,"method":"hello","params":{}}', '{"id":2,"method":"health","params":{}}'],
  );
  expect(await replies).toMatchObject([{ id: 2 }, { id: 1 }]);
});

test('a failure has a code and a message, and the agent keeps running', async () => {
  const fails = async (): Promise<never> => {
    throw new AgentError('FABRIC_NO_POD', 'there is none');
  };
  const replies = await answers({ facts: fails, hello: async () => ({ version: '1' }) }, [
    '{"id":1,"method":"facts","params":{}}',
    '{"id":2,"method":"reboot","params":{}}',
    'not JSON',
    '{"id":4,"method":"hello","params":{}}',
  ]);
  const [broken, failed, unknown, fine] = replies.sort((a, b) => a.id - b.id);
  expect(failed).toEqual({ id: 1, error: { code: 'FABRIC_NO_POD', message: 'there is none' } });
  expect(unknown).toMatchObject({ id: 2, error: { code: 'FABRIC_BAD_REQUEST' } });
  expect(broken).toMatchObject({ id: -1, error: { code: 'FABRIC_FAILED' } });
  expect(fine).toEqual({ id: 4, result: { version: '1' } });
});

test('the agent ends when its input does', async () => {
  const agent = spawn(process.execPath, [main, 'agent'], { stdio: ['pipe', 'pipe', 'inherit'] });
  agent.stdin.write('{"id":1,"method":"hello","params":{}}\n');
  await new Promise((resolve) => agent.stdout.once('data', resolve));
  agent.stdin.end();
  expect(await new Promise((resolve) => agent.once('close', resolve))).toBe(0);
});

test('only one agent at a time holds the claim; a killed agent loses the claim at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-claim-'));
  const [lock, completed] = [join(folder, 'lock'), join(folder, 'completed')];
  try {
    const claimer = spawn('flock', ['--nonblock', lock, 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => claimer.stdout.once('data', resolve));
    const { claim, release, complete } = createClaim({ lock, completed });
    expect(await claim()).toEqual({ claimed: false, completed: false });
    await expect(complete()).rejects.toMatchObject({ code: 'FABRIC_NOT_CLAIMED' });
    // Closing the pipe to its standard input has the same effect as the death of the agent.
    claimer.stdin.end();
    await new Promise((resolve) => claimer.once('close', resolve));
    expect(await claim()).toEqual({ claimed: true, completed: false });
    await complete();
    expect(await claim()).toEqual({ claimed: true, completed: true });
    const other = createClaim({ lock, completed });
    expect(await other.claim()).toEqual({ claimed: false, completed: true });
    await release();
    await eventually(
      'the claim is free',
      async () => ((await other.claim()).claimed ? done(undefined) : notYet('it is held')),
      { timeoutMs: 30_000 },
    );
    await other.release();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a claim is taken over from an agent whose start was killed, and a refused claim names the owner', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-claim-'));
  const [lock, completed] = [join(folder, 'lock'), join(folder, 'completed')];
  const agents: ChildProcess[] = [];
  /** Every agent has the same command line, as in a fabric. The first line of its input has the parameters. */
  const claimInAgent = async (params: object): Promise<object> => {
    const module = new URL('../../../src/fabric/claim.ts', import.meta.url).href;
    const script = `const { createClaim } = await import('${module}');
      const claim = createClaim({ lock: '${lock}', completed: '${completed}' }).claim;
      process.stdin.once('data', async (line) => console.log(JSON.stringify(await claim(JSON.parse(line)))));`;
    const agent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    agents.push(agent);
    agent.stdin.write(`${JSON.stringify(params)}\n`);
    return JSON.parse(String(await new Promise((resolve) => agent.stdout.once('data', resolve))));
  };
  const owner = { pid: 1, host: 'here', mark: '1', since: '2026-01-01T00:00:00Z' };
  try {
    expect(await claimInAgent({ owner })).toEqual({ claimed: true, completed: false });
    expect(await claimInAgent({})).toEqual({ claimed: false, completed: false, owner });
    expect(await claimInAgent({ owner, takeOver: true })).toEqual({ claimed: true, completed: false });
    await eventually(
      'the first agent has ended',
      async () => (agents[0]?.signalCode === 'SIGKILL' ? done(undefined) : notYet('it runs')),
      { timeoutMs: 30_000 },
    );
  } finally {
    for (const agent of agents) agent.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});

test('goes on when a machine stops while the data plane is read', async () => {
  const agent = spawn(process.execPath, [main, 'agent'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const replies = new Map<number, unknown>();
    const all = new Promise<void>((resolve, reject) => {
      agent.once('exit', (code) => reject(new Error(`the agent has ended: ${code}`)));
      createInterface({ input: agent.stdout }).on('line', (line) => {
        const { id, ...reply } = JSON.parse(line);
        replies.set(id, reply);
        if (replies.size === 2) resolve();
      });
    });
    // No process has this number.
    const machines = [{ machine: 'node01', pid: 2 ** 30 }];
    agent.stdin.write(`${JSON.stringify({ id: 1, method: 'dataplane', params: { machines } })}\n`);
    agent.stdin.write(
      `${JSON.stringify({ id: 2, method: 'facts', params: { place: { machine: 'a', pid: 1 }, want: [] } })}\n`,
    );
    await all;
    expect(replies.get(1)).toMatchObject({ error: { code: 'FABRIC_NO_MACHINE' } });
  } finally {
    agent.removeAllListeners('exit');
    agent.kill('SIGKILL');
  }
});
