// Texts name commands as `labs check`. A user of npx has no `labs` on PATH and must type `npx labs check`.
import { packageName } from './installation.ts';

export interface NpxOptions {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The folder of the package. */
  readonly root: string;
  readonly version: string;
}

/** @returns what a user of npx types for `labs`; undefined if npx did not start this program */
export const npxForm = ({ variables, root, version }: NpxOptions): string | undefined => {
  if (variables.npm_command !== 'exec') return undefined;
  // npm joins several packages with empty lines.
  const [wanted = '', ...others] = (variables.npm_config_package ?? '').split(/\n+/);
  if (/^[\w@%+=:,./~-]+$/.test(wanted) && others.length === 0) return `npx --package ${wanted} labs`;
  // Outside of a clone and of projects that contain labs, `npx labs` would run another package of npm.
  return root.includes('/_npx/') ? `npx --package ./${packageName}-${version}.tgz labs` : 'npx labs';
};

/**
 * Makes a function that puts npx before each command in a text.
 * @param commands the names of all commands
 * @param form what stands for `labs`
 */
export const namesForNpx = (commands: readonly string[], form = 'npx labs'): ((text: string) => string) => {
  // A text may be changed twice, so a command that has the form already stays.
  const done = form.replace(/labs$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // A colour code may stand before the command. Its last letter is no part of a word.
  const before = `(?<=^|\\u001b\\[[\\d;]*m|[^\\w./-])(?<!${done})`;
  const withWords = `(?= (?:(?:${commands.join('|')})\\b|--|<))`;
  const alone = '(?<=`labs)(?=`)';
  const command = new RegExp(`${before}labs(?:${withWords}|${alone})`, 'gm');
  return (text) => text.replace(command, () => form);
};

/** Changes every text inside of a value: of a message with its gaps, of a list, of a record. */
export const rewriteTexts = <T>(value: T, rewrite: (text: string) => string): T => {
  if (typeof value === 'string') return rewrite(value) as T;
  if (typeof value === 'function') return ((...gaps: readonly unknown[]) => rewriteTexts(value(...gaps), rewrite)) as T;
  if (value instanceof RegExp || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => rewriteTexts(item, rewrite)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewriteTexts(item, rewrite)])) as T;
};
