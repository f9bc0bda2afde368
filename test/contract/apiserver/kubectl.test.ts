import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';

const hasKubectl = ((): boolean => {
  try {
    const { clientVersion } = JSON.parse(execFileSync('kubectl', ['version', '--client', '-o', 'json']).toString());
    // A vendor's build has a plus sign behind the number.
    return Number.parseInt(clientVersion.minor, 10) >= 28;
  } catch {
    return false;
  }
})();

const manifest = join(tmpdir(), `labs-kubectl-${process.pid}.json`);
const write = (spec: object): string => {
  const metadata = { name: 'applied' };
  writeFileSync(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata, spec }));
  return manifest;
};

// Skipped on a machine without kubectl. The end-to-end test of the lab uses the kubectl of the node image.
describe.skipIf(!hasKubectl)('kubectl, unmodified', () => {
  let server: RunningApiserver;
  beforeAll(async () => {
    server = await startApiserver();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(manifest, { force: true });
  });
  const kubectl = (...args: string[]): Promise<string> => server.kubectl(...args);

  test('shows the version, the resources and explanations', async () => {
    expect(await kubectl('version')).toContain('Server Version: v1.32');
    expect(await kubectl('api-resources')).toMatch(/^services +svc +v1 +true +Service$/m);
    expect(await kubectl('explain', 'service.spec.clusterIP')).toContain('FIELD: clusterIP <string>');
    // An old kubectl reads OpenAPI v2.
    const old = await kubectl('explain', 'pod.spec.nodeName', '--output=plaintext-openapiv2');
    expect(old).toContain('nodeName <string>');
  });

  test('is told which address and port of an endpoint are wrong', async () => {
    const slice = (port: number, address: string): string => {
      const object = {
        ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'bad' }, addressType: 'IPv4' },
        ...{ ports: [{ name: '', port }], endpoints: [{ addresses: [address] }] },
      };
      writeFileSync(manifest, JSON.stringify(object));
      return manifest;
    };
    await expect(kubectl('apply', '-f', slice(80, 'fd00::1'))).rejects.toThrow(
      'The EndpointSlice "bad" is invalid: endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address',
    );
    await expect(kubectl('apply', '-f', slice(99_999, '10.0.0.1'))).rejects.toThrow(
      'ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive',
    );
  });

  test('applies network policies with the defaults of Kubernetes, and is told what is wrong in one', async () => {
    const policy = (name: string, spec: object): string => {
      const meta = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name } };
      writeFileSync(manifest, JSON.stringify({ ...meta, spec }));
      return manifest;
    };
    const web = { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ ports: [{ port: 80 }] }] };
    await kubectl('apply', '-f', policy('web', web));
    expect(await kubectl('get', 'netpol', 'web', '--no-headers')).toMatch(/^web +app=web +\d+s/);
    expect(await kubectl('get', 'netpol', 'web', '-o', 'jsonpath={.spec.policyTypes} {.spec.ingress}')).toBe(
      '["Ingress"] [{"ports":[{"port":80,"protocol":"TCP"}]}]',
    );
    await kubectl('apply', '-f', policy('out', { podSelector: {}, egress: [{}] }));
    expect(await kubectl('get', 'netpol', 'out', '-o', 'jsonpath={.spec.policyTypes}')).toBe('["Ingress","Egress"]');
    expect(await kubectl('describe', 'netpol', 'web')).toContain('To Port: 80/TCP');
    const range = { ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/8'] } };
    const bad = {
      podSelector: {},
      policyTypes: ['In'],
      ingress: [
        { from: [{}, { ...range, podSelector: {} }, range], ports: [{ port: 'http', endPort: 3 }, { port: 0 }] },
      ],
    };
    const refusal = await kubectl('apply', '-f', policy('bad', bad)).catch(String);
    expect(refusal.match(/spec\..*/g)).toEqual([
      'spec.ingress[0].ports[0].endPort: Invalid value: 3: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ingress[0].from[0]: Required value: must specify a peer',
      'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
      'spec.ingress[0].from[2].ipBlock.except[0]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`',
      'spec.policyTypes[0]: Unsupported value: "In": supported values: "Egress", "Ingress"',
    ]);
  });

  test('runs, exposes and shows a pod', async () => {
    await kubectl('run', 'db', '--image=db', '--port=3306', '--labels=app=db');
    await kubectl('expose', 'pod', 'db', '--name=db-service', '--port=3306');
    const shown = await kubectl('get', 'service,pods', '-o', 'wide');
    expect(shown).toMatch(/service\/db-service +ClusterIP +10\.\d+\.\d+\.\d+ +<none> +3306\/TCP +\d+s +app=db/);
    expect(shown).toMatch(/pod\/db +0\/1 +Pending/);
    expect(await kubectl('describe', 'service', 'db-service')).toMatch(/TargetPort: +3306\/TCP/);
  });

  test('adds an ephemeral container to a pod, and not a second one with the same name', async () => {
    await kubectl('run', 'faulty', '--image=web');
    await kubectl('debug', 'faulty', '--image=toolbox', '--container=look', '--target=faulty', '--', 'sleep', '60');
    const path = '-o=jsonpath={.spec.ephemeralContainers[*].name} {.spec.ephemeralContainers[0].targetContainerName}';
    expect(await kubectl('get', 'pod', 'faulty', path)).toBe('look faulty');
    await expect(
      kubectl('debug', 'faulty', '--image=toolbox', '--container=other', '--target=nobody', '--', 'sleep', '60'),
    ).rejects.toThrow('spec.ephemeralContainers[1].targetContainerName: Not found: "nobody"');
    await kubectl('debug', 'faulty', '--image=web', '--copy-to=copy', '--container=faulty', '--', 'sleep', '60');
    expect(await kubectl('get', 'pod', 'copy', '-o=jsonpath={.spec.containers[0].command}')).toBe('["sleep","60"]');
  });

  test('creates with its typed commands, and is refused in Kubernetes’ words', async () => {
    await kubectl('create', 'service', 'clusterip', 'orange', '--clusterip=10.103.132.104', '--tcp=80');
    await expect(
      kubectl('create', 'service', 'clusterip', 'blue', '--clusterip=10.103.132.104', '--tcp=80'),
    ).rejects.toThrow('failed to allocate IP 10.103.132.104: provided IP is already allocated');
    await kubectl('create', 'deployment', 'web', '--image=web', '--replicas=2', '--port=80');
    expect(await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')).toBe('2');
  });

  test('applies, and applying the same again changes nothing', async () => {
    const file = write({ ports: [{ port: 80 }], selector: { app: 'x' } });
    expect(await kubectl('apply', '-f', file)).toContain('service/applied created');
    expect(await kubectl('apply', '-f', file)).toContain('service/applied unchanged');
    write({ ports: [{ port: 81 }], selector: { app: 'x' } });
    expect(await kubectl('apply', '-f', file)).toContain('service/applied configured');
    expect(await kubectl('get', 'service', 'applied', '-o', 'jsonpath={.spec.ports[*].port}')).toBe('81');
  });

  test('gets an error about a misspelt field', async () => {
    const file = write({ ports: [{ port: 80 }], selectr: { app: 'x' } });
    await expect(kubectl('create', '-f', file)).rejects.toThrow(
      'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.selectr"',
    );
  });

  test('gets Kubernetes’ error about an unknown kind', async () => {
    writeFileSync(manifest, '{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"q"}}');
    await expect(kubectl('create', '-f', manifest)).rejects.toThrow(
      'no matches for kind "StatefulSet" in version "apps/v1"',
    );
  });

  test('is told which field labs does not support', async () => {
    const volumes = [{ name: 'v', nfs: { server: 'a', path: '/' } }];
    const spec = { volumes, containers: [{ name: 'c', image: 'web' }] };
    writeFileSync(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'nfs' }, spec }));
    await expect(kubectl('apply', '-f', manifest)).rejects.toThrow(
      'The Pod "nfs" is invalid: spec.volumes[0].nfs: Forbidden: labs does not support nfs: ',
    );
  });

  test('applies on the server ports that differ in their protocol only', async () => {
    const ports = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), port: 53, protocol }));
    const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'both' }, spec: { ports } };
    writeFileSync(manifest, JSON.stringify(object));
    await kubectl('apply', '--server-side', '-f', manifest);
    await kubectl('apply', '--server-side', '-f', manifest);
    const path = '{range .spec.ports[*]}{.port}/{.protocol} {end}';
    expect(await kubectl('get', 'service', 'both', '-o', `jsonpath=${path}`)).toBe('53/TCP 53/UDP ');
  });

  test('is told on a server-side apply who has changed the field', async () => {
    const deployment = (replicas: number): string => {
      const labels = { app: 'own' };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'web' }] } };
      const spec = { replicas, selector: { matchLabels: labels }, template };
      const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'own' }, spec };
      writeFileSync(manifest, JSON.stringify(object));
      return manifest;
    };
    await kubectl('apply', '--server-side', '-f', deployment(1));
    await kubectl('scale', 'deployment', 'own', '--replicas=2');
    await expect(kubectl('apply', '--server-side', '-f', deployment(3))).rejects.toThrow(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    );
    await kubectl('apply', '--server-side', '--force-conflicts', '-f', deployment(3));
    await kubectl('label', 'deployment', 'own', 'color=blue');
    await kubectl('apply', '--server-side', '-f', deployment(4));
    expect(await kubectl('get', 'deployment', 'own', '-o', 'jsonpath={.spec.replicas} {.metadata.labels}')).toBe(
      '4 {"color":"blue"}',
    );
  });

  test('scales, labels, annotates, patches, sets, waits and deletes', async () => {
    await kubectl('create', 'deployment', 'busy', '--image=web');
    await kubectl('scale', 'deployment', 'busy', '--replicas=4');
    await kubectl('label', 'deployment', 'busy', 'color=blue');
    await kubectl('annotate', 'deployment', 'busy', 'note=hello');
    await kubectl('patch', 'deployment', 'busy', '-p', '{"spec":{"minReadySeconds":3}}');
    await kubectl('set', 'image', 'deployment/busy', 'web=web:2');
    const path =
      '{.spec.replicas} {.metadata.labels.color} {.spec.minReadySeconds} {.spec.template.spec.containers[0].image}';
    expect(await kubectl('get', 'deployment', 'busy', '-o', `jsonpath=${path}`)).toBe('4 blue 3 web:2');
    await kubectl('wait', '--for=jsonpath={.spec.replicas}=4', 'deployment/busy', '--timeout=5s');
    expect(await kubectl('delete', 'deployment', 'busy')).toContain('deployment.apps "busy" deleted');
  });

  test('dumps the cluster, which has no replication controllers', async () => {
    await kubectl('create', 'service', 'clusterip', 'dumped', '--tcp=80');
    const dump = await kubectl('cluster-info', 'dump', '--namespaces=default');
    expect(dump).toContain('"kind": "ReplicationControllerList"');
    expect(dump).toContain('"name": "dumped"');
    // The pods come last.
    expect(dump).toContain('"kind": "PodList"');
  });

  test('asks who it is and what it may do', async () => {
    expect(await kubectl('auth', 'whoami')).toContain('kubernetes-admin');
    expect((await kubectl('auth', 'can-i', 'delete', 'pods')).trim()).toBe('yes');
    await expect(kubectl('--as', 'jane', 'get', 'pods')).rejects.toThrow('User "jane" cannot list resource "pods"');
  });
});
