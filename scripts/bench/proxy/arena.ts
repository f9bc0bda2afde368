// A network namespace with an API stub, a kube-proxy, and a program that reports when rules arrive in the kernel.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KubeObject } from '../../../src/api/meta.ts';
import { writeStubFiles } from '../../../test/support/api-stub-files.ts';
import { testProgram } from '../../../test/support/programs.ts';
import { removeLeftovers } from '../../lib/leftovers.ts';
import { root } from '../../lib/vitest.ts';
import { Lines } from './lines.ts';

/** The flag with which nodes of labs and the image of `deploy/kube-proxy` run Node. */
const nodeFlag = '--max-semi-space-size=2';

export type Backend = 'nft' | 'legacy' | 'nftables' | 'ipvs';

export interface Change {
  readonly plural: 'services' | 'endpointslices';
  readonly object: KubeObject;
}

/** Arenas to remove when the program ends, also after Ctrl-C. */
const open = new Set<Arena>();
let count = 0;

export class Arena implements Disposable {
  readonly backend: Backend;
  readonly folder = mkdtempSync(join(tmpdir(), `labs-bench-${process.pid}-`));
  readonly #name = `lb-${process.pid}-${count++}`;
  readonly #children: ChildProcess[] = [];
  readonly #env: NodeJS.ProcessEnv;

  private constructor(backend: Backend) {
    this.backend = backend;
    open.add(this);
    this.#env = { ...process.env, PATH: `${this.#tools(backend)}:${process.env.PATH}` };
    execFileSync('ip', ['netns', 'add', this.#name]);
    execFileSync('ip', ['-n', this.#name, 'link', 'set', 'lo', 'up']);
  }

  static async create(backend: Backend): Promise<Arena> {
    const arena = new Arena(backend);
    await writeStubFiles(arena.folder);
    await arena
      .start([process.execPath, testProgram('api-stub'), arena.folder])
      .lines.next('the API server', (line) => line === 'ready');
    return arena;
  }

  /** Feeds the API server; resolves when it has told its watchers. */
  change(changes: readonly Change[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const outgoing = request({ socketPath: join(this.folder, 'control.sock'), method: 'POST' }, (response) => {
      response.resume().on('end', resolve);
    });
    outgoing.on('error', reject).end(JSON.stringify(changes));
    return promise;
  }

  startProxy(...flags: readonly string[]): { readonly pid: number; readonly lines: Lines } {
    const bundle = join(root, 'dist/node/kube-proxy.js');
    const mode = this.backend === 'nftables' || this.backend === 'ipvs' ? this.backend : 'iptables';
    const fixed = [`--kubeconfig=${this.folder}/kubeconfig`, '--hostname-override=n1', `--proxy-mode=${mode}`, '-v=2'];
    const argv = [process.execPath, nodeFlag, bundle, ...fixed, '--cluster-cidr=10.128.0.0/9', ...flags];
    return this.start(argv, 'stderr');
  }

  /** Returns a line for each new endpoint address in the kernel; for legacy, for each new number of entries. */
  async watchKernel(): Promise<Lines> {
    const mode = this.backend === 'legacy' ? 'legacy' : 'nft';
    const { lines } = this.start(['perl', join(import.meta.dirname, 'watch-kernel.pl'), mode]);
    await lines.next('the start of watch-kernel.pl', (line) => line === 'ready');
    return lines;
  }

  /** Starts a program in the namespace, with the backend's iptables first on its path. */
  start(
    argv: readonly string[],
    output: 'stdout' | 'stderr' = 'stdout',
  ): { pid: number; lines: Lines; child: ChildProcess } {
    // nsenter replaces itself by the program, so the process id is that of the program.
    const child = spawn('nsenter', this.#inside(argv), { env: this.#env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#children.push(child);
    const lines = new Lines();
    for (const name of ['stdout', 'stderr'] as const) {
      if (name === output) createInterface({ input: child[name] }).on('line', (line) => lines.push(line));
      else child[name].resume();
    }
    child.once('exit', () => lines.close());
    return { pid: child.pid ?? 0, lines, child };
  }

  /** Runs a program in the namespace to its end. @returns its standard output */
  exec(argv: readonly string[], input = ''): string {
    const options = { encoding: 'utf8', env: this.#env, input, maxBuffer: 1 << 30, stdio: 'pipe' } as const;
    return execFileSync('nsenter', this.#inside(argv), options);
  }

  /** All rules, as text. */
  rules(): string {
    return this.backend === 'nftables'
      ? this.exec(['nft', 'list', 'ruleset'])
      : this.exec(['iptables-save', '-t', 'nat']);
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    execFileSync('ip', ['netns', 'del', this.#name]);
    rmSync(this.folder, { recursive: true });
    open.delete(this);
  }

  #inside(argv: readonly string[]): string[] {
    return [`--net=/run/netns/${this.#name}`, ...argv];
  }

  /** Makes `iptables` the wanted one of nft and legacy, as Debian's alternatives would. */
  #tools(backend: Backend): string {
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    for (const family of ['iptables', 'ip6tables'])
      for (const verb of ['', '-save', '-restore'])
        symlinkSync(
          `/usr/sbin/xtables-${backend === 'legacy' ? 'legacy' : 'nft'}-multi`,
          join(bin, `${family}${verb}`),
        );
    return bin;
  }
}

/** Removes the namespaces and folders of killed benchmarks. */
export const removeLeftArenas = (): void => removeLeftovers(/^lb-(\d+)-/, /^labs-bench-(\d+)-/);

export const closeAll = (): void => {
  for (const arena of open) arena[Symbol.dispose]();
};
