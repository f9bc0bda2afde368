// `labs dev` on a live cluster: what an author sees after each edit, through a broken lab.yaml, until Ctrl-C.
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labs, spawnLabs } from './cli-support.ts';

const name = `e2e-dev-${process.pid}`;
const routers = fileURLToPath(new URL('../fixtures/labs/three-routers', import.meta.url));
let folder: string;
const environment = () => ({ env: { XDG_STATE_HOME: join(folder, 'state') } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  await cp(routers, join(folder, 'lab'), { recursive: true });
});
afterAll(async () => {
  await labs(['--name', name, 'delete', '--yes'], environment());
  await rm(folder, { recursive: true, force: true });
});

interface Told {
  readonly event: string;
  readonly check?: string;
  readonly before?: { readonly outcome: string };
  readonly after?: { readonly outcome: string };
  readonly findings?: readonly { readonly line: number; readonly rule: string }[];
  readonly differences?: readonly string[];
}

test('each edit shows its effect, also after a mistake', async () => {
  const running = spawnLabs(['dev', join(folder, 'lab'), '--name', name, '--json', '--yes'], environment());
  const lines = (running.stdout as Readable).iterator() as AsyncIterator<Buffer>;
  const told: Told[] = [];
  let text = '';
  const until = async (event: string): Promise<readonly Told[]> => {
    while (!told.some((each) => each.event === event)) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`labs dev ended: ${JSON.stringify(told)}`);
      text += String(value);
      const whole = text.split('\n');
      text = whole.pop() ?? '';
      told.push(...whole.map((line) => JSON.parse(line) as Told));
    }
    return told.splice(0, told.findIndex((each) => each.event === event) + 1);
  };
  const file = join(folder, 'lab', 'lab.yaml');
  const good = await readFile(file, 'utf8');
  await until('ready');
  // An editor replaces the file.
  await writeFile(join(folder, 'new.yaml'), good.replace('to: 10.1.0.0/24\n        via: 10.0.12.1', 'to: default'));
  await rename(join(folder, 'new.yaml'), file);
  expect(await until('done')).toContainEqual(
    expect.objectContaining({
      event: 'check',
      check: 'back/route',
      after: expect.objectContaining({ outcome: 'pass' }),
    }),
  );
  await writeFile(file, good.replace('type: route', 'type: rout'));
  const [, invalid] = await until('done');
  expect(invalid).toMatchObject({ event: 'invalid', findings: [{ rule: 'schema' }] });
  await writeFile(file, good.replace('address: 10.1.0.10', 'address: 10.1.0.11'));
  const mended = await until('done');
  expect(mended.find(({ check }) => check === 'back/route')).toMatchObject({
    before: { outcome: 'pass' },
    after: { outcome: 'fail' },
  });
  expect(mended.find(({ event }) => event === 'cluster')?.differences).toEqual([
    'machines.0.networks.0.address: 10.1.0.10 → 10.1.0.11',
  ]);
  running.kill('SIGINT');
  expect((await running).exitCode).toBe(0);
});
