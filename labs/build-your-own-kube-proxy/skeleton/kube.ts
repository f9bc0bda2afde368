// What a proxy needs from Kubernetes and from the kernel. This file is complete: read it, and leave it as it is.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** All Services and EndpointSlices of the cluster at one moment. */
export interface State {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Service {
  readonly metadata: Metadata;
  readonly spec: {
    readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    /** `None`: a headless service. It has no address, so a proxy does nothing for it. */
    readonly clusterIP?: string;
    readonly ports?: readonly ServicePort[];
  };
}

export interface ServicePort {
  /** Absent if the service has one port only. */
  readonly name?: string;
  readonly protocol: 'TCP' | 'UDP';
  /** The port of the service's address. */
  readonly port: number;
  /** The port of every node, for services of the type NodePort. */
  readonly nodePort?: number;
}

/** Some endpoints of one service: the label `kubernetes.io/service-name` says which. A service may have several. */
export interface EndpointSlice {
  readonly metadata: Metadata;
  /** The ports of the pods. The name tells which port of the service leads there. */
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol: 'TCP' | 'UDP' }[];
  readonly endpoints?: readonly Endpoint[];
}

export interface Endpoint {
  readonly addresses: readonly string[];
  readonly nodeName?: string;
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
}

/** This node, and the network of all pods of the cluster. The systemd unit tells both. */
export const node = { name: process.env.NODE_NAME ?? '', podCidr: process.env.POD_CIDR ?? '' };

/** `iptables-restore --noflush`: all lines up to COMMIT take effect in one step, or none of them does. */
export const restore = (rules: string): Promise<void> => command('iptables-restore', ['-w', '--noflush'], rules);

/** Makes `chain` if it is missing, and a rule in `from` that jumps there if none does. */
export const jump = async (table: 'nat' | 'filter', from: string, chain: string): Promise<void> => {
  const rule = ['-j', chain];
  await command('iptables', ['-w', '-t', table, '-N', chain]).catch(() => {});
  await command('iptables', ['-w', '-t', table, '-C', from, ...rule]).catch(() =>
    command('iptables', ['-w', '-t', table, '-I', from, ...rule]),
  );
};

/** Runs a program. Rejects with what it says if it fails. */
const command = (program: string, args: readonly string[], input = ''): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = execFile(program, args, (error, _, said) =>
      error ? reject(new Error(`${program} ${args.join(' ')}: ${said.trim()}`)) : resolve(),
    );
    // A program that fails early does not read all of it. Then what it says is the error.
    child.stdin?.on('error', () => {}).end(input);
  });

/**
 * Lists and watches Services and EndpointSlices for ever. Calls `sync` with all of them when both lists are there, and
 * after changes: one call for those that come close together, and never two at the same time.
 */
export const run = async (sync: (state: State) => Promise<void>): Promise<never> => {
  let changed = Promise.withResolvers<void>();
  const services = follow<Service>('/api/v1/services', () => changed.resolve());
  const slices = follow<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices', () => changed.resolve());
  for (;;) {
    await changed.promise;
    await delay(20);
    changed = Promise.withResolvers();
    if (!services.isListed || !slices.isListed) continue;
    try {
      await sync({ services: [...services.objects.values()], slices: [...slices.objects.values()] });
    } catch (error) {
      console.error('sync failed, again in a second:', error);
      setTimeout(() => changed.resolve(), 1000);
    }
  }
};

interface Followed<T> {
  isListed: boolean;
  /** By uid. */
  objects: Map<string, T>;
}

/** First a list, then a watch from the list's version on. When the watch ends, all begins anew. */
const follow = <T extends { readonly metadata: Metadata }>(path: string, onChange: () => void): Followed<T> => {
  const followed: Followed<T> = { isListed: false, objects: new Map() };
  const listAndWatch = async (): Promise<void> => {
    let version = '';
    await getLines(path, (line) => {
      const list = JSON.parse(line) as { readonly metadata: { readonly resourceVersion: string }; readonly items: T[] };
      version = list.metadata.resourceVersion;
      followed.objects = new Map(list.items.map((object) => [object.metadata.uid, object]));
    });
    followed.isListed = true;
    onChange();
    await getLines(`${path}?watch=true&resourceVersion=${version}`, (event) => {
      const { type, object } = JSON.parse(event) as { readonly type: string; readonly object: T };
      if (type === 'ERROR') throw new Error(event);
      if (type === 'DELETED') followed.objects.delete(object.metadata.uid);
      else followed.objects.set(object.metadata.uid, object);
      onChange();
    });
  };
  const forEver = async (): Promise<never> => {
    for (;;) {
      await listAndWatch().catch((error: unknown) => console.error(`${path}:`, error));
      await delay(500);
    }
  };
  void forEver();
  return followed;
};

const kubeconfig = readFileSync('/etc/kubernetes/kube-proxy.conf', 'utf8');
const field = (name: string): string => new RegExp(`${name}: (.*)`).exec(kubeconfig)?.[1] ?? '';
const pem = (name: string): Buffer => Buffer.from(field(name), 'base64');
/** The user is system:kube-proxy, by a certificate. */
const credentials = {
  ca: pem('certificate-authority-data'),
  cert: pem('client-certificate-data'),
  key: pem('client-key-data'),
};

/** GET from the API server: a list is one line, and a watch is a line for each event. Resolves when the answer ends. */
const getLines = (path: string, onLine: (line: string) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = get(new URL(path, field('server')), credentials, (response) => {
      const fail = (problem: unknown): void => {
        request.destroy();
        reject(problem);
      };
      const reader = createInterface({ input: response });
      reader.on('line', (line) => {
        try {
          if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${line}`);
          onLine(line);
        } catch (error) {
          fail(error);
        }
      });
      reader.on('close', resolve);
    });
    // So that the kernel notices when the machine of the API server is gone.
    request.on('socket', (socket) => socket.setKeepAlive(true, 10_000));
    request.on('error', reject);
  });
