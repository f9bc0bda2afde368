// An ordinary service that has the port of the pods.
import type { CheatScript } from 'kube-network-labs/lab';
import { replaceService } from './pods.ts';

export const cheat: CheatScript = (lab) =>
  replaceService(lab, 'shop', 'cart-pods', { selector: { app: 'cart' }, ports: [{ port: 8080 }] });
