// Gets a lab that is to be installed: from a file, a folder, a URL or a git repository. Runs nothing of it.
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { wholeEdition } from './edition.ts';
import { type LabPack, packLimits, readPack, writePack } from './pack.ts';

export interface FetchOptions {
  /** The digest that the pack must have. */
  readonly digest?: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** @throws LabError `LAB_SOURCE_FAILED`, `LAB_PACK_INVALID`, `LAB_PACK_OTHER` */
export const fetchLab = async (source: string, options: FetchOptions): Promise<LabPack> => {
  const found = await packFrom(source, options);
  if (options.digest === undefined || options.digest === found.digest) return found;
  throw new LabError('LAB_PACK_OTHER', `The lab is another one: its digest is ${found.digest}`, {
    exitCode: ExitCode.usage,
    hint: 'Ask who gave you the digest for the right file. Nothing was installed.',
  });
};

const packFrom = async (source: string, options: FetchOptions): Promise<LabPack> => {
  if (isGit(source)) return cloned(source, options);
  if (/^https?:\/\//i.test(source)) return readPack(await download(source, options));
  const path = resolve(source);
  const found = await stat(path).catch((cause) => {
    const problem = cause.code === 'ENOENT' ? new Error('there is no such file or folder') : cause;
    throw failed(source, problem, 'Name a file that `labs pack` made, a folder, a URL or a git repository.');
  });
  return found.isDirectory() ? packOf(path) : readPack(await readLimited(source, path));
};

const failed = (source: string, cause: unknown, hint: string): LabError =>
  new LabError('LAB_SOURCE_FAILED', `The lab cannot be fetched from ${source}: ${messageOf(cause)}`, {
    cause,
    exitCode: ExitCode.usage,
    hint,
  });

const tooLarge = `it has more than ${packLimits.packed >> 20} MiB`;

const readLimited = async (source: string, path: string): Promise<Buffer> => {
  const hint = 'Name a file that `labs pack` made.';
  const info = await stat(path);
  // A pipe would never end.
  if (!info.isFile()) throw failed(source, new Error('it is no file'), hint);
  if (info.size > packLimits.packed) throw failed(source, new Error(tooLarge), hint);
  try {
    await using file = await open(path);
    return await file.readFile();
  } catch (cause) {
    throw failed(source, cause, hint);
  }
};

const downloadMs = 120_000;

const download = async (source: string, { digest, signal }: FetchOptions): Promise<Buffer> => {
  const isSafe = /^https:/i.test(source) || digest !== undefined;
  if (!isSafe)
    throw failed(
      source,
      new Error('anybody on the way can change what http sends'),
      'Use https, or give the digest that `labs pack` printed: `--digest sha256:…`.',
    );
  const hint = 'Open the URL in a browser. It must lead to a file that `labs pack` made.';
  try {
    const response = await fetch(source, { signal: AbortSignal.any([signal, AbortSignal.timeout(downloadMs)]) });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > packLimits.packed) throw new Error(tooLarge);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    signal.throwIfAborted();
    throw failed(source, cause instanceof Error && cause.cause ? cause.cause : cause, hint);
  }
};

const isGit = (source: string): boolean => /^(git\+|ssh:\/\/|git:\/\/|git@)|\.git(#.*)?$/.test(source);

/** `git+https://host/labs.git#folder`: the folder in the repository that has the lab; by default its top. */
const cloned = async (source: string, { variables, signal }: FetchOptions): Promise<LabPack> => {
  const [, url = '', folder = ''] = /^(?:git\+)?([^#]*)(?:#(.*))?$/.exec(source) ?? [];
  const temporary = await mkdtemp(join(tmpdir(), 'labs-clone-'));
  try {
    const target = join(temporary, 'lab');
    // No hooks, no submodules, no question for a password, and none of git's transports that run programs.
    const command = ['-c', 'core.hooksPath=/dev/null', 'clone', '--quiet', '--depth', '1', '--', url, target];
    const env = { ...variables, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:git:file' };
    await promisify(execFile)('git', command, { env, signal, timeout: downloadMs });
    const home = resolve(target, folder);
    if (home !== target && !home.startsWith(`${target}/`)) throw new Error(`the folder ${folder} is outside of it`);
    return await packOf(home);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof LabError) throw cause;
    const { stderr, code } = cause as { readonly stderr?: string; readonly code?: unknown };
    const fatal = /^fatal: (.*)$/m.exec(stderr ?? '')?.[1];
    const said = code === 'ENOENT' ? 'git is not installed' : fatal;
    const hint = 'Try `git clone` with the same address. Behind `#` stands the folder of the lab in the repository.';
    throw failed(source, said ? new Error(said) : cause, hint);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
};

/** A folder goes the way of a pack, so that it meets the same limits. */
const packOf = async (folder: string): Promise<LabPack> => {
  const { lab, files } = await wholeEdition(folder);
  const { bytes } = await writePack({ name: lab.name, version: lab.version ?? '0.0.0', edition: 'whole' }, files);
  return readPack(bytes);
};
