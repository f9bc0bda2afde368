// A network namespace with an API stub and a kube-proxy. Everything is removed when the test ends.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { UndoStack } from '../../../src/kit/undo.ts';
import { serviceLink } from '../../../src/node/proxy/view/machine-addresses.ts';
import { writeStubFiles } from '../api-stub-files.ts';
import { component, testProgram } from '../programs.ts';
import { CommandError, NamespaceShell } from './shell.ts';

const root = join(import.meta.dirname, '../../..');
export const kubeProxy = process.env.TEST_KUBE_PROXY ?? component('proxy');
/** How many times slower than usual the machine is. */
const patience = Number(process.env.TEST_PATIENCE ?? 1);
let count = 0;

export type Backend = 'nft' | 'legacy';

export interface Change {
  readonly plural: 'services' | 'endpointslices' | 'nodes';
  readonly object: KubeObject;
  readonly remove?: boolean;
}

export const put = {
  service: (object: Service): Change => ({ plural: 'services', object }),
  slice: (object: EndpointSlice): Change => ({ plural: 'endpointslices', object }),
};

/** A temporary folder. Its name has this process's id, so that setup.ts can remove it if this process is killed. */
export const makeFolder = (): string => mkdtempSync(join(tmpdir(), `labs-proxy-${process.pid}-`));

