// What the parser, the help and the completion of shells know about a command. The table of commands is command-table/.
import { languages } from '../../api/lab.ts';
import { both, type Words } from './messages/words.ts';

export interface CommandSpec {
  readonly name: string;
  /** In commander's notation: `<required> [optional] [several...]`. */
  readonly operands?: string;
  readonly summary: Words;
  readonly options?: readonly OptionSpec[];
  /** The command has a `--json` form, or why it has none. A `foreign` command passes `--json` on. */
  readonly json: true | 'foreign' | Words;
  /** What the help says below the options. */
  readonly remark?: Words;
  /** Without the leading `labs `. */
  readonly examples: readonly string[];
  /** The kinds of names that the operands are, in their order. Shells complete them. */
  readonly completes?: readonly NameKind[];
  /** Changes the lab, uses its cluster or helps with its tasks: refused when the time of an exam is over. */
  readonly inTime?: true;
  /** Prints a text to read, so a terminal shows it in a pager if it is longer than the screen. */
  readonly paged?: true;
  /** Concerns no running lab, so `--name` changes nothing. */
  readonly withoutLab?: true;
  /** Options after the first operand belong to the program that the command runs. */
  readonly passThrough?: true;
  /** Unknown options are operands: `labs answer 11 2 --proxy-mode`. */
  readonly freeText?: true;
  /** Everything after the command's name, and after a first `--name`, belongs to the program that the command runs. */
  readonly foreign?: true;
}

/**
 * `labs`: of the package, and running ones. `places`: machines and pods. `nodes`: of the cluster. `targets`: what
 * `labs forward` opens. A list has the words themselves.
 */
export type NameKind = 'labs' | 'running' | 'tasks' | 'places' | 'nodes' | 'units' | 'targets' | readonly string[];

/** Before its own first operand, the command takes the name of a running lab: `labs check second 4`. */
export const takesLabFirst = ({ completes: [first] = [] }: CommandSpec): boolean =>
  first === 'tasks' || first === 'places' || first === 'targets';

export interface OptionSpec {
  readonly flags: string;
  readonly help: Words;
  /** The option may be given several times. */
  readonly repeat?: true;
  readonly choices?: readonly string[];
  /** The kind of names that the value is. Shells complete them. */
  readonly completes?: NameKind;
}

const nameOption: OptionSpec = {
  flags: '--name <name>',
  completes: 'running',
  help: both('which running lab (default: the only one)', '어느 실습인지 (기본: 실행 중인 것)'),
};

/** Options of `labs` itself. Every command takes them, too. A `foreign` one takes only `--name`, as its first word. */
export const commonOptions: readonly OptionSpec[] = [
  nameOption,
  { flags: '-y, --yes', help: both('go ahead without questions', '묻지 않고 진행') },
  {
    flags: '--lang <language>',
    choices: languages,
    help: both('en or ko (default: LC_ALL, LANG)', 'en 또는 ko (기본: LC_ALL, LANG)'),
  },
  { flags: '--no-color', help: both('print no colours, like NO_COLOR', '색 없이 출력 (NO_COLOR와 같음)') },
  { flags: '--no-pager', help: both('never start a pager', '페이저 없이 출력') },
  { flags: '--debug', help: both('print stack traces of errors', '오류의 스택 추적 출력') },
];

const jsonOption: OptionSpec = {
  flags: '--json',
  help: both('print JSON, for programs', 'JSON으로 출력 (프로그램용)'),
};

/** All options that a command takes, in the order of its help. */
export const optionsOf = ({ options = [], json, foreign }: CommandSpec): readonly OptionSpec[] =>
  foreign ? [nameOption] : [...options, ...(json === true ? [jsonOption] : []), ...commonOptions];
