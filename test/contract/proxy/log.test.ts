// Compares the log with the original's for the same objects: messages, fields, source places, order and verbosity.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goldenServices, goldenSlices } from '../../support/proxy/golden.ts';
import { put, World } from '../../support/proxy/world.ts';

const node = {
  plural: 'nodes' as const,
  object: {
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
    status: { addresses: [{ type: 'InternalIP', address: '10.123.0.11' }] },
  },
};

interface Line {
  /** File and line of the original's source. */
  readonly source: string;
  readonly severity: string;
  readonly message: string;
  /** The IP family or controller of the line, because several of them log concurrently. */
  readonly about: string;
  readonly fields: readonly string[];
}

/** The family of a line without such a field, from the tool's name. Recorded health checks have IPv4 only. */
const familyOf = (message: string, rest: string): string => {
  if (rest.includes('command="ip6')) return 'IPv6';
  return rest.includes('command="ip') || message.includes('healthcheck') ? 'IPv4' : '';
};

const parse = (log: string): Line[] =>
  log.split('\n').flatMap((line) => {
    const match = /^([IWE])\d{4} [\d:]{8}\.\d{6} +\d+ ([\w.]+:\d+)\] (FLAG: --[\w-]+|"(?:[^"\\]|\\.)*")(.*)$/.exec(
      line,
    );
    if (!match) return [];
    const [, severity = '', source = '', message = '', rest = ''] = match;
    const about = /(?:ipFamily|controller)=("[^"]*")/.exec(rest)?.[1] ?? familyOf(message, rest);
    const keys = [...rest.matchAll(/ ([\w ]+?)=(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\{[^}]*\}|[^ ]+)/g)].map(
      ([, key = '']) => key,
    );
    return [{ source, severity, message: message.replaceAll('"', ''), about: about.replaceAll('"', ''), fields: keys }];
  });

/** Lines of the original that depend on Go or on ServiceCIDR objects. */
const onlyInOriginal =
  /^(Updated$|Golang settings|Starting reflector|Listing and watching|Loop running|Data couldn't be fetched|Calling handler.On(TopologyChange|ServiceCIDRsChanged)|Starting goroutine|Starting serviceCIDR)/;
const isServiceCidr = ({ about, message }: Line): boolean =>
  about === 'serviceCIDR config' || /ServiceCIDR/.test(message);
const isOnlyInOriginal = (line: Line): boolean =>
  onlyInOriginal.test(line.message) || dependsOnMachine.test(line.message) || isServiceCidr(line);

/** Whether these lines appear depends on the permissions of the user who runs the tests, and on kernel settings. */
const dependsOnMachine = /^(Failed to apply OOMScore|Changed sysctl|Set sysctl)/;
/** Lines that only this kube-proxy logs. */
const onlyHere =
  /^(FLAG: --log-file|Using iptables backend|No iptables support|Kernel setting left as it is|Starting metrics HTTP server)/;

const recordedAt = (verbosity: number): Line[] =>
  parse(
    readFileSync(join(import.meta.dirname, `../../fixtures/kube-proxy-v1.36.2/default-v${verbosity}.log.txt`), 'utf8'),
  );

/** Fields left out of the comparison: client-go's source place (theirs only), and the version of Node (ours only). */
const ignoredFields: Readonly<Record<string, string>> = { 'Caches populated': 'reflector', 'Version info': 'node' };

/** Each kind of line once, sorted: severity, source place, message and field names. */
const kinds = (lines: readonly Line[]): string[] => {
  const kindOf = ({ severity, source, message, fields }: Line): string =>
    [severity, source, message, ...fields.filter((field) => field !== ignoredFields[message])].join(' | ');
  return [...new Set(lines.map(kindOf))].sort();
};

/** Messages in order of their first appearance, for one family or controller: these run concurrently. */
const order = (lines: readonly Line[], about: string): string[] => [
  ...new Set(lines.filter((line) => line.about === '' || line.about === about).map(({ message }) => message)),
];

/** Lines whose position in the log varies, because they come as soon as the objects arrive. */
const unordered =
  /^(Caches populated|Updated proxier|Calling handler|Waiting for caches|Caches are synced|Starting .* controller|Not syncing|Starting healthz)/;

test.each([1, 2, 4])('logs the same lines as the original at -v=%i', async (verbosity) => {
  await using world = await World.create();
  await world.change(node, ...goldenServices().map(put.service), ...goldenSlices().map(put.slice));
  await world.startProxy('--cluster-cidr=10.200.0.0/15', `-v=${verbosity}`);
  await world.until('both families are synced', () => world.healthCode() === 200);
  const wanted = recordedAt(verbosity).filter((line) => !isOnlyInOriginal(line));
  const ours = parse(world.log()).filter(({ message }) => !onlyHere.test(message) && !dependsOnMachine.test(message));
  const withoutFlags = (lines: readonly Line[]) => lines.filter(({ message }) => !message.startsWith('FLAG'));
  expect(withoutFlags(wanted).length).toBeGreaterThan(10);
  expect(kinds(ours)).toEqual(kinds(wanted));
  for (const about of ['IPv4', 'IPv6']) {
    const ordered = (lines: readonly Line[]) =>
      order(withoutFlags(lines), about).filter((message) => !unordered.test(message));
    expect(ordered(ours), about).toEqual(ordered(wanted));
  }
});
