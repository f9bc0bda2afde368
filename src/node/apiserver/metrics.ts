// The few numbers that /metrics shows, in Prometheus' text format. Counted by hand: a client library would cost megabytes.

export interface Metrics {
  /** One finished request. */
  request(verb: string, resource: string, code: number, seconds: number): void;
  render(objects: ReadonlyMap<string, number>): string;
}

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 5];

export const createMetrics = (): Metrics => {
  const requests = new Map<string, number>();
  const durations = new Map<string, { sum: number; count: number; buckets: number[] }>();
  return {
    request: (verb, resource, code, seconds) => {
      const key = `code="${code}",resource="${resource}",verb="${verb}"`;
      requests.set(key, (requests.get(key) ?? 0) + 1);
      const known = durations.get(verb) ?? { sum: 0, count: 0, buckets: buckets.map(() => 0) };
      durations.set(verb, known);
      known.sum += seconds;
      known.count += 1;
      for (const [index, limit] of buckets.entries())
        if (seconds <= limit) known.buckets[index] = (known.buckets[index] ?? 0) + 1;
    },
    render: (objects) => {
      const lines = [
        '# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, resource and HTTP response code.',
        '# TYPE apiserver_request_total counter',
        ...[...requests].map(([labels, count]) => `apiserver_request_total{${labels}} ${count}`),
        '# HELP apiserver_request_duration_seconds Response latency distribution in seconds for each verb.',
        '# TYPE apiserver_request_duration_seconds histogram',
      ];
      for (const [verb, { sum, count, buckets: counts }] of durations) {
        const name = 'apiserver_request_duration_seconds';
        for (const [index, limit] of buckets.entries())
          lines.push(`${name}_bucket{verb="${verb}",le="${limit}"} ${counts[index]}`);
        lines.push(
          `${name}_bucket{verb="${verb}",le="+Inf"} ${count}`,
          `${name}_sum{verb="${verb}"} ${sum}`,
          `${name}_count{verb="${verb}"} ${count}`,
        );
      }
      lines.push(
        '# HELP apiserver_storage_objects Number of stored objects at the time of last check split by kind.',
        '# TYPE apiserver_storage_objects gauge',
        ...[...objects].map(([resource, count]) => `apiserver_storage_objects{resource="${resource}"} ${count}`),
        '# HELP process_resident_memory_bytes Resident memory size in bytes.',
        '# TYPE process_resident_memory_bytes gauge',
        `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
        '',
      );
      return lines.join('\n');
    },
  };
};
