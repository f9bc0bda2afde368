// Converts Events between the core group, in which they are stored, and events.k8s.io, which renames most fields.
import type { Fields } from '../schema/record.ts';

/** Core → events.k8s.io. */
const renamed: readonly (readonly [stored: string, shown: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

const toShown = new Map(renamed);
const toStored = new Map(renamed.map(([stored, shown]) => [shown, stored]));

const rename = (object: Fields, names: ReadonlyMap<string, string>): Fields =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]));

export const eventFromStored = (event: Fields): Fields => ({ eventTime: null, ...rename(event, toShown) });

export const eventToStored = (event: Fields): Fields => rename(event, toStored);
