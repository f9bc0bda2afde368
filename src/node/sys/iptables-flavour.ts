// Decides which iptables to use: nf_tables or legacy. A machine may have both, and neither shows the other's rules.
// The `iptables` of a container may also differ from the `iptables` of its node. The decision follows Kubernetes'
// project iptables-wrappers.
import { readFileSync } from 'node:fs';
import { run } from './exec.ts';

/** `default` is the program that is called `iptables` on this machine. */
export type Flavour = 'nft' | 'legacy' | 'default';

export interface FlavourChoice {
  readonly flavour: Flavour;
  /** Why this flavour was chosen, for the log. */
  readonly because: string;
}

/** The kubelet creates one of these chains in table mangle, as a hint for other programs. */
const kubeletMarks = /^:(KUBE-IPTABLES-HINT|KUBE-KUBELET-CANARY) /m;
/** A chain that an earlier kube-proxy left. */
const proxyMark = /^:KUBE-PROXY-CANARY /m;

interface MangleRules {
  readonly flavour: 'nft' | 'legacy';
  /** The rules of both address families. */
  readonly mangle: string;
}

export const chooseFlavour = async (signal: AbortSignal): Promise<FlavourChoice> => {
  const available = await flavoursInUse(signal);
  const mangleRules = await Promise.all(
    available.map(
      async (flavour): Promise<MangleRules> => ({ flavour, mangle: await save(flavour, signal, '-t', 'mangle') }),
    ),
  );
  const only = (mark: RegExp): Flavour | undefined => {
    const found = mangleRules.filter(({ mangle }) => mark.test(mangle));
    return found.length === 1 ? found[0]?.flavour : undefined;
  };
  const kubelet = mangleRules.find(({ mangle }) => kubeletMarks.test(mangle))?.flavour;
  if (kubelet) return { flavour: kubelet, because: 'it has a chain of the kubelet' };
  const before = only(proxyMark);
  if (before) return { flavour: before, because: 'it has a chain of an earlier kube-proxy' };
  const counts = await Promise.all(
    available.map(async (flavour) => ({ flavour, rules: countRules(await save(flavour, signal)) })),
  );
  const [most, second] = counts.sort((a, b) => b.rules - a.rules);
  if (most && most.rules > (second?.rules ?? 0))
    return { flavour: most.flavour, because: 'it has most rules of this node' };
  return { flavour: 'default', because: 'this node has no rules yet' };
};

/** Whether the tool of this flavour is iptables-legacy. For `default`, asks the program `iptables-save`. */
export const isLegacy = async (flavour: Flavour, signal: AbortSignal): Promise<boolean> => {
  if (flavour !== 'default') return flavour === 'legacy';
  return (await run(['iptables-save', '--version'], { signal })).stdout.includes('(legacy)');
};

/**
 * The flavours whose tools exist, nf_tables first. Includes the legacy flavour only if the kernel already has its
 * tables, because listing its rules would load its kernel modules.
 */
export const flavoursInUse = async (signal: AbortSignal): Promise<('nft' | 'legacy')[]> => {
  const [nft, legacy] = await Promise.all([
    exists('nft', signal),
    hasLegacyTables() ? exists('legacy', signal) : Promise.resolve(false),
  ]);
  return [...(nft ? (['nft'] as const) : []), ...(legacy ? (['legacy'] as const) : [])];
};

const exists = async (flavour: 'nft' | 'legacy', signal: AbortSignal): Promise<boolean> => {
  try {
    return (await run([`iptables-${flavour}-save`, '--version'], { signal })).code === 0;
  } catch {
    signal.throwIfAborted();
    return false;
  }
};

const hasLegacyTables = (): boolean =>
  ['ip', 'ip6'].some((family) => {
    try {
      return readFileSync(`/proc/net/${family}_tables_names`, 'utf8').trim() !== '';
    } catch {
      return false;
    }
  });

/** The rules of both families. Rules that cannot be read are left out, because a kernel may lack IPv6. */
const save = async (flavour: 'nft' | 'legacy', signal: AbortSignal, ...args: string[]): Promise<string> => {
  const outputs = await Promise.all(
    ['iptables', 'ip6tables'].map((tool) =>
      run([`${tool}-${flavour}-save`, ...args], { signal }).then(
        ({ stdout }) => stdout,
        () => '',
      ),
    ),
  );
  signal.throwIfAborted();
  return outputs.join('');
};

const countRules = (saved: string): number => saved.match(/^-A /gm)?.length ?? 0;
