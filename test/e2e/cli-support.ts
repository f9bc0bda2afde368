// Runs `labs` as a user does, and lists a cluster's containers and volumes in Docker.
import { fileURLToPath } from 'node:url';
import { execa, type Options } from 'execa';
import { connectDocker } from '../../src/host/docker/dockerode.ts';
import { labels } from '../../src/host/plan/names.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = `${root}bin/labs.js`;

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Overrides variables of the person who runs the tests: colours, language, lab and npx. */
const plain = { NO_COLOR: '1', LC_ALL: 'C.UTF-8', LABS_LANG: '', LABS_NAME: '', LABS_DEBUG: '', npm_command: '' };

/** Runs labs to the end. A failure is a result, not an error. */
export const labs = (argv: readonly string[], options: Options = {}): Promise<Ran> =>
  run([process.execPath, binary, ...argv], options);

/** Runs any program with the same environment as labs. */
export const run = async ([program = '', ...argv]: readonly string[], options: Options = {}): Promise<Ran> => {
  const { exitCode, stdout, stderr } = await execa(program, argv, {
    reject: false,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...options,
    env: { ...plain, ...options.env },
  });
  return { exitCode: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr) };
};

/** Starts labs and does not wait for the end. */
export const spawnLabs = (argv: readonly string[], options: Options = {}) =>
  execa(process.execPath, [binary, ...argv], {
    reject: false,
    stdin: 'ignore',
    ...options,
    env: { ...plain, ...options.env },
  });

/** Starts labs on a terminal of 37 rows and 91 columns. */
export const onTerminal = (argv: readonly string[], variables: Readonly<Record<string, string>> = {}) => {
  const words = [process.execPath, binary, ...argv].map((word) => `'${word}'`).join(' ');
  const command = `stty rows 37 cols 91; exec ${words}`;
  return execa('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    reject: false,
    stdin: 'pipe',
    env: { ...plain, NO_COLOR: '', TERM: 'xterm', PAGER: 'cat', ...variables },
  });
};

/** The names of the containers of a cluster. The gateway is no machine, so it has a label of its own. */
export const containersOf = async (name: string): Promise<readonly string[]> => {
  const docker = await connectDocker(process.env);
  const listed = await Promise.all([labels.name, labels.gateway].map((label) => docker.list({ [label]: name })));
  return listed.flat().map((container) => container.name);
};

export const volumesOf = async (name: string): Promise<readonly string[]> => {
  const docker = await connectDocker(process.env);
  return (await docker.volumes.list({ [labels.name]: name })).map((volume) => volume.name);
};

/** Waits until a program has written the text. */
export const written = (stream: NodeJS.ReadableStream | null, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let seen = '';
    stream?.on('data', (chunk: Buffer) => {
      seen += chunk;
      if (seen.includes(text)) resolve();
    });
    stream?.on('end', () => reject(new Error(`it ended without "${text}":\n${seen}`)));
  });
