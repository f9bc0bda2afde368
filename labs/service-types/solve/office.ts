// The server of the machine office: an old program outside of the cluster, which knows nothing of Kubernetes.
import type { LabHandle, ResumeScript, SetupScript } from 'kube-network-labs/lab';

const program = `#!/bin/bash
# Answers one HTTP request, and names the sender.
read -r request
while read -r header && [ "\${header%$'\\r'}" != "" ]; do :; done
page="server: office
client: $SOCAT_PEERADDR
"
printf 'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' "\${#page}" "$page"
`;

export const setup: SetupScript = (lab) => serve(lab);

/** A restart of the machine ends the program. */
export const resume: ResumeScript = async (lab) => {
  await serve(lab);
  return true;
};

const serve = async (lab: LabHandle): Promise<void> => {
  const { $ } = lab.machine('office');
  await $({ input: program })`cat > /usr/local/bin/ledger && chmod +x /usr/local/bin/ledger`;
  await $`pgrep -x socat >/dev/null ||
    setsid socat TCP-LISTEN:8080,fork,reuseaddr EXEC:/usr/local/bin/ledger </dev/null >/dev/null 2>&1 &`;
};
