// Reads the YAML of a lab.yaml, and finds the places of its problems in the file.
import {
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Document as YamlDocument,
} from 'yaml';
import type { Diagnostic, Path, Problem } from './problem.ts';
import { yamlProblems } from './yaml-problem.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface ParsedYaml {
  /** The document as plain data. */
  readonly value: unknown;
  /** What makes the file no YAML. */
  readonly errors: readonly Diagnostic[];
  /** The line and column of a value, or of a field's name, from 1. */
  placeOf(path: Path, key?: string): Place;
  /** Where the text of a value begins: on the next line for a block (`|`), which is indented. */
  textAt(path: Path): Place & { readonly isBlock: boolean };
  /** Adds the place in the file to each problem, and sorts them by it. */
  locate(problems: readonly Problem[]): readonly Diagnostic[];
}

const emptyFile = { offset: 0, message: 'the file is empty: docs/authoring/tutorial.md shows how a lab begins' };

/** @param file for the diagnostics */
export const parseYaml = (source: string, file: string): ParsedYaml => {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, logLevel: 'error' });
  const isEmpty = document.contents === null && document.errors.length === 0;
  const problems = isEmpty ? [emptyFile] : yamlProblems(document, source);
  const errors = problems.map(({ offset, message }) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, message, rule: 'yaml' as const };
  });
  const placeOf = (path: Path, key?: string) =>
    locate({ path, ...(key === undefined ? {} : { key }) }, document, lines);
  return {
    placeOf,
    textAt: (path) => textAt(path, document, lines, source),
    value: errors.length > 0 ? undefined : document.toJS(),
    errors,
    locate: (problems) =>
      problems
        .map(({ path, key, message, rule = 'schema', first }) => ({
          ...{ file, ...placeOf(path, key), rule },
          message: first ? `${message}; the first is in line ${placeOf(first).line}` : message,
        }))
        .sort((a, b) => a.line - b.line || a.column - b.column),
  };
};

/** Finds the line and column of a problem: of the value, or of the nearest node around it that is in the file. */
const locate = (problem: Pick<Problem, 'path' | 'key'>, document: YamlDocument.Parsed, lines: LineCounter): Place => {
  let node: unknown = document.contents;
  let offset = rangeOf(node) ?? 0;
  for (const step of problem.path) {
    const next = childOf(node, step);
    if (!next) break;
    node = next;
    offset = rangeOf(node) ?? offset;
  }
  if (problem.key !== undefined) offset = keyOffset(node, problem.key) ?? offset;
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
};

const textAt = (path: Path, document: YamlDocument.Parsed, lines: LineCounter, source: string) => {
  const place = locate({ path }, document, lines);
  const node = document.getIn(path, true);
  const isBlock = isScalar(node) && node.type === 'BLOCK_LITERAL';
  if (!isBlock) return { ...place, isBlock };
  const first = source.split('\n').findIndex((line, index) => index >= place.line && line.trim() !== '');
  const indent = /^ */.exec(source.split('\n')[first] ?? '')?.[0].length ?? 0;
  return { line: place.line + 1, column: indent + 1, isBlock };
};

const childOf = (node: unknown, step: string | number): unknown =>
  node !== null && typeof node === 'object' && 'get' in node && typeof node.get === 'function'
    ? node.get(step, true)
    : undefined;

const rangeOf = (node: unknown): number | undefined => (node as ParsedNode | undefined)?.range?.[0];

const keyOffset = (node: unknown, key: string): number | undefined => {
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
  return rangeOf(pair?.key);
};
