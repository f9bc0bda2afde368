// Makes the node image and the pod image store, as `labs setup` does, and prints how long each step took.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectDocker } from '../src/host/docker/dockerode.ts';
import { ensureImages } from '../src/host/image/ensure.ts';

const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1).padStart(6);
const { image, made } = await ensureImages({
  docker: await connectDocker(process.env),
  root: fileURLToPath(new URL('..', import.meta.url)),
  cacheFolder: join(homedir(), '.cache', 'labs'),
  variables: process.env,
  onProgress: (line) => console.log(`${seconds()} s  ${line}`),
});
console.log(`${seconds()} s  ${image}${made.length === 0 ? ' is up to date' : `: made ${made.join(' and ')}`}`);
process.exit(0);
