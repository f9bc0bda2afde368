import { expect, test } from 'vitest';
import { Histogram, processMetrics, renderMetrics } from '../../../../src/node/component/metrics.ts';

test('a metric is rendered with its help, its type and a line for each sample', () => {
  const samples = [
    [{ code: 200, verb: 'GET' }, 3],
    [{}, 1.5],
  ] as const;
  expect(renderMetrics([{ name: 'requests_total', type: 'counter', help: 'Requests', samples }])).toBe(
    '# HELP requests_total Requests\n# TYPE requests_total counter\nrequests_total{code="200",verb="GET"} 3\nrequests_total 1.5\n',
  );
});

test('a metric without samples is left out', () =>
  expect(renderMetrics([{ name: 'empty', type: 'gauge', help: 'Empty', samples: [] }])).toBe(''));

test('each bucket of a histogram also counts the smaller observations', () => {
  const histogram = new Histogram([0.5, 1]);
  for (const value of [0.25, 0.5, 0.75, 2]) histogram.observe(value);
  const text = renderMetrics([
    { name: 'seconds', type: 'histogram', help: 'Seconds', samples: [[{ verb: 'GET' }, histogram]] },
  ]);
  expect(text.split('\n').slice(2)).toEqual([
    'seconds_bucket{verb="GET",le="0.5"} 2',
    'seconds_bucket{verb="GET",le="1"} 3',
    'seconds_bucket{verb="GET",le="+Inf"} 4',
    'seconds_sum{verb="GET"} 3.5',
    'seconds_count{verb="GET"} 4',
    '',
  ]);
});

test('quotes, backslashes and line ends in a label are escaped', () => {
  const samples = [[{ path: 'a"b\\c\nd' }, 1]] as const;
  expect(renderMetrics([{ name: 'x', type: 'gauge', help: 'X', samples }])).toContain('x{path="a\\"b\\\\c\\nd"} 1\n');
});

test('the metrics of the process are CPU time, file descriptors, memory and start time', () =>
  expect(processMetrics().map(({ name }) => name)).toEqual([
    'process_cpu_seconds_total',
    'process_open_fds',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
  ]));
