import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isLong } from '../support/runs.ts';
import { containersOf, labs, spawnLabs, volumesOf, written } from './cli-support.ts';

const names = ['test-interrupt', 'test-twin'] as const;
const [name, twin] = names;

const deleteAll = async (): Promise<void> => {
  for (const each of names) if ((await containersOf(each)).length > 0) await labs(['delete', each, '--yes']);
};
beforeAll(deleteAll);
afterEach(deleteAll);

/** Command lines of processes on this machine that contain the text. */
const processesWith = (text: string): readonly string[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        return [readFileSync(`/proc/${entry}/cmdline`, 'utf8')];
      } catch {
        return [];
      }
    })
    .filter((command) => command.includes(text));

const start = (instance: string) => spawnLabs(['start', 'service-networking', '--name', instance], { buffer: false });

describe('Ctrl-C during a start', () => {
  // The next test interrupts the wiring, and cluster.test.ts interrupts the other steps.
  test.each(isLong ? ['Creating machines', 'Wiring links'] : ['Creating machines'])(
    'after "%s" leaves nothing behind',
    async (step) => {
      const starting = start(name);
      await written(starting.stderr, step);
      starting.kill('SIGINT');
      expect((await starting).exitCode).toBe(130);
      expect(await containersOf(name)).toEqual([]);
      expect(await volumesOf(name)).toEqual([]);
      expect(processesWith(`labs-${name}`)).toEqual([]);
    },
  );

  test('pressed again says that labs is still cleaning up, and cleans up', async () => {
    const starting = spawnLabs(['start', 'service-networking', '--name', name]);
    await written(starting.stderr, 'Wiring links');
    starting.kill('SIGINT');
    await written(starting.stderr, 'Cancelling');
    starting.kill('SIGINT');
    const { exitCode, stderr } = await starting;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('Interrupted.');
    expect(await containersOf(name)).toEqual([]);
    expect(await volumesOf(name)).toEqual([]);
    expect(processesWith(`labs-${name}`)).toEqual([]);
  });
});

describe('a start that was killed with SIGKILL', () => {
  const steps = isLong ? ['Creating machines', 'Waiting for the nodes'] : ['Waiting for the nodes'];
  test.each(steps)('after "%s" is completed by the next start', async (step) => {
    const starting = start(name);
    await written(starting.stderr, step);
    starting.kill('SIGKILL');
    await starting;
    const again = await labs(['start', 'service-networking', '--name', name]);
    expect(again.stderr).not.toContain('error:');
    expect(again.exitCode).toBe(0);
    expect((await labs(['--name', name, 'kubectl', 'get', 'nodes'])).stdout).toMatch(/node02 +Ready/);
  });

  test('is deleted with all containers', async () => {
    const starting = start(name);
    await written(starting.stderr, 'Creating machines');
    starting.kill('SIGKILL');
    await starting;
    expect(await labs(['delete', name, '--yes'])).toMatchObject({ exitCode: 0 });
    expect(await containersOf(name)).toEqual([]);
  });
});

describe('three starts at once, two of them of one name', () => {
  test('build two labs, and each is deleted alone', { timeout: 200_000 }, async () => {
    const start = (instance: string) => labs(['start', 'service-networking', '--name', instance]);
    const [other, ...both] = await Promise.all([twin, name, name].map(start));
    const [first, second] = both.sort((a, b) => a.exitCode - b.exitCode);
    expect(other).toMatchObject({ exitCode: 0 });
    expect(first).toMatchObject({ exitCode: 0 });
    // The second start either waited and found the lab running, or was refused because the first was at work.
    if (second?.exitCode !== 0) expect(second?.stderr).toMatch(/^error: .*LAB_BUSY/m);
    expect(second?.stderr).not.toContain('✘');
    for (const each of names) {
      expect(await containersOf(each)).toHaveLength(6);
      expect((await labs(['--name', each, 'kubectl', 'get', 'nodes'])).exitCode).toBe(0);
    }
    await labs(['--name', name, 'kubectl', 'create', '-f', '-'], {
      input: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n',
    });
    expect((await labs(['--name', twin, 'kubectl', 'get', 'cm', 'mine'])).exitCode).toBe(1);
    await labs(['delete', name, '--yes']);
    expect(await containersOf(twin)).toHaveLength(6);
    expect((await labs(['--name', twin, 'kubectl', 'get', 'nodes'])).exitCode).toBe(0);
  });
});
