// The lines of `labs logs --json`: one object for each line of a journal or of a pod's log.

/** A line of `journalctl --output=json`. */
interface JournalEntry {
  /** Microseconds since 1970. */
  readonly __REALTIME_TIMESTAMP?: string;
  /** The unit that the message is about, if systemd says something about a unit. */
  readonly UNIT?: string;
  readonly _SYSTEMD_UNIT?: string;
  /** Bytes, if the message is no UTF-8. */
  readonly MESSAGE?: string | readonly number[] | null;
}

/** The fields that `journalLine` needs. journalctl adds the time. */
export const journalFields = ['MESSAGE', 'UNIT', '_SYSTEMD_UNIT'] as const;

/** A line of `journalctl --output=json` on the machine → a line of `labs logs --json`. */
export const journalLine = (machine: string, line: string): string => {
  const entry = parsed(line);
  if (entry === undefined) return JSON.stringify({ machine, message: line });
  const { __REALTIME_TIMESTAMP: microseconds, UNIT, _SYSTEMD_UNIT, MESSAGE: message } = entry;
  return JSON.stringify({
    time: microseconds === undefined ? undefined : new Date(Number(microseconds) / 1000).toISOString(),
    machine,
    unit: (UNIT ?? _SYSTEMD_UNIT)?.replace(/\.service$/, ''),
    message: typeof message === 'string' ? message : Buffer.from(message ?? []).toString(),
  });
};

const parsed = (line: string): JournalEntry | undefined => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** A line of `kubectl logs --prefix --timestamps` → a line of `labs logs --json`. */
export const podLine = (pod: { readonly namespace: string; readonly name: string }, line: string): string => {
  const found = /^\[pod\/[^/\]]+\/(?<container>[^\]]+)\] (?<time>\S+) ?(?<message>.*)$/s.exec(line)?.groups;
  const { container, time, message = line } = found ?? {};
  return JSON.stringify({ time, namespace: pod.namespace, pod: pod.name, container, message });
};
