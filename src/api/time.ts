// Times as Kubernetes objects carry them: RFC 3339 in UTC.

/** metav1.Time: whole seconds, e.g. `2026-11-23T06:31:46Z`. Takes milliseconds since 1970. */
export const timestamp = (ms: number = Date.now()): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** metav1.MicroTime: six digits after the second, e.g. `2026-11-23T06:31:46.123000Z`. Takes milliseconds since 1970. */
export const microTimestamp = (ms: number = Date.now()): string => new Date(ms).toISOString().replace('Z', '000Z');
