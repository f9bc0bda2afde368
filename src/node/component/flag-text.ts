// Renders flags as text: for `--help`, and for the `FLAG:` lines at the start of a log.
import { formatGoDuration } from '../../kit/duration.ts';
import type { FlagSpec, FlagSpecs, Flags } from './flags.ts';

const width = 80;
const indent = ' '.repeat(10);

/** The text of `--help`: one paragraph per flag, under its group's heading, in 80 columns. */
export const describeFlags = (specs: FlagSpecs): string => {
  const groups = new Map<string, string[]>();
  for (const [name, spec] of Object.entries(specs)) {
    const group = spec.group ?? '';
    groups.set(group, [...(groups.get(group) ?? []), describe(name, spec)]);
  }
  return [...groups].map(([group, flags]) => (group === '' ? '' : `\n${group}:\n`) + flags.join('\n')).join('\n');
};

const describe = (name: string, { type, help, default: fallback, unset, short }: FlagSpec): string => {
  const flag = `${short ? `-${short}, ` : '    '}--${name}${type === 'boolean' ? '' : ` ${type}`}`;
  const applies = fallback ?? unset;
  return `  ${flag}\n${wrap(`${help}${applies === undefined || applies === '' ? '' : ` (default ${applies})`}`)}`;
};

const wrap = (text: string): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => indent + each).join('\n');
};

/** `--name="value"` of every flag, sorted by name, as the originals log it at `-v=1`. */
export const flagValues = <S extends FlagSpecs>(
  specs: S,
  flags: Flags<S>,
  isShown = (_name: string) => true,
): string[] =>
  Object.entries<FlagSpec>(specs)
    .filter(([name]) => isShown(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, spec]) => `--${name}="${valueText(spec, flags[name])}"`);

/** A flag's value, as the originals print it. */
export const valueText = (spec: FlagSpec, value: unknown): string => {
  if (value === undefined) return spec.unset ?? zeroes[spec.type];
  if (spec.type === 'duration') return formatGoDuration(value as number);
  return spec.type === 'list' ? `[${(value as readonly string[]).join(',')}]` : String(value);
};

const zeroes: Readonly<Record<FlagSpec['type'], string>> = {
  string: '',
  boolean: 'false',
  int: '0',
  float: '0',
  list: '[]',
  duration: '0s',
};
