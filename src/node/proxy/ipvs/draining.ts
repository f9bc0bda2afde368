// Graceful termination: a removed endpoint gets no new connections, and stays in the kernel until its old connections
// have ended.
import type { Ipvs, ListedServer } from '../../sys/ipvs.ts';
import { removeLine, type ServerLines } from './plan.ts';
import { serverName } from './wanted.ts';

export class Draining {
  /** Draining backends, by the name of their virtual server. */
  readonly #backends = new Map<string, Set<string>>();

  get any(): boolean {
    return this.#backends.size > 0;
  }

  of(server: string): ReadonlySet<string> {
    return this.#backends.get(server) ?? new Set();
  }

  add(draining: ServerLines['draining']): void {
    for (const { server, backend } of draining) {
      const known = this.#backends.get(server) ?? new Set();
      this.#backends.set(server, known.add(backend));
    }
  }

  /** Forgets a backend that is wanted again, or was deleted. */
  remove(server: string, backend: string): void {
    const known = this.#backends.get(server);
    known?.delete(backend);
    if (known?.size === 0) this.#backends.delete(server);
  }

  /** Forgets the backends of a deleted virtual server: the kernel deletes them with the server. */
  removeServer(server: string): void {
    this.#backends.delete(server);
  }

  clear(): void {
    this.#backends.clear();
  }

  /** Deletes the draining backends that have no connection left. */
  async sweep(ipvs: Ipvs, signal: AbortSignal): Promise<void> {
    if (!this.any) return;
    const done = this.#finished(await ipvs.list(signal));
    await ipvs.restore(
      done.filter(({ there }) => there).map(({ server, backend }) => removeLine(server, backend)),
      signal,
    );
    for (const { server, backend } of done) this.remove(server, backend);
  }

  #finished(listed: readonly ListedServer[]): { server: string; backend: string; there: boolean }[] {
    const servers = new Map(listed.map((server) => [serverName(server), server]));
    return [...this.#backends].flatMap(([server, backends]) =>
      [...backends].flatMap((backend) => {
        const found = servers.get(server)?.backends.get(backend);
        return found && found.connections > 0 ? [] : [{ server, backend, there: found !== undefined }];
      }),
    );
  }
}
