import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labToStart } from '../../../src/host/cli/chosen-lab.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { readEnvironment } from '../../../src/host/cli/environment.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { labels } from '../../../src/host/plan/names.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

const labs = fileURLToPath(new URL('../../../labs', import.meta.url));
let mine: string;
let copy: string;
/** What labs told the user. */
const notes: string[] = [];
beforeAll(() => {
  // Two folders of the user, each with a lab of the same name.
  [mine = '', copy = ''] = ['mine', 'copy'].map((name) => realpathSync(mkdtempSync(join(tmpdir(), `labs-${name}-`))));
  for (const folder of [mine, copy]) cpSync(join(labs, 'service-networking'), folder, { recursive: true });
});
afterAll(() => {
  for (const folder of [mine, copy]) rmSync(folder, { recursive: true, force: true });
});

interface Cluster {
  readonly name: string;
  readonly running?: boolean;
  /** Of the lab, if it is outside of the package. */
  readonly folder?: string;
  readonly student?: string;
  readonly seed?: string;
}

const contextWith = async (clusters: readonly Cluster[], name?: string, folder = labs): Promise<Context> => {
  const docker = new FakeDocker({ images: { 'labs/node:1': {} } });
  for (const cluster of clusters) {
    const own = {
      ...{ [labels.name]: cluster.name, [labels.lab]: 'service-networking' },
      ...{ [labels.machine]: 'fabric', [labels.role]: 'fabric', [labels.machines]: '1' },
      ...(cluster.folder === undefined ? {} : { [labels.folder]: cluster.folder }),
      ...(cluster.student === undefined ? {} : { [labels.student]: cluster.student }),
      ...(cluster.seed === undefined ? {} : { [labels.seed]: cluster.seed }),
    };
    const container = `labs-${cluster.name}-fabric`;
    await docker.create({ name: container, image: 'labs/node:1', network: 'none', labels: own });
    await docker.start(container);
    if (!cluster.running) await docker.stop(container);
  }
  const part: Partial<Context> = {
    docker: async () => docker,
    output: { note: (line: string) => notes.push(line), paint: (_: unknown, text: string) => text } as never,
    environment: readEnvironment({ XDG_CACHE_HOME: join(mine, 'cache') }),
    paths: { root: join(labs, '..'), labs: [folder], installed: '', bundles: '' },
    say: messagesIn('en'),
    signal: new AbortController().signal,
    name,
  };
  return part as Context;
};

describe('labs start', () => {
  const packaged = join(labs, 'service-networking');

  test('takes the only lab that there is', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'labs-one-')));
    try {
      cpSync(join(labs, 'service-networking'), join(folder, 'service-networking'), { recursive: true });
      const { lab, name } = await labToStart(await contextWith([], undefined, folder), undefined);
      expect([lab.folder, name]).toEqual([join(folder, 'service-networking'), 'service-networking']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('asks for one of several labs, and names them all where nobody can answer', async () => {
    await expect(labToStart(await contextWith([]), undefined)).rejects.toMatchObject({
      code: 'LAB_NAME_NEEDED',
      hint: expect.stringMatching(/`labs start pod-networking`.*`labs start service-networking`/),
    });
  });

  test.each([
    { given: undefined, name: undefined },
    { given: 'second', name: undefined },
    { given: undefined, name: 'second' },
    { given: 'service-networking', name: 'second' },
  ])('resumes a stopped cluster of a lab from elsewhere as $given with --name $name', async ({ given, name }) => {
    const chosen = await labToStart(await contextWith([{ name: 'second', folder: mine }], name), given);
    expect([chosen.lab.folder, chosen.name]).toEqual([mine, 'second']);
  });

  test.each([{ student: 'lee' }, { seed: '2' }, { student: 'kim', seed: '2' }])(
    'refuses %o for a cluster of another student or seed, however the lab is named',
    async (variation) => {
      for (const given of [undefined, 'second', 'service-networking', mine])
        for (const running of [true, false]) {
          const cluster = { name: 'second', folder: mine, student: 'kim', seed: '1', running };
          const chosen = labToStart(await contextWith([cluster], 'second'), given, variation);
          await expect(chosen, `${given}`).rejects.toMatchObject({ code: 'LAB_SEED_FIXED', exitCode: 2 });
        }
    },
  );

  test('resumes by the name that labs stop prints, from any folder, and names the other lab of that name', async () => {
    notes.length = 0;
    const context = await contextWith([{ name: 'service-networking', folder: mine }]);
    expect((await labToStart(context, 'service-networking')).lab.folder).toBe(mine);
    expect(notes.join()).toContain(`service-networking was started from ${mine}`);
    expect(notes.join()).toContain('labs start service-networking --name service-networking-2');
  });

  test('takes the lab of the package by its name although a cluster of another folder has that name', async () => {
    const context = await contextWith([{ name: 'second', folder: mine, running: true }]);
    const { lab, name } = await labToStart(context, 'service-networking');
    expect([lab.folder, name]).toEqual([packaged, 'service-networking']);
  });

  test('resumes by the same folder', async () => {
    const context = await contextWith([{ name: 'service-networking', folder: mine }]);
    expect((await labToStart(context, mine)).name).toBe('service-networking');
  });

  test('refuses a folder when the name belongs to the lab of another folder', async () => {
    const context = await contextWith([{ name: 'service-networking', folder: mine }]);
    await expect(labToStart(context, copy)).rejects.toMatchObject({
      code: 'LAB_NAME_TAKEN',
      message: expect.stringContaining(mine),
      hint: expect.stringContaining(`labs start ${copy} --name service-networking-2`),
    });
  });
});
