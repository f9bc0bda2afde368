// Texts name commands as `labs check`. A user of npx must type `npx labs check`. With several running labs, the user
// must also name the lab: `labs --name second check`. With --lang, the user goes on in that language:
// `labs --lang ko check`.
import type { Language } from '../../api/lab.ts';
import type { CommandSpec } from './command.ts';
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

type NamedCommand = Pick<CommandSpec, 'name' | 'withoutLab' | 'foreign'>;

/**
 * Makes a function that gives commands in a text the form in which the user types them. A text may be changed twice.
 * @param program what the user types for `labs`
 * @param language the value of `--lang`, if commands would otherwise answer in another language
 * @returns the function. Its `lab` is the value of `--name`, if commands would otherwise mean another lab.
 */
export const commandForms = (
  commands: readonly NamedCommand[],
  program = 'labs',
  language?: Language,
): ((text: string, lab?: string) => string) => {
  const prefix = program.replace(/labs$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // A colour code may stand before the command. Its last letter is no part of a word.
  const before = '(?<=^|\\u001b\\[[\\d;]*m|[^\\w./-])';
  const names = commands.map(({ name }) => name).join('|');
  const withWords = `(?= (?:(?<command>${names})\\b(?<operand> [\\w.-]+)?|--|<))`;
  const alone = `(?<=\`(?:${prefix})?labs(?: --lang \\w+)?)(?=\`)`;
  const options = '(?<spoken> --lang \\w+)?(?<named> --name [\\w.-]+)?';
  const pattern = new RegExp(`${before}(?:${prefix})?labs${options}(?:${withWords}|${alone})`, 'gm');
  // kubectl speaks English only.
  const foreign = new Set(commands.filter((command) => command.foreign).map(({ name }) => name));
  const needsLab = new Set(commands.filter(({ withoutLab }) => !withoutLab).map(({ name }) => name));
  return (text, lab) =>
    text.replace(pattern, (...found) => {
      const { spoken, named = '', command = '', operand } = found.at(-1) as Record<string, string | undefined>;
      const lang = spoken ?? (language === undefined || foreign.has(command) ? '' : ` --lang ${language}`);
      const isMeant = lab === undefined || named !== '' || !needsLab.has(command) || operand === ` ${lab}`;
      return program + lang + (isMeant ? named : ` --name ${lab}`);
    });
};

/** Changes every text inside of a value: of a message with its gaps, of a list, of a record. */
export const rewriteTexts = <T>(value: T, rewrite: (text: string) => string): T => {
  if (typeof value === 'string') return rewrite(value) as T;
  if (typeof value === 'function') return ((...gaps: readonly unknown[]) => rewriteTexts(value(...gaps), rewrite)) as T;
  if (value instanceof RegExp || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => rewriteTexts(item, rewrite)) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewriteTexts(item, rewrite)])) as T;
};
