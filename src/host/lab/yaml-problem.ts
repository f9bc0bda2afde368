// Says what is wrong with a file that is no YAML: the parser names each token that it did not expect, the author made
// one mistake.
import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  visit,
  type Document as YamlDocument,
} from 'yaml';

/** A problem at an offset of the file. */
export interface YamlProblem {
  readonly offset: number;
  readonly message: string;
}

/** @returns all problems that do not follow from others: mostly one */
export const yamlProblems = (document: YamlDocument.Parsed, source: string): readonly YamlProblem[] => {
  const file = readFile(document, source);
  const twice = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  // Behind a token that fits nowhere, the parser finds mistakes that are none.
  const first = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  if (first) return [problemOf(file, first.code, first.pos[0]) ?? { offset: first.pos[0], message: plain(first) }];
  const unknown = file.nodes.find((node) => isAlias(node) && node.resolve(document) === undefined);
  if (unknown) return [badStart(file, offsetOf(unknown))];
  return twice.map(({ pos }) => ({ offset: pos[0], message: sayTwice(file, pos[0]) }));
};

interface YamlFile {
  readonly source: string;
  readonly lines: readonly string[];
  readonly counter: LineCounter;
  readonly nodes: readonly Node[];
}

const readFile = (document: YamlDocument.Parsed, source: string): YamlFile => {
  const counter = new LineCounter();
  const lines = source.split('\n').map((line) => line.replace(/\r$/, ''));
  let start = 0;
  for (const line of source.split('\n')) {
    counter.addNewLine(start);
    start += line.length + 1;
  }
  const nodes: Node[] = [];
  visit(document, { Node: (_, node) => void nodes.push(node) });
  return { source, lines, counter, nodes };
};

const offsetOf = (node: Node): number => node.range?.[0] ?? 0;

/** Without the line and the excerpt, which the parser adds. */
const plain = ({ message }: { readonly message: string }): string => message.split(' at line ')[0] ?? message;

const problemOf = (file: YamlFile, code: string, offset: number): YamlProblem | undefined => {
  const at = lineAt(file, offset);
  return (
    tab(file, at) ??
    leftOver(file, at) ??
    openQuote(file, offset) ??
    openTemplate(file, offset) ??
    openBracket(file, code, offset) ??
    byCode(file, code, offset) ??
    noField(file, at) ??
    itemColumn(file, at) ??
    indentation(file, code, at)
  );
};

/** The index of the line. */
const lineAt = ({ counter }: YamlFile, offset: number): number => counter.linePos(offset).line - 1;

const startOf = ({ counter }: YamlFile, line: number): number => counter.lineStarts[line] ?? 0;

const indentOf = (text: string): number => /^ */.exec(text)?.[0].length ?? 0;

const tab = (file: YamlFile, at: number): YamlProblem | undefined => {
  const column = (line: number): number => /^ *\t/.exec(file.lines[line] ?? '')?.[0].length ?? 0;
  if (column(at) === 0) return undefined;
  const others = file.lines.filter((_, line) => line > at && column(line) > 0).length;
  const more = others === 0 ? '' : others === 1 ? ', as is 1 line below' : `, as are ${others} lines below`;
  const message = `this line is indented with a tab${more}: YAML takes spaces only. Replace each tab by two spaces`;
  return { offset: startOf(file, at) + column(at) - 1, message };
};

const leftOver = (file: YamlFile, at: number): YamlProblem | undefined =>
  /^(<<<<<<<|=======|>>>>>>>)/.test(file.lines[at] ?? '')
    ? { offset: startOf(file, at), message: 'this line is left over from a merge conflict: remove it' }
    : undefined;

/** A quote that is not closed, or that a later one closes. */
const openQuote = (file: YamlFile, offset: number): YamlProblem | undefined => {
  const open = file.nodes.findLast((node) => {
    if (!isScalar(node) || !node.type?.startsWith('QUOTE') || !node.range) return false;
    const [start, end] = node.range;
    const isClosed = end - start > 1 && file.source[end - 1] === file.source[start];
    return start <= offset && offset <= end + 1 && (!isClosed || lineAt(file, start) < lineAt(file, end - 1));
  });
  if (!open) return undefined;
  const quote = file.source[offsetOf(open)];
  return {
    offset: offsetOf(open),
    message: `the quote that begins here is not closed in its line: ${quote} is missing`,
  };
};

