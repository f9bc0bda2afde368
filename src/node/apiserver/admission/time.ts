// Times as objects carry them.

/** RFC 3339 in UTC with whole seconds, e.g. `2026-11-23T06:31:46Z`. */
export const timestamp = (date = new Date()): string => `${date.toISOString().slice(0, 19)}Z`;
