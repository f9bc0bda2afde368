import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePackages, readInputs } from '../../../src/host/image/inputs.ts';

const source = new URL('../../../image', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'labs-inputs-'));
beforeAll(() => cpSync(source, folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

/** The digests that change when a file gets one more line. */
const changedBy = async (path: string): Promise<string[]> => {
  const before = (await readInputs(folder, '24')).digests;
  const original = readFileSync(join(folder, path));
  writeFileSync(join(folder, path), `${original}\nmore\n`);
  const after = (await readInputs(folder, '24')).digests;
  writeFileSync(join(folder, path), original);
  return Object.keys(before).filter(
    (name) => before[name as keyof typeof before] !== after[name as keyof typeof after],
  );
};

describe('the digests of the images’ inputs', () => {
  test.each([
    ['node/rootfs/root/.bashrc', ['node']],
    ['Dockerfile', ['node']],
    ['packages/node', ['node', 'nodeBase']],
    ['packages/pods', ['pods', 'podsBase']],
    ['pods/web/nginx.conf', ['pods']],
    ['install-packages', ['node', 'pods']],
  ])('an edit of %s changes %j alone', async (path, expected) => {
    expect(await changedBy(path)).toEqual(expected);
  });

  test('another version of Node changes only the node image', async () => {
    const [one, other] = [await readInputs(folder, '24.1.0'), await readInputs(folder, '24.2.0')];
    expect(other.digests.node).not.toBe(one.digests.node);
    expect({ ...other.digests, node: '' }).toEqual({ ...one.digests, node: '' });
  });

  test('names the folder that is missing', async () => {
    await expect(readInputs('/nowhere/image', '24')).rejects.toMatchObject({
      code: 'LAB_IMAGE_INPUTS',
      message: expect.stringContaining('/nowhere/image'),
    });
  });
});

test('ignores comments in lists of packages', () => {
  expect(parsePackages('# tools\ncurl\n\n  jq # for students\n')).toEqual(['curl', 'jq']);
});

test('both lists of packages are sorted and have no duplicates', async () => {
  const { packages } = await readInputs(source, '24');
  for (const list of [packages.node, packages.pods]) {
    expect(list.length).toBeGreaterThan(5);
    expect(new Set(list).size).toBe(list.length);
    expect([...list]).toEqual([...list].sort());
  }
});