/**
 * `${param:net}` without quotes inside of `{ }` or `[ ]`: the parser takes its brace for a map. A comma ends the value
 * only before the next field, because prose has commas, too.
 */
const openTemplate = ({ source }: YamlFile, offset: number): YamlProblem | undefined => {
  if (!source.startsWith('${', offset - 1)) return undefined;
  const line = source.slice(source.lastIndexOf('\n', offset) + 1, offset - 1);
  const isField = /(?:^|[{,])\s*(?:- +)?([\w-]+):\s+(?!.*[{,]\s*[\w-]+:\s)((?![[{]).*)$/.exec(line);
  const start = isField?.[2] ?? /[^[,\s][^[,]*$/.exec(line)?.[0] ?? '';
  const end = isField ? /^(?:\$\{[^}\n]*\}|[^}\]\n,]|,(?!\s*[\w-]+:\s|\s*$))*/m : /^(?:\$\{[^}\n]*\}|[^}\]\n,])*/;
  const value = `${start}${end.exec(source.slice(offset - 1))?.[0] ?? ''}`.trimEnd();
  const quoted = /["\\]/.test(value) ? `'${value.replaceAll("'", "''")}'` : `"${value}"`;
  const right = isField ? `${isField[1]}: ${quoted}` : quoted;
  return {
    offset: offset - 1 - start.length,
    message: `an unquoted \${…} cannot be in { } or [ ]: write ${right}`,
  };
};

const closers: Readonly<Record<string, string>> = { '{': '}', '[': ']' };

const openBracket = (file: YamlFile, code: string, offset: number): YamlProblem | undefined => {
  if (code !== 'BAD_INDENT' && code !== 'MISSING_CHAR') return undefined;
  const open = file.nodes.findLast((node) => isCollection(node) && node.flow === true && offsetOf(node) <= offset);
  const bracket = open && file.source[offsetOf(open)];
  const closer = closers[bracket ?? ''];
  if (!open?.range || closer === undefined || file.source[open.range[1] - 1] === closer) return undefined;
  return { offset: offsetOf(open), message: `the ${bracket} that begins here is not closed: ${closer} is missing` };
};

const byCode = (file: YamlFile, code: string, offset: number): YamlProblem | undefined => {
  const { source } = file;
  const before = source.slice(0, offset).trimEnd().at(-1);
  const character = source[offset] ?? '';
  switch (code) {
    case 'BAD_SCALAR_START':
      return badStart(file, offset);
    case 'BAD_DQ_ESCAPE': {
      const written = source.slice(offset, offset + 2);
      return { offset, message: `${written} means nothing in "…": write \\${written}, or use '…'` };
    }
    case 'MULTIPLE_DOCS':
      return { offset, message: 'a second document begins here (---), and a lab.yaml has only one' };
    case 'BLOCK_IN_FLOW':
      return { offset, message: 'a comma is missing between two fields in { … }' };
    case 'UNEXPECTED_TOKEN':
      if ('}]'.includes(character)) return { offset, message: `this ${character} closes nothing: remove it` };
      if (before !== '"' && before !== "'") return undefined;
      return {
        offset,
        message: `text stands behind the closing quote: inside of ${before}…${before}, write ${before === '"' ? '\\"' : "''"} for a quote`,
      };
    default:
      return undefined;
  }
};

const badStart = ({ source }: YamlFile, offset: number): YamlProblem => {
  const value = /^[^\n#]*/.exec(source.slice(offset))?.[0].trim() ?? '';
  return { offset, message: `a text cannot begin with ${source[offset]}: put it in quotes, '${value}'` };
};

/** A line that should be a field, but is none. */
const noField = (file: YamlFile, at: number): YamlProblem | undefined => {
  const line = file.lines[at] ?? '';
  const offset = startOf(file, at) + indentOf(line);
  const text = line.trim();
  if (/^-[^\s-]/.test(text))
    return { offset, message: `a space is missing behind the dash: write - ${text.slice(1).trim()}` };
  const [, name, value] = /^(?:- +)?([\w-]+)(?::(\S.*))?$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined)
    return { offset, message: `a space is missing behind the colon: write ${name}: ${value}` };
  if (text === '' || text.startsWith('#') || /:(\s|$)/.test(text)) return undefined;
  const [, field = text, rest = ''] = /^(?:- +)?(\S+)\s*(.*)$/.exec(text) ?? [];
  const isText = rest.split(' ').length > 3;
  const right = isText ? 'a field is a name, a colon and a value' : `write ${`${field}: ${rest}`.trim()}`;
  return { offset, message: `there is no colon in this line: ${right}` };
};

const itemColumn = (file: YamlFile, at: number): YamlProblem | undefined => {
  const isItem = (text: string): boolean => /^\s*- /.test(text);
  const above = file.lines.findLastIndex((text, index) => index < at && isItem(text));
  const [here, there] = [indentOf(file.lines[at] ?? ''), indentOf(file.lines[above] ?? '')];
  if (!isItem(file.lines[at] ?? '') || above === -1 || Math.abs(here - there) !== 1) return undefined;
  const message = `this item is ${sayIndented(here)}, and the one in line ${above + 1} by ${there}: the items of one list begin in the same column`;
  return { offset: startOf(file, at) + here, message };
};

const sayIndented = (spaces: number): string => `indented by ${spaces === 1 ? '1 space' : `${spaces} spaces`}`;

const indentation = (file: YamlFile, code: string, at: number): YamlProblem | undefined => {
  const isHere = code === 'BAD_INDENT' || code === 'MISSING_CHAR';
  const line = file.lines[at] ?? '';
  const isField = (text: string): boolean => /^\s*(- +)*[^\s#'"{[-][^\s:]*:(\s|$)/.test(text);
  const next = file.lines.findIndex((text, index) => index > at && /^\s*[^\s#]/.test(text));
  // The parser takes a field that is indented too far for a part of the value above.
  const [wrong, above] =
    !isHere && next !== -1 && indentOf(file.lines[next] ?? '') > fieldColumn(line)
      ? [next, at]
      : [at, file.lines.findLastIndex((text, index) => index < at && isField(text))];
  const text = file.lines[wrong] ?? '';
  if (!isField(text)) return undefined;
  // A value with a colon of its own.
  if (wrong === at && !isHere) {
    const [, name, value = ''] = /^\s*(?:- +)*([^\s:]+):\s+(.*)$/.exec(text) ?? [];
    const column = text.length - value.length;
    return value.includes(': ')
      ? {
          offset: startOf(file, at) + column,
          message: `the value of ${name} has a colon: put it in quotes, '${value}'`,
        }
      : undefined;
  }
  const [here, there] = [indentOf(text), fieldColumn(file.lines[above] ?? '')];
  const message = `this line is ${sayIndented(here)}, and line ${above + 1} by ${there}: the fields of one map begin in the same column`;
  return above === -1 ? undefined : { offset: startOf(file, wrong) + here, message };
};

/** The column of the field, also behind the dash of a list. */
const fieldColumn = (line: string): number => /^\s*(- +)*/.exec(line)?.[0].length ?? 0;

const sayTwice = ({ nodes, source, counter }: YamlFile, offset: number): string => {
  for (const node of nodes) {
    if (!isMap(node)) continue;
    const keys = node.items.flatMap(({ key }) => (isScalar(key) ? [key] : []));
    const again = keys.find((key) => offsetOf(key) === offset);
    const first = again && keys.find((key) => key.value === again.value);
    if (first)
      return `"${again.value}" is here a second time: it is in line ${counter.linePos(offsetOf(first)).line}, too`;
  }
  return `"${/^\S+/.exec(source.slice(offset))?.[0]}" is here a second time`;
};
