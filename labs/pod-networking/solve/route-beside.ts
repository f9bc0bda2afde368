import type { SolveScript } from 'kube-network-labs/lab';
import { on } from './hand.ts';

/** A route beside the fault, for stock alone. */
export const cheat: SolveScript = (lab) => on(lab, 'host1', 'ip -n cart route replace 10.30.2.0/24 via 10.30.1.1');
