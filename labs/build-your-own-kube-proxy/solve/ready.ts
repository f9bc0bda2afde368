import type { LabHandle, SetupScript, SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await makeGreen(lab);
  await lab.installProxy('solve/proxy/4-ready.ts');
  await lab.answer('where', 'listed');
};

export const clear: SetupScript = async (lab) => {
  await makeGreen(lab);
  await lab.removeProxy();
};

/** The text lets students make green ready, to see what happens. */
const makeGreen = async (lab: LabHandle): Promise<void> => {
  await lab.kubectl('exec', 'green', '--', 'rm', '-f', '/tmp/ripe');
  await lab.kubectl('wait', '--for=condition=Ready=false', 'pod/green', '--timeout=30s');
};
