import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { importScript } from '../../../src/host/grade/script.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labs-script-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (place: string, name: string, text: string): string => {
  mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, place, name), text);
  return join(folder, place, name);
};

const script = `import type { LabHandle } from '../nowhere.ts';
import { port } from './ports.ts';
export const solve = (lab?: LabHandle): number => (lab ? 0 : port);
`;

describe('a script of a lab', () => {
  test.each(['my-lab', 'lib/node_modules/kube-network-labs/labs/first'])(
    'is loaded from %s with its imports and without its types',
    async (place) => {
      write(place, 'ports.ts', 'export const port: number = 3306;\n');
      const solve = await importScript<() => number>(write(place, 'solve.ts', script), 'solve');
      expect(solve()).toBe(3306);
    },
  );

  test('leads to no warning of Node below node_modules', async () => {
    const warned = vi.spyOn(process, 'emitWarning');
    await importScript(write('node_modules/quiet', 'solve.ts', 'export const solve = (): number => 1;'), 'solve');
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  test.each(['my-lab', 'node_modules/broken'])('in %s that has an error is reported with its file', async (place) => {
    const file = write(place, 'broken.ts', 'export const solve = (: number => 1;\n');
    await expect(importScript(file, 'solve')).rejects.toMatchObject({
      code: 'LAB_SCRIPT_BROKEN',
      message: expect.stringContaining(file),
    });
  });
});
