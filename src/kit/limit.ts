// Limits how many calls run at once. The other calls wait, and run in the order in which they came.

export type Limit = <T>(call: () => Promise<T>) => Promise<T>;

export const createLimit = (atOnce: number): Limit => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (call) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await call();
    } finally {
      // The place goes to the next call, so the number of running calls stays.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
};
