// The moments that `labs diff` compares with.

/** The last `labs diff`, the last task that `labs begin` began, the last `labs check`. */
export const moments = ['look', 'begin', 'check'] as const;
export type Moment = (typeof moments)[number];
