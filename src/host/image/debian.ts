// Makes a Debian base without a registry: calls mmdebstrap with the package sources of this machine.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { LabError } from '../../kit/error.ts';
import type { Variables } from '../docker/endpoint.ts';
import { isDiskFull, isOffline } from '../docker/errors.ts';

export const release = 'trixie';

export interface BootstrapOptions {
  readonly packages: readonly string[];
  /** The engine's architecture, in Node's words. If it differs from this machine's, mmdebstrap needs qemu-user. */
  readonly architecture: string;
  readonly variables: Variables;
  readonly onProgress?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a root file system with these packages.
 * @param consume reads the tar archive while it is written
 * @throws LabError LAB_BOOTSTRAP_MISSING without mmdebstrap, LAB_BOOTSTRAP with its last lines when it fails
 */
export const bootstrap = async (
  options: BootstrapOptions,
  consume: (archive: NodeJS.ReadableStream) => Promise<void>,
): Promise<void> => {
  const { variables, onProgress, signal } = options;
  const { mirror, aptOptions } = await readSources(variables);
  const [program, prefix] = await asRoot(variables);
  const child = execa(program, [...prefix, ...bootstrapArguments(options, mirror, aptOptions)], {
    env: variables as Record<string, string>,
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'pipe',
    buffer: { stdout: false, stderr: true },
    reject: false,
    // A process group, so that a signal also reaches apt and dpkg. mmdebstrap would wait for them.
    detached: true,
  });
  const end = once(() => endGroup(child.pid));
  using _stop = onAbort(signal, end);
  void (async () => {
    for await (const line of child.iterable({ from: 'stderr' })) onProgress?.(line.replace(/^[IWE]: /, ''));
  })().catch(() => {});
  const consumed = consume(child.stdout);
  consumed.catch(end);
  const [result] = await Promise.all([child, consumed.catch(() => {})]);
  signal?.throwIfAborted();
  if (result.code === 'ENOENT' || /mmdebstrap: command not found/.test(result.stderr)) throw bootstrapMissing(result);
  if (result.failed && !result.isTerminated) throw bootstrapFailed(result.stderr, result);
  await consumed;
};

/**
 * Uses root when that needs no password (`labs setup` has just asked sudo for it). Otherwise mmdebstrap uses a user
 * namespace, which some systems forbid.
 */
const asRoot = async (variables: Variables): Promise<readonly [string, readonly string[]]> => {
  if (process.getuid?.() === 0) return ['mmdebstrap', []];
  const { failed } = await execa('sudo', ['-n', 'true'], {
    env: variables as Record<string, string>,
    extendEnv: false,
    reject: false,
  });
  return failed ? ['mmdebstrap', []] : ['sudo', ['-n', '--preserve-env=http_proxy,https_proxy,no_proxy', 'mmdebstrap']];
};

/** Ends mmdebstrap and its children. mmdebstrap cleans up by itself. */
const endGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    // EPERM: sudo started the process as root.
    if ((error as NodeJS.ErrnoException).code === 'EPERM')
      void execa('sudo', ['-n', 'kill', '-TERM', '--', `-${pid}`], { reject: false });
  }
};

const onAbort = (signal: AbortSignal | undefined, end: () => void): Disposable => {
  signal?.addEventListener('abort', end, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener('abort', end) };
};

/** Runs `work` only once: a second signal would interrupt the clean-up. */
const once = (work: () => void): (() => void) => {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
};

