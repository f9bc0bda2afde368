// What labs asks before it runs or replaces a lab of somebody else.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabDefinition } from '../../../src/api/lab.ts';
import { run as runInstall } from '../../../src/host/cli/commands/install.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { readEnvironment } from '../../../src/host/cli/environment.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { mayRun } from '../../../src/host/cli/trust.ts';
import { writeLab } from '../../../src/host/instructor/new/write.ts';
import { loadLab } from '../../../src/host/lab/load.ts';
import { fakeOutput } from './fake-output.ts';

const packageFolder = fileURLToPath(new URL('../../../', import.meta.url));
let home: string;
/** The folder of the lab before it is installed. */
let source: string;
let installed: string;
let lines: string[];
let notes: string[];

const context = (given: Partial<Context> = {}): Context => {
  const fake = fakeOutput({});
  ({ lines, notes } = fake);
  return {
    output: fake.output,
    say: messagesIn('en'),
    json: false,
    yes: false,
    paths: { root: packageFolder, labs: [installed], installed, bundles: '' },
    environment: readEnvironment({}),
    signal: new AbortController().signal,
    ...given,
  } as Context;
};

const install = (given?: Partial<Context>): Promise<number> =>
  Promise.resolve(runInstall(context(given), [source], {})).then(Number);
const installedLab = (): Promise<LabDefinition> => loadLab(join(installed, 'tiny'));

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'trust-'));
  source = join(home, 'tiny');
  installed = join(home, 'its installed labs');
  await writeLab({ name: 'tiny', title: 'Tiny', workers: 1, tasks: ['web'] }, { folder: source, packageFolder });
  await install();
});
afterEach(() => rm(home, { recursive: true }));

describe('the first start of an installed lab', () => {
  test('shows the scripts as often as the user wants, and then runs or does not', async () => {
    await writeFile(
      join(installed, 'tiny/solve/web.ts'),
      '// \u001b[8mhidden\u001b[0m\nexport const solve = () => {};\n',
    );
    const answers = ['show', 'show', 'no'];
    const lab = await installedLab();
    expect(await mayRun(context(), lab, async () => answers.shift() ?? '')).toBe(false);
    expect(answers).toEqual([]);
    expect(notes.filter((line) => line === 'export const solve = () => {};')).toHaveLength(2);
    expect(notes.join('\n')).toContain('// \\x1b[8mhidden\\x1b[0m');
    expect(await mayRun(context(), lab, async () => 'yes')).toBe(true);
    // Agreed: nobody is asked again.
    expect(await mayRun(context(), lab)).toBe(true);
  });

  test('names the command that shows the scripts, where nobody can be asked', async () => {
    const folder = join(installed, 'tiny');
    await expect(mayRun(context(), await installedLab())).rejects.toMatchObject({
      code: 'LAB_NEEDS_YES',
      hint: expect.stringContaining(`cd '${folder}' && tail -n +1 solve/web.ts`),
    });
    expect(await mayRun(context({ yes: true }), await installedLab())).toBe(true);
  });
});

describe('labs install', () => {
  test('asks before it replaces a lab by another one', async () => {
    const text = await readFile(join(source, 'lab.yaml'), 'utf8');
    await writeFile(join(source, 'lab.yaml'), text.replace('title: "Tiny"', 'title: Another'));
    await expect(install()).rejects.toMatchObject({ code: 'LAB_NEEDS_YES' });
    expect((await installedLab()).title.en).toBe('Tiny');
    expect(await install({ yes: true })).toBe(0);
    expect((await installedLab()).title.en).toBe('Another');
  });

  test('does not ask when the lab is the same', async () => {
    expect(await install()).toBe(0);
    expect(lines.join('\n')).toContain('Installed tiny');
  });
});
