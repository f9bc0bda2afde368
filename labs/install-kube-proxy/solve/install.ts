// What an installation of kube-proxy on node02 consists of, for the solutions, the faults and the checks.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { CommandOutput, KubeObject, LabHandle } from 'kube-network-labs/lab';

export const pki = '/etc/kubernetes/pki';
export const kubeconfig = '/etc/kubernetes/kube-proxy.conf';
export const configuration = '/etc/kubernetes/kube-proxy-config.yaml';
export const unit = '/etc/systemd/system/kube-proxy.service';
export const apiServer = 'https://192.168.56.10:6443';
export const podNetwork = '10.244.0.0/16';

interface SigningRequest extends KubeObject {
  readonly status?: { readonly certificate?: string };
}

/** Gets a certificate for a user, as a student does. @param name of the files in the folder of certificates */
export const issue = async (lab: LabHandle, name: string, user: string): Promise<void> => {
  const { $ } = lab.node('node02');
  await $`cd ${pki} && rm -f ${name}.key ${name}.crt ${name}.csr
    umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out ${name}.key
    openssl req -new -key ${name}.key -subj /CN=${user} -out ${name}.csr`;
  const request = (await $`base64 -w0 ${pki}/${name}.csr`.text()).trim();
  await lab.kubectl('delete', 'csr', name, '--ignore-not-found');
  await lab.apply(`apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: ${name} }
spec:
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
  request: ${request}
`);
  await lab.kubectl('certificate', 'approve', name);
  let certificate = '';
  await lab.until({ en: `${name} has a certificate`, ko: `인증서 발급: ${name}` }, async () => {
    const object = await lab.object<SigningRequest>(`certificatesigningrequest/${name}`);
    certificate = object?.status?.certificate ?? '';
    return certificate !== '';
  });
  const input = Buffer.from(certificate, 'base64').toString();
  await $({ input })`cat > ${pki}/${name}.crt`;
};

/** What is wrong with the key and the certificate of node02. Undefined when nothing is. */
export const problemOfCertificate = async (
  lab: LabHandle,
): Promise<'key' | 'certificate' | 'user' | 'authority' | 'pair' | undefined> => {
  const [key, certificate, authority] = await Promise.all([
    lab.node('node02').read(`${pki}/kube-proxy.key`),
    lab.node('node02').read(`${pki}/kube-proxy.crt`),
    lab.node('controlplane').read(`${pki}/client-ca.crt`),
  ]);
  if (key === undefined) return 'key';
  const parsed = attempt(() => new X509Certificate(certificate ?? ''));
  if (parsed === undefined) return 'certificate';
  if (!attempt(() => parsed.verify(new X509Certificate(authority ?? '').publicKey))) return 'authority';
  if (parsed.subject !== 'CN=system:kube-proxy') return 'user';
  return attempt(() => parsed.checkPrivateKey(createPrivateKey(key))) ? undefined : 'pair';
};

const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

export const ensureCertificate = async (lab: LabHandle): Promise<void> => {
  if ((await problemOfCertificate(lab)) !== undefined) await issue(lab, 'kube-proxy', 'system:kube-proxy');
  await lab.node('node02').$`chmod 600 ${pki}/kube-proxy.key`;
};

export interface Access {
  readonly server?: string;
  /** The files of the key and the certificate, in the folder of certificates. */
  readonly credentials?: string;
  readonly user?: string;
}

/** Replaces the kubeconfig. */
export const writeKubeconfig = async (
  lab: LabHandle,
  { server = apiServer, credentials = 'kube-proxy', user = 'kube-proxy' }: Access = {},
): Promise<void> => {
  await lab.node('node02').$`rm -f ${kubeconfig} && export KUBECONFIG=${kubeconfig} && cd ${pki}
    kubectl config set-cluster kubernetes --server=${server} --certificate-authority=ca.crt --embed-certs
    kubectl config set-credentials ${user} --client-certificate=${credentials}.crt --client-key=${credentials}.key \
      --embed-certs
    kubectl config set-context default --cluster=kubernetes --user=${user}
    kubectl config use-context default
    chmod 600 ${kubeconfig}`;
};

