// Renders metrics in Prometheus' text format, for the /metrics of each component. A client library would need megabytes
// of memory on each node.
import { readdirSync } from 'node:fs';
import { kubernetesMajor, kubernetesMinor, kubernetesVersion } from '../../api/version.ts';

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** One value of a metric. A histogram's value is rendered as its buckets, sum and count. */
export type Sample = readonly [labels: Labels, value: number | Histogram];
type Labels = Readonly<Record<string, string | number>>;

/** Counts observations by upper bound. A bucket also counts the observations of all smaller buckets. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length).fill(0);
  }

  observe(value: number): void {
    for (const [index, bound] of this.bounds.entries())
      if (value <= bound) this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
    this.count += 1;
  }
}

/** Renders metrics in the given order. Leaves out metrics without samples. */
export const renderMetrics = (metrics: readonly Metric[]): string => metrics.map(render).join('');

const render = ({ name, type, help, samples }: Metric): string => {
  if (samples.length === 0) return '';
  const lines = samples.map(([labels, value]) =>
    typeof value === 'number' ? line(name, labels, value) : renderHistogram(name, labels, value),
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
};

const renderHistogram = (name: string, labels: Labels, { bounds, counts, sum, count }: Histogram): string =>
  [
    ...bounds.map((le, index) => line(`${name}_bucket`, { ...labels, le }, counts[index] ?? 0)),
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ].join('');

const line = (name: string, labels: Labels, value: number): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(String(text))}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
};

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** The metrics of this process that Prometheus' client libraries also have, where they are cheap to read. */
export const processMetrics = (): Metric[] => {
  const { user, system } = process.cpuUsage();
  return [
    one('process_cpu_seconds_total', 'counter', 'CPU time in seconds', (user + system) / 1e6),
    one('process_open_fds', 'gauge', 'Open file descriptors', readdirSync('/proc/self/fd').length),
    residentMemory(),
    one('process_start_time_seconds', 'gauge', 'Start in seconds since 1970', performance.timeOrigin / 1000),
  ];
};

/** What runs here, with the labels that all components of Kubernetes have. */
export const buildInfo = (): Metric => ({
  name: 'kubernetes_build_info',
  type: 'gauge',
  help: '[BETA] Always 1. The labels tell the version of the program and of the machine that it runs on',
  samples: [
    [
      {
        ...{ build_date: '', compiler: 'node', git_commit: '', git_tree_state: '', git_version: kubernetesVersion },
        ...{ go_version: `node ${process.version}`, major: kubernetesMajor, minor: kubernetesMinor },
        platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
      },
      1,
    ],
  ],
});

export const residentMemory = (help = 'Resident memory in bytes'): Metric =>
  one('process_resident_memory_bytes', 'gauge', help, process.memoryUsage.rss());

const one = (name: string, type: Metric['type'], help: string, value: number): Metric => ({
  name,
  type,
  help,
  samples: [[{}, value]],
});
