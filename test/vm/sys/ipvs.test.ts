// IPVS is listed correctly while another network namespace of the same kernel changes its servers all the time.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createIpvs } from '../../../src/node/sys/ipvs.ts';
import { runs } from '../../support/runs.ts';

const count = 200;
const lines = Array.from({ length: count }, (_, index) => `-A -t 10.96.1.${index + 1}:80 -s rr\n`).join('');
const reads = runs(6);
const never = new AbortController().signal;

test('lists each server of its own namespace once, while another namespace adds and removes servers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
  const file = join(folder, 'lines');
  writeFileSync(file, lines);
  execFileSync('ipvsadm', ['-C']);
  execFileSync('ipvsadm', ['-R'], { input: lines });
  const loop = `while :; do ipvsadm -R < ${file}; ipvsadm -C; done`;
  const other = spawn('unshare', ['--net', 'sh', '-c', loop], { stdio: 'ignore', detached: true });
  try {
    for (let read = 0; read < reads; read++) {
      const names = (await createIpvs().list(never)).map(({ address }) => address);
      expect([names.length, new Set(names).size]).toEqual([count, count]);
    }
  } finally {
    const ended = once(other, 'exit');
    process.kill(-(other.pid ?? 0), 'SIGKILL');
    await ended;
    execFileSync('ipvsadm', ['-C']);
    rmSync(folder, { recursive: true });
  }
});
