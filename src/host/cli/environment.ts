// Reads the environment variables once and passes them down as a value. No other file of src/host reads them.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type Language, languages } from '../../api/lab.ts';

export interface Environment {
  /** `--lang`, else LABS_LANG, LC_ALL, LC_MESSAGES or LANG, in this order. */
  readonly language: Language;
  /** The value of `--lang`, if another command without it would answer in another language. */
  readonly languageToName: Language | undefined;
  /** `$XDG_STATE_HOME/labs`: answers, hints and progress. All other state is in Docker. */
  readonly stateFolder: string;
  /** `$XDG_DATA_HOME/labs`: installed labs. */
  readonly dataFolder: string;
  /** `$XDG_CACHE_HOME/labs`: files that can be made again. */
  readonly cacheFolder: string;
  /** LABS_NAME: the running lab to use when the command line names none. */
  readonly instance: string | undefined;
  /** NO_COLOR, FORCE_COLOR and TERM. `auto`: colours on a terminal only. */
  readonly color: ColorChoice;
  /** LABS_DEBUG. */
  readonly debug: boolean;
  /** TERM. */
  readonly terminalType: string | undefined;
  /** DOCKER_HOST is set: the Docker engine may run on another machine. */
  readonly dockerChosen: boolean;
  /** All variables: for Docker's own settings and for the programs that labs starts. */
  readonly variables: Variables;
}

export type ColorChoice = 'never' | 'auto' | 'always';

type Variables = Readonly<Record<string, string | undefined>>;

/** @param asked the value of `--lang` */
export const readEnvironment = (variables: Variables, asked?: Language): Environment => {
  const home = variables.HOME || homedir();
  return {
    language: asked ?? languageOf(variables),
    languageToName: asked === languageOf(variables) ? undefined : asked,
    stateFolder: join(absolute(variables.XDG_STATE_HOME) ?? join(home, '.local', 'state'), 'labs'),
    dataFolder: join(absolute(variables.XDG_DATA_HOME) ?? join(home, '.local', 'share'), 'labs'),
    cacheFolder: join(absolute(variables.XDG_CACHE_HOME) ?? join(home, '.cache'), 'labs'),
    instance: variables.LABS_NAME || undefined,
    color: colorOf(variables),
    debug: Boolean(variables.LABS_DEBUG),
    terminalType: variables.TERM,
    dockerChosen: Boolean(variables.DOCKER_HOST),
    variables,
  };
};

/** The XDG base directory specification says that a relative path is to be ignored. */
const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && isAbsolute(path) ? path : undefined;

export const isLanguage = (text: string): text is Language => (languages as readonly string[]).includes(text);

const languageOf = (variables: Variables): Language => {
  const locale = variables.LABS_LANG || variables.LC_ALL || variables.LC_MESSAGES || variables.LANG || '';
  return locale.toLowerCase().startsWith('ko') ? 'ko' : 'en';
};

/** NO_COLOR wins over FORCE_COLOR. An empty value counts as unset (no-color.org). */
const colorOf = ({ NO_COLOR, FORCE_COLOR, TERM }: Variables): ColorChoice => {
  if (NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return 'never';
  if (FORCE_COLOR) return 'always';
  return TERM === 'dumb' ? 'never' : 'auto';
};
