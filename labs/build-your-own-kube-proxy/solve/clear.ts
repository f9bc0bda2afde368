// The nodes are without a proxy again. The student's file stays.
import type { SetupScript } from 'kube-network-labs/lab';

export const clear: SetupScript = (lab) => lab.removeProxy();