/** The user as whom node02 comes to the API server with the kubeconfig of kube-proxy, or why it does not. */
export const whoami = async (lab: LabHandle): Promise<{ readonly user: string } | { readonly error: string }> => {
  const { exitCode, stdout, stderr }: CommandOutput = await lab.node('node02')
    .$`timeout 8 kubectl --kubeconfig=${kubeconfig} --request-timeout=5s auth whoami -o jsonpath={.status.userInfo.username}`.nothrow();
  return exitCode === 0 ? { user: stdout.trim() } : { error: stderr.trim().split('\n').at(-1) ?? '' };
};

/** The API server's certificate is not checked. */
export const isBlind = async (lab: LabHandle): Promise<boolean> =>
  /insecure-skip-tls-verify["']?\s*:\s*["']?true/.test((await lab.node('node02').read(kubeconfig)) ?? '');

export const ensureKubeconfig = async (lab: LabHandle): Promise<void> => {
  await ensureCertificate(lab);
  const found = await whoami(lab);
  if (!('user' in found) || found.user !== 'system:kube-proxy' || (await isBlind(lab))) await writeKubeconfig(lab);
};

export const writeConfiguration = async (lab: LabHandle, network: string = podNetwork): Promise<void> => {
  const version = 'kubeproxy.config.k8s.io/v1alpha1';
  const fields = { apiVersion: version, kind: 'KubeProxyConfiguration', clusterCIDR: network };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const input = [...lines, 'clientConnection:', `  kubeconfig: ${kubeconfig}`, ''].join('\n');
  await lab.node('node02').$({ input })`cat > ${configuration}`;
};

const unitText = `[Unit]
Description=kube-proxy
DefaultDependencies=no
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/kube-proxy --config=${configuration} --hostname-override=node02
Restart=always
RestartSec=300ms

[Install]
WantedBy=labs.target
`;

export const writeUnit = async (lab: LabHandle, text: string = unitText): Promise<void> => {
  const { $, systemctl } = lab.node('node02');
  await $({ input: text })`rm -rf ${unit}.d && cat > ${unit}`;
  await systemctl('daemon-reload');
  await systemctl('reset-failed');
};

export const isInstalled = async (lab: LabHandle): Promise<boolean> =>
  (await lab.node('node02').$`systemctl is-enabled --quiet kube-proxy`.nothrow()).exitCode === 0;

/** All parts, and a kube-proxy that runs with them. */
export const install = async (lab: LabHandle): Promise<void> => {
  await endOthers(lab);
  await ensureKubeconfig(lab);
  await writeConfiguration(lab);
  await writeUnit(lab);
  await lab.node('node02').systemctl('enable', 'kube-proxy');
  await restart(lab);
};

/** A kube-proxy that somebody has started by hand would hold the ports. */
export const endOthers = async (lab: LabHandle): Promise<void> => {
  await lab.node('node02').$`for pid in $(pgrep -f '[k]ube-proxy.*--config'); do
      grep -q kube-proxy.service /proc/$pid/cgroup || kill -9 $pid
    done`.nothrow();
};

/** Restarts kube-proxy and waits until its rules are written. */
export const restart = async (lab: LabHandle): Promise<void> => {
  await lab.node('node02').systemctl('restart', 'kube-proxy');
  await synced(lab);
};

export const synced = (lab: LabHandle): Promise<void> =>
  lab.until({ en: 'kube-proxy of node02 has synced', ko: 'node02의 kube-proxy 동기화 완료' }, async () => {
    const { exitCode } = await lab.node('node02').$`curl -sf -m 2 -o /dev/null localhost:10256/healthz`.nothrow();
    return exitCode === 0;
  });

/** Ends kube-proxy on node02 and removes its rules. */
export const stop = async (lab: LabHandle): Promise<void> => {
  const { $ } = lab.node('node02');
  await $`systemctl stop kube-proxy`.nothrow();
  await endOthers(lab);
  await $`kube-proxy --cleanup`.nothrow();
};

export const removeUnit = async (lab: LabHandle): Promise<void> => {
  const { $, systemctl } = lab.node('node02');
  await $`systemctl disable --now kube-proxy; rm -rf ${unit} ${unit}.d`.nothrow();
  await systemctl('daemon-reload');
};

/** Makes a service anew, so that kube-proxy knows it only if it works now. */
export const renewService = async (lab: LabHandle, name: string, address: string): Promise<void> => {
  await lab.kubectl('delete', 'service', name, '--ignore-not-found');
  await lab.apply(`apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { clusterIP: ${address}, selector: { app: shop }, ports: [{ port: 80 }] }
`);
};
