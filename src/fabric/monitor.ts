// Notices changes in network namespaces, through one process for all of them. Used by watch.ts.
import { monitorProgram } from './monitor-program.ts';
import { type RunningTool, runOk, startTool } from './run.ts';
import { sysctlFile, sysctls } from './sysctls.ts';

/** `legacy`: the namespace has tables of iptables-legacy, whose changes the kernel does not announce. */
type Kind = 'rules' | 'links' | 'routes' | 'sysctls' | 'listeners' | 'legacy';

export interface MonitorEvents {
  onChange(id: string, what: Exclude<Kind, 'legacy'>): void;
  /** From now on, every change in this namespace is told. */
  onReady(id: string): void;
  /** The namespace is not watched: its file leads elsewhere by now. */
  onGone(id: string): void;
  /** The process has ended. Nothing is watched any more. */
  onEnd(): void;
}

export interface Monitor extends Disposable {
  /** @param id `net:[4026532450]`; @param path a file of the namespace */
  add(id: string, path: string): void;
  drop(id: string): void;
}

export const startMonitor = (events: MonitorEvents): Monitor => {
  const paths = new Map<string, string>();
  const legacy = createLegacy((id) => events.onChange(id, 'rules'));
  const tool: RunningTool = startTool(['perl', '-e', monitorProgram, ...sysctls.map(sysctlFile)], {
    onEnd: events.onEnd,
    onLine(line) {
      const [id = '', kind] = line.split(' ');
      const path = paths.get(id);
      // A namespace that was dropped meanwhile.
      if (path === undefined) return;
      if (kind === 'ready') events.onReady(id);
      else if (kind === 'gone') events.onGone(id);
      else if (kind === 'legacy') legacy.look(id, path);
      else events.onChange(id, kind as Exclude<Kind, 'legacy'>);
    },
  });
  return {
    add(id, path) {
      paths.set(id, path);
      tool.write(`+${id} ${path}\n`);
    },
    drop(id) {
      paths.delete(id);
      legacy.forget(id);
      tool.write(`-${id}\n`);
    },
    [Symbol.dispose]: () => tool[Symbol.dispose](),
  };
};

/** Compares the rules of iptables-legacy with those seen before. Few namespaces have any. */
const createLegacy = (onChange: (id: string) => void) => {
  const seen = new Map<string, string>();
  const busy = new Set<string>();
  const save = async (program: string, path: string): Promise<string> =>
    (await runOk([program], { netns: { path }, timeoutMs: 3000 }).catch(() => '')).replace(/^#.*\n|\[\d+:\d+\]/gm, '');
  return {
    async look(id: string, path: string): Promise<void> {
      if (busy.has(id)) return;
      busy.add(id);
      const rules = (await save('iptables-legacy-save', path)) + (await save('ip6tables-legacy-save', path));
      busy.delete(id);
      if (seen.get(id) !== rules) onChange(id);
      seen.set(id, rules);
    },
    forget: (id: string) => void seen.delete(id),
  };
};
