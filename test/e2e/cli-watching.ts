// The tests of `labs check --watch` by several at once.
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Report } from '../../src/api/report.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { labs, spawnLabs } from './cli-support.ts';

/** Registers the tests. The lab has no pod `orange`. */
export const testWatching = (name: string): void => {
  const on = (...argv: string[]) => labs(['--name', name, ...argv]);

  test('two watches share one agent, see the same changes, and outlive the agent', { timeout: 120_000 }, async () => {
    const watches = [startWatch(name), startWatch(name)];
    try {
      await Promise.all(watches.map((watch) => watch.until('fail')));
      // An agent that has lost the race to be the shared one ends by itself.
      const look = async () => {
        const agents = await sharedAgents(name);
        return agents.length === 1 ? done(agents) : notYet(agents.join(', '));
      };
      const [agent] = await eventually('one agent serves both watches', look, { timeoutMs: 10_000 });
      await on('kubectl', 'run', 'orange', '--image=busybox', '--', 'sleep', '3600');
      await Promise.all(watches.map((watch) => watch.until('pass')));
      process.kill(Number(agent), 'SIGKILL');
      await on('kubectl', 'delete', 'pod', 'orange', '--grace-period=1');
      await Promise.all(watches.map((watch) => watch.until('fail')));
      expect(await sharedAgents(name)).toHaveLength(1);
    } finally {
      await Promise.all(watches.map((watch) => watch.end()));
    }
  });
};

const startWatch = (name: string) => {
  const watching = spawnLabs(['--name', name, 'check', '--watch', '--json'], { buffer: false });
  let rest = '';
  let outcome: string | undefined;
  let look = (): void => {};
  watching.stdout?.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    // While the lab is stopped, a line has only its state.
    const { tasks } = JSON.parse(lines.at(-1) ?? '{}') as Partial<Report>;
    const checks = tasks?.find(({ id }) => id === 'across-nodes')?.checks ?? [];
    outcome = checks.find(({ id }) => id === 'orange-runs')?.outcome ?? outcome;
    look();
  });
  return {
    /** Waits until the check of the pod has this outcome. */
    until: (wanted: string) =>
      new Promise<void>((resolve, reject) => {
        look = () => outcome === wanted && resolve();
        look();
        watching.then(({ exitCode }) => reject(new Error(`the watch ended with ${exitCode}`)));
      }),
    end: async () => {
      watching.kill('SIGINT');
      await watching;
    },
  };
};

/** The process ids of the agents that watches share, on the machine of the tests. */
const sharedAgents = async (name: string): Promise<readonly string[]> => {
  const { stdout } = await execa('docker', ['top', `labs-${name}-fabric`, '-eo', 'pid,ppid,args']);
  const found = [...stdout.matchAll(/^\s*(\d+)\s+(\d+)\s+\/usr\/bin\/node .*\bshared\b/gm)];
  const agents = found.map(([, pid = '']) => pid);
  // A program that the agent is just starting still has the agent's arguments.
  return found.flatMap(([, pid = '', parent = '']) => (agents.includes(parent) ? [] : [pid]));
};
