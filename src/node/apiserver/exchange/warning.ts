// Warnings to the client, which kubectl prints.
import type { ServerResponse } from 'node:http';

/** Adds a warning to the answer. */
export const warn = (response: ServerResponse, text: string): void => {
  response.appendHeader('warning', `299 - ${JSON.stringify(text)}`);
};
