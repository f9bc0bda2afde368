// Measures how long `labs dev` takes from an edit of lab.yaml to the verdict of the check that it changes, in a cluster
// of three routers. The file is written at once, as editors do.   node scripts/node.mjs build.ts && node
// scripts/node.mjs bench-dev.ts [--edits 20]
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { argv, echo } from 'zx';

const root = join(import.meta.dirname, '..');
const labs = [join(root, 'bin/labs.js')];
const name = `bench-dev-${process.pid}`;
const folder = await mkdtemp(join(tmpdir(), 'bench-dev-'));
await cp(join(root, 'test/fixtures/labs/three-routers'), folder, { recursive: true });
const variables = { ...process.env, XDG_STATE_HOME: join(folder, '.state') };
const file = join(folder, 'lab.yaml');
const source = await readFile(file, 'utf8');

const dev = spawn(process.execPath, [...labs, 'dev', folder, '--name', name, '--json', '--yes'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: variables,
});
const waiting = new Map<string, () => void>();
createInterface({ input: dev.stdout }).on('line', (line) => {
  const { event } = JSON.parse(line) as { event: string };
  waiting.get(event)?.();
});
const told = (event: string): Promise<void> => new Promise((done) => waiting.set(event, done));

const milliseconds: Record<'verdict' | 'all', number[]> = { verdict: [], all: [] };
try {
  await told('ready');
  for (let edit = 0; edit < Number(argv.edits ?? 20); edit += 1) {
    const [verdict, all] = [told('check'), told('done')];
    const startedAt = performance.now();
    await writeFile(file, source.replace('to: 10.1.0.0/24\n', `to: 10.${edit + 10}.0.0/24\n`));
    await verdict;
    milliseconds.verdict.push(performance.now() - startedAt);
    await all;
    milliseconds.all.push(performance.now() - startedAt);
  }
} finally {
  dev.kill('SIGINT');
  await new Promise((done) => dev.once('exit', done));
  const remove = spawn(process.execPath, [...labs, '--name', name, 'delete', '--yes'], { env: variables });
  await new Promise((done) => remove.once('exit', done));
  await rm(folder, { recursive: true, force: true });
}
for (const [what, times] of Object.entries(milliseconds)) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): string => `${Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0)} ms`;
  echo(`${what}: median ${at(0.5)}, slowest ${at(1)} of ${sorted.length} edits`);
}
