// Each sync flushes the chain, and then adds one rule after the other.
import type { CheatScript } from 'kube-network-labs/lab';

export const cheat: CheatScript = (lab) => lab.installProxy('solve/proxy/wrong-not-atomic.ts');