/** Arguments of mmdebstrap; the archive goes to standard output. */
export const bootstrapArguments = (
  { packages, architecture }: Pick<BootstrapOptions, 'packages' | 'architecture'>,
  /** Undefined: mmdebstrap's own default. */
  mirror: string | undefined,
  aptOptions: readonly string[],
): readonly string[] => [
  '--variant=apt',
  `--architectures=${{ x64: 'amd64' }[architecture] ?? architecture}`,
  '--format=tar',
  `--include=${packages.join(',')}`,
  ...['man', 'doc', 'locale', 'info', 'lintian'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
  // The folder is temporary, so dpkg need not wait for the disk.
  '--dpkgopt=force-unsafe-io',
  ...aptOptions.map((option) => `--aptopt=${option}`),
  ...(existsSync('/usr/share/keyrings/debian-archive-keyring.gpg')
    ? ['--keyring=/usr/share/keyrings/debian-archive-keyring.gpg']
    : []),
  release,
  '-',
  ...(mirror === undefined ? [] : [`deb ${mirror} ${release} main`]),
];

/** How this machine itself gets Debian packages. */
export interface Sources {
  /** Undefined on a machine that is not Debian. */
  readonly mirror: string | undefined;
  /** Lines for apt.conf. */
  readonly aptOptions: readonly string[];
}

export const readSources = async (variables: Variables): Promise<Sources> => {
  const [mirror, aptOptions] = await Promise.all([findMirror(), readAptOptions(variables)]);
  return { mirror, aptOptions };
};

const findMirror = async (): Promise<string | undefined> => {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const paths = ['/etc/apt/sources.list', ...names.sort().map((name) => join(folder, name))];
  for (const path of paths.filter((name) => /\.(list|sources)$/.test(name))) {
    const mirror = parseMirror(await readFile(path, 'utf8').catch(() => ''));
    if (mirror) return mirror;
  }
  return undefined;
};

/** The first Debian mirror with the component main in a sources file of apt, in either format. */
export const parseMirror = (sources: string): string | undefined => {
  const lines = sources.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const text = lines.join('\n');
  for (const [, uri = '', suite = ''] of text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+.*\bmain\b/gm))
    if (isDebian(uri, suite)) return uri;
  for (const stanza of text.split(/\n\s*\n/)) {
    const field = (name: string): string[] =>
      new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    const uri = field('URIs').find((candidate) => isDebian(candidate, field('Suites')[0] ?? ''));
    if (uri && field('Types').includes('deb') && !/^Enabled:\s*no/im.test(stanza)) return uri;
  }
  return undefined;
};

const debianSuites =
  /^(stable|testing|sid|unstable|oldstable|buster|bullseye|bookworm|trixie|forky)(-updates|-backports)?$/;

const isDebian = (uri: string, suite: string): boolean =>
  /^https?:\/\//.test(uri) && /\/debian\/?$/.test(uri) && debianSuites.test(suite);

/** The settings of this machine's apt that it may need to reach the mirror, such as proxies. */
const readAptOptions = async (variables: Variables): Promise<readonly string[]> => {
  const { stdout, failed } = await execa('apt-config', ['dump'], {
    env: variables as Record<string, string>,
    extendEnv: false,
    reject: false,
  });
  return failed ? [] : parseAptOptions(stdout);
};

/** From `apt-config dump`: `Acquire::http::Proxy "http://…";` */
export const parseAptOptions = (dump: string): readonly string[] =>
  dump
    .split('\n')
    .filter((line) =>
      /^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date|Retries|https?::(Timeout|Verify-Peer))\b.* ".+";$/.test(
        line,
      ),
    );

const bootstrapMissing = (cause: unknown): LabError =>
  new LabError(
    'LAB_BOOTSTRAP_MISSING',
    'No registry answers, and mmdebstrap is not installed to make the image without a registry',
    {
      cause,
      hint: 'Run `labs setup`, which installs mmdebstrap, or load debian:trixie-slim into Docker with `docker load`.',
    },
  );

const bootstrapFailed = (output: string, cause: unknown): LabError => {
  const lines = output.split('\n').filter((line) => /^(E|W|Err|dpkg|apt)|rror|unable/i.test(line));
  const tail = (lines.length > 0 ? lines : output.split('\n')).slice(-4).join('\n');
  if (isDiskFull(output))
    return new LabError('LAB_DISK_FULL', `The disk is full: ${tail}`, { cause, hint: 'Free 2 GB, then try again.' });
  return new LabError('LAB_BOOTSTRAP', `Debian's packages could not be installed into the image:\n${tail}`, {
    cause,
    hint: isOffline(output)
      ? 'Check the network: `apt-get update` must work on this machine. Then run `labs setup` again.'
      : 'Make sure that `mmdebstrap` can run as root or with user namespaces. Then run `labs setup` again.',
  });
};
