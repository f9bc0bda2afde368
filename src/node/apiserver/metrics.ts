// What the API server's /metrics shows: requests, their latency and the number of stored objects.
import { Histogram, renderMetrics, residentMemory, type Sample } from '../component/metrics.ts';

export interface Metrics {
  /** Counts one finished request. */
  request(verb: string, resource: string, code: number, seconds: number): void;
  /** @param objects the number of stored objects by resource */
  render(objects: ReadonlyMap<string, number>): string;
}

/** Upper bounds in seconds. */
const buckets = [0.005, 0.025, 0.1, 0.5, 1, 5];

export const createMetrics = (): Metrics => {
  const requests = new Map<string, { readonly labels: Sample[0]; count: number }>();
  const latencies = new Map<string, Histogram>();
  return {
    request: (verb, resource, code, seconds) => {
      const key = [code, resource, verb].join();
      const known = requests.get(key) ?? { labels: { code, resource, verb }, count: 0 };
      requests.set(key, known);
      known.count += 1;
      const latency = latencies.get(verb) ?? new Histogram(buckets);
      latencies.set(verb, latency);
      latency.observe(seconds);
    },
    render: (objects) =>
      renderMetrics([
        {
          name: 'apiserver_request_total',
          type: 'counter',
          help: 'Counter of apiserver requests broken out for each verb, resource and HTTP response code.',
          samples: [...requests.values()].map(({ labels, count }) => [labels, count]),
        },
        {
          name: 'apiserver_request_duration_seconds',
          type: 'histogram',
          help: 'Response latency distribution in seconds for each verb.',
          samples: [...latencies].map(([verb, latency]) => [{ verb }, latency]),
        },
        {
          name: 'apiserver_storage_objects',
          type: 'gauge',
          help: 'Number of stored objects at the time of last check split by kind.',
          samples: [...objects].map(([resource, count]) => [{ resource }, count]),
        },
        residentMemory('Resident memory size in bytes.'),
      ]),
  };
};