export class World implements AsyncDisposable {
  readonly name = `lp-${process.pid}-${count++}`;
  readonly folder = makeFolder();
  readonly #bin = join(this.folder, 'bin');
  readonly #logFile = join(this.folder, 'kube-proxy.log');
  readonly #env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${this.#bin}:${process.env.PATH}`,
    // Each node of a lab has a lock of its own, too. Otherwise tests that run side by side wait for each other.
    XTABLES_LOCKFILE: join(this.folder, 'xtables.lock'),
    // With a compile cache, programs start in a third of the time.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'out/compiled'),
  };
  readonly #undo = new UndoStack();
  readonly #objects = new Map<string, Change>();
  readonly #proxies = new Set<ChildProcess>();
  #backend: Backend = 'nft';
  #api: ChildProcess | undefined;
  #shell: NamespaceShell | undefined;

  private constructor() {
    this.#undo.push('folder', () => rmSync(this.folder, { recursive: true }));
  }

  /** @param backend which iptables programs in the namespace find first */
  static async create(backend: Backend = 'nft'): Promise<World> {
    await using undo = new UndoStack();
    const world = new World();
    undo.push('world', () => world[Symbol.asyncDispose]());
    await world.#build(backend);
    undo.commit();
    return world;
  }

  /** The API stub starts with no objects. */
  async startApi(): Promise<void> {
    this.#api = await this.#start('stub', [process.execPath, testProgram('api-stub'), this.folder], 'ready');
  }

  async stopApi(): Promise<void> {
    if (this.#api) await this.stop(this.#api, 'SIGKILL');
    rmSync(join(this.folder, 'control.sock'));
  }

  /** Runs a program in the namespace. @returns its standard output */
  exec(...argv: string[]): string {
    if (!this.#shell) throw new Error('the namespace has no shell yet');
    return this.#shell.run(argv);
  }

  save(tool = 'iptables-save', ...args: string[]): string {
    return this.exec(tool, ...args);
  }

  /** Changes objects in the API stub; resolves when watches have been written to. */
  async change(...changes: Change[]): Promise<void> {
    for (const change of changes) {
      const { namespace = '', name = '' } = change.object.metadata ?? {};
      this.#objects.set(`${change.plural}/${namespace}/${name}`, { ...change, remove: true });
    }
    await this.#control('/', changes);
  }

  /**
   * Stops kube-proxy, deletes all objects, rules, shadowing programs and the log. Needs less time than a new world.
   * Links, addresses and kernel parameters stay.
   * @param backend which iptables programs are found first from now on
   */
  async reset(backend?: Backend): Promise<void> {
    for (const proxy of this.#proxies) await this.stop(proxy, 'SIGKILL');
    this.#proxies.clear();
    await this.deleteObjects();
    this.exec('nft', 'flush', 'ruleset');
    if (this.#backend === 'legacy') this.#emptyLegacyTables();
    this.#writeTools(backend ?? this.#backend);
    if (existsSync('/proc/net/ip_vs')) this.#emptyIpvs();
    this.exec('conntrack', '--flush');
    rmSync(this.#logFile, { force: true });
  }

  async deleteObjects(): Promise<void> {
    await this.#control('/', [...this.#objects.values()]);
    this.#objects.clear();
  }

  /** Makes the API stub answer with one of its faults. `none` ends the faults. */
  async disturbApi(fault: string): Promise<void> {
    await this.#control(`/fault/${fault}`, []);
  }

  /** How many requests for each of kube-proxy's resources got a faulty answer, by plural. */
  async disturbances(): Promise<Readonly<Record<'services' | 'endpointslices', number>>> {
    return { services: 0, endpointslices: 0, ...JSON.parse(await this.#control('/', [])) };
  }

  /** Starts kube-proxy; resolves when it says it is healthy. */
  async startProxy(...flags: string[]): Promise<ChildProcess> {
    const before = this.#syncs();
    const child = await this.launchProxy(...flags);
    let early = 0;
    await this.until(
      'kube-proxy is healthy',
      // With little verbosity, kube-proxy does not log its syncs.
      () => (this.#syncs() > before || ++early % 8 === 0) && this.healthCode() === 200,
      () => this.log(),
    );
    return child;
  }

  /** Starts kube-proxy without waiting until it is healthy. */
  async launchProxy(...flags: string[]): Promise<ChildProcess> {
    const argv = ['--kubeconfig', join(this.folder, 'kubeconfig'), '--hostname-override=n1', '-v=4'];
    const log = `--log-file=${this.#logFile}`;
    const proxy = await this.#start('proxy', [process.execPath, kubeProxy, ...argv, log, ...flags]);
    this.#proxies.add(proxy);
    return proxy;
  }

  /** @returns the HTTP status; 0 if no server listens or the connection breaks, or, with a remark, after 5 seconds */
  healthCode(path = '/healthz', port = 10_256): number {
    // curl takes ten times as long to start.
    const ask = `printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' | timeout 5 busybox nc 127.0.0.1 ${port}`;
    const answer = this.#answerOf(['sh', '-c', ask], { broken: [1], silent: 124 });
    return Number(/^HTTP\/1\.\d (\d+)/.exec(answer)?.[1] ?? 0);
  }

  /** @returns what curl prints; empty if no server listens, or, with a remark, if none answers within 5 seconds */
  get(url: string, ...options: string[]): string {
    return this.#curl(...options, url);
  }

  log(): string {
    return this.#logSize() === 0 ? '' : readFileSync(this.#logFile, 'utf8');
  }

  #logSize(): number {
    return statSync(this.#logFile, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** How many syncs kube-proxy has logged. */
  #syncs(): number {
    return this.log().match(/SyncProxyRules complete/g)?.length ?? 0;
  }

  /** Looks when kube-proxy has logged something, and now and then: most looks start programs, which takes time. */
  until(condition: string, look: () => boolean, seen: () => string = () => ''): Promise<boolean> {
    const timeoutMs = 60_000 * patience;
    const almostOver = performance.now() + timeoutMs - 1000;
    let [logged, skipped] = [-1, 0];
    const lookIfUseful = () => {
      const [size, isLast] = [this.#logSize(), performance.now() > almostOver];
      if (size === logged && !isLast && skipped++ < 4) return notYet('');
      [logged, skipped] = [size, 0];
      if (look()) return done(true);
      return notYet(isLast ? seen().slice(-2000) : '');
    };
    return eventually(condition, lookIfUseful, { timeoutMs, intervalMs: 20, maxIntervalMs: 100 });
  }

  async stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#undo[Symbol.asyncDispose]();
  }

  /** Puts a program in front of the machine's program of that name. For iptables: in front of both flavours. */
  shadow(name: string, script: string): void {
    const [, tool, verb = ''] = /^(ip6?tables)(-save|-restore)?$/.exec(name) ?? [];
    const names = tool === undefined ? [name] : ['', '-nft', '-legacy'].map((flavour) => `${tool}${flavour}${verb}`);
    for (const each of names) writeFileSync(join(this.#bin, each), script, { mode: 0o755 });
  }

  async #build(backend: Backend): Promise<void> {
    this.#writeTools(backend);
    execFileSync('ip', ['netns', 'add', this.name]);
    this.#undo.push('namespace', () => void execFileSync('ip', ['netns', 'del', this.name]));
    const shell = new NamespaceShell(this.name, this.folder, this.#env);
    this.#undo.push('shell', () => shell[Symbol.asyncDispose]());
    this.#shell = shell;
    this.exec('ip', 'link', 'set', 'lo', 'up');
    await writeStubFiles(this.folder);
    await this.startApi();
  }

  #emptyLegacyTables(): void {
    for (const family of ['iptables', 'ip6tables'])
      for (const table of ['nat', 'filter', 'mangle'])
        for (const verb of ['-F', '-X']) this.exec(`${family}-legacy`, '-t', table, verb);
  }

  #emptyIpvs(): void {
    this.exec('ipvsadm', '-C');
    if (this.exec('ip', '-o', 'link').includes(serviceLink)) this.exec('ip', 'link', 'delete', serviceLink);
    this.exec('ipset', 'destroy');
  }

  #writeTools(backend: Backend): void {
    this.#backend = backend;
    rmSync(this.#bin, { recursive: true, force: true });
    mkdirSync(this.#bin);
    for (const family of ['iptables', 'ip6tables']) {
      for (const verb of ['', '-save', '-restore']) {
        const script = `#!/bin/sh\nexec /usr/sbin/${family}-${backend}${verb} "$@"\n`;
        writeFileSync(join(this.#bin, `${family}${verb}`), script, { mode: 0o755 });
      }
    }
  }

  #control(path: string, changes: readonly Change[]): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const to = { socketPath: join(this.folder, 'control.sock'), method: 'POST', path };
    const outgoing = request(to, (response) => void text(response).then(resolve, reject));
    outgoing.on('error', reject).end(JSON.stringify(changes));
    return promise;
  }

  #curl(...args: string[]): string {
    return this.#answerOf(['curl', '-s', '--max-time', '5', ...args], { broken: [7, 52, 56], silent: 28 });
  }

  /**
   * Asks a server. Any other exit code is an error of the test, for example a missing program.
   * @param codes `broken` if no server listens or the connection breaks, `silent` if no answer comes in time
   */
  #answerOf(argv: readonly string[], codes: { readonly broken: readonly number[]; readonly silent: number }): string {
    try {
      return this.exec(...argv);
    } catch (error) {
      const code = error instanceof CommandError ? error.code : undefined;
      if (code === undefined || ![...codes.broken, codes.silent].includes(code)) throw error;
      if (code === codes.silent) process.stderr.write(`no answer within 5 seconds: ${argv.join(' ')}\n`);
      return '';
    }
  }

  async #start(name: string, argv: string[], ready?: string): Promise<ChildProcess> {
    // `ip netns exec` replaces itself by the program, so killing the child kills the program.
    const child = spawn('ip', ['netns', 'exec', this.name, ...argv], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#undo.push(name, () => this.stop(child, 'SIGKILL'));
    const { promise, resolve, reject } = Promise.withResolvers<ChildProcess>();
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000);
    });
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${errors}`)));
    if (ready === undefined) resolve(child);
    else child.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes(ready) && resolve(child));
    return promise;
  }
}
