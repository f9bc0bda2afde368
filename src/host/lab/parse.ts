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
import type { Diagnostic, Problem } from './problem.ts';
import { yamlProblems } from './yaml-problem.ts';

export interface ParsedYaml {
  /** The document as plain data. */
  readonly value: unknown;
  /** What makes the file no YAML. */
  readonly errors: readonly Diagnostic[];
  /** Adds the place in the file to each problem, and sorts them by it. */
  locate(problems: readonly Problem[]): readonly Diagnostic[];
}

const emptyFile = { offset: 0, message: 'the file is empty: docs/how-to/add-a-lab.md shows how a lab begins' };

/** @param file for the diagnostics */
export const parseYaml = (source: string, file: string): ParsedYaml => {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, logLevel: 'error' });
  const isEmpty = document.contents === null && document.errors.length === 0;
  const problems = isEmpty ? [emptyFile] : yamlProblems(document, source);
  const errors = problems.map(({ offset, message }) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, message };
  });
  return {
    value: errors.length > 0 ? undefined : document.toJS(),
    errors,
    locate: (problems) =>
      problems
        .map((problem) => ({ file, ...locate(problem, document, lines), message: problem.message }))
        .sort((a, b) => a.line - b.line || a.column - b.column),
  };
};

/** Finds the line and column of a problem: of the value, or of the nearest node around it that is in the file. */
const locate = (
  problem: Problem,
  document: YamlDocument.Parsed,
  lines: LineCounter,
): { line: number; column: number } => {
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
