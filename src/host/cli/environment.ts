// The machine as this run found it: environment variables are read here, once, and passed down as a value.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Language, languages } from '../../api/lab.ts';

export interface Environment {
  /** From `--lang`, LABS_LANG, LC_ALL, LC_MESSAGES or LANG, in this order. */
  readonly language: Language;
  /** `$XDG_STATE_HOME/labs`: attempts and progress; everything else lives in Docker. */
  readonly stateFolder: string;
  /** `$XDG_CACHE_HOME/labs`: what can be made again. */
  readonly cacheFolder: string;
  /** LABS_NAME: which instance is meant where none is named. */
  readonly instance: string | undefined;
  readonly noColor: boolean;
  readonly debug: boolean;
  /** Started by `npx labs` (npm_command). */
  readonly byNpx: boolean;
  /** All variables, for the programs that labs starts and for Docker's own (DOCKER_HOST, …). */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Reads the environment. The language that a command line asks for wins over the environment's. */
export const readEnvironment = (
  variables: Readonly<Record<string, string | undefined>>,
  asked?: Language,
): Environment => {
  const home = variables.HOME ?? homedir();
  return {
    language: asked ?? languageOf(variables),
    stateFolder: join(variables.XDG_STATE_HOME || join(home, '.local', 'state'), 'labs'),
    cacheFolder: join(variables.XDG_CACHE_HOME || join(home, '.cache'), 'labs'),
    instance: variables.LABS_NAME || undefined,
    noColor: Boolean(variables.NO_COLOR) || variables.TERM === 'dumb',
    debug: Boolean(variables.LABS_DEBUG),
    byNpx: variables.npm_command === 'exec',
    variables,
  };
};

export const isLanguage = (text: string): text is Language => (languages as readonly string[]).includes(text);

const languageOf = (variables: Readonly<Record<string, string | undefined>>): Language => {
  const locale = variables.LABS_LANG || variables.LC_ALL || variables.LC_MESSAGES || variables.LANG || '';
  return locale.toLowerCase().startsWith('ko') ? 'ko' : 'en';
};
