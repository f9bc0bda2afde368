// Helpers with which the parts of the adapter call dockerode.
import type { Labels } from './port.ts';

/** Makes a call and translates its error into a LabError. */
export type Call = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** A new object for each call, because docker-modem removes the signal from the options object. */
export const aborting = (signal: AbortSignal | undefined): { abortSignal?: AbortSignal } =>
  signal ? { abortSignal: signal } : {};

export const labelFilter = (labels: Labels): string[] =>
  Object.entries(labels).map(([name, value]) => (value === '' ? name : `${name}=${value}`));

const statusOf = (error: unknown): number => (error as { statusCode?: number }).statusCode ?? 0;

/** Treats these HTTP status codes as success: they mean that there is nothing to do. */
export const ignoring = async (statusCodes: readonly number[], work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!statusCodes.includes(statusOf(error))) throw error;
  }
};

/** Returns undefined when Docker answers 404. */
export const undefinedIfMissing = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
};
