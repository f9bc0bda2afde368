// What Prometheus' client libraries tell of every process, as far as /proc gives it away for little.
import { readdirSync } from 'node:fs';

/** Lines of the exposition format. */
export const processMetrics = (): string => {
  const { user, system } = process.cpuUsage();
  const metric = (name: string, type: string, help: string, value: number): string =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
  return [
    metric('process_cpu_seconds_total', 'counter', 'CPU time in seconds', (user + system) / 1e6),
    metric('process_open_fds', 'gauge', 'Open file descriptors', readdirSync('/proc/self/fd').length),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory in bytes', process.memoryUsage.rss()),
    metric('process_start_time_seconds', 'gauge', 'Start in seconds since 1970', performance.timeOrigin / 1000),
  ].join('');
};
