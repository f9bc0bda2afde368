// The commands in texts: blocks that name no machine, commands that bash cannot read, that are too wide or have gaps.
import stringWidth from 'string-width';
import { forEachChild, type ParseError, parse, type SyntaxNode } from 'unbash';
import { nearestAll } from '../../../../kit/suggest.ts';
import { type Block, blocksOf } from '../blocks.ts';
import { filled } from '../filled.ts';
import { type Finding, finding } from '../finding.ts';
import { meant } from '../meant.ts';
import type { LabSource } from '../source.ts';

const widest = 80;

export const commandRules = (source: LabSource): readonly Finding[] =>
  source.texts
    .flatMap(blocksOf)
    .flatMap((block) => [
      ...machine(block, source),
      ...(block.isClosed ? [...syntax(block), ...width(block, source), ...gaps(block)] : []),
    ]);

const machine = (block: Block, { machines }: LabSource): readonly Finding[] => {
  const { machine: name, start } = block;
  if (!block.isClosed)
    return [
      finding('fence-open', start, 'this code block is not closed: ``` is missing', '닫는 ```가 없는 코드 블록입니다'),
    ];
  if (machines.length === 0 || name === 'host' || machines.includes(name)) return [];
  const known = ['host', ...machines].join(', ');
  if (name === '')
    return [
      finding(
        'fence-machine',
        start,
        `this code block names no machine: write one of ${known} after the backticks`,
        `머신이 없는 코드 블록입니다. 백틱 뒤에 쓸 수 있는 이름: ${known}`,
      ),
    ];
  const near = meant(nearestAll(name, ['host', ...machines]));
  return [
    finding(
      'fence-machine',
      start,
      `the lab has no machine "${name}"${near.en || `: write one of ${known}`}`,
      `실습에 없는 머신: "${name}"${near.ko || ` (쓸 수 있는 이름: ${known})`}`,
    ),
  ];
};

const syntax = (block: Block): readonly Finding[] => {
  const source = block.lines.join('\n');
  // A lonely gap such as <name> is a redirection for bash. The rule `placeholder` names it.
  const [error] = [...errorsIn(source), ...openDocuments(source)].filter(({ pos }) => !isGap(source, pos));
  if (!error) return [];
  const before = source.slice(0, error.pos).split('\n');
  const spot = block.spot(before.length - 1, before.at(-1)?.length ?? 0);
  return [
    finding(
      'command-syntax',
      spot,
      `bash cannot read these commands: ${error.message}`,
      `bash가 읽지 못하는 명령입니다: ${error.message}`,
    ),
  ];
};

const errorsIn = (source: string): readonly Pick<ParseError, 'pos' | 'message'>[] => {
  const script = parse(source);
  const errors = [...(script.errors ?? [])];
  const visit = (node: SyntaxNode): void => {
    if ('errors' in node && Array.isArray(node.errors)) errors.push(...(node.errors as ParseError[]));
    forEachChild(node, visit);
  };
  forEachChild(script, visit);
  return errors.sort((a, b) => a.pos - b.pos);
};

/** bash only warns when the end of a here-document is missing, but it then takes all commands below for text. */
const openDocuments = (source: string): readonly Pick<ParseError, 'pos' | 'message'>[] => {
  const lines = source.split('\n');
  return lines.flatMap((line, row) => {
    const found = /(?<!<)<<(-?)\s*(['"]?)(\w+)\2/.exec(line);
    const [, dash = '', , word = ''] = found ?? [];
    if (!found || isInside(lines, row)) return [];
    const isEnd = (each: string): boolean => (dash === '' ? each : each.replace(/^\t+/, '')) === word;
    if (lines.slice(row + 1).some(isEnd)) return [];
    const pos = lines.slice(0, row).join('\n').length + (row === 0 ? 0 : 1) + found.index;
    return [{ pos, message: `the line ${word}, which ends the here-document, is missing` }];
  });
};

/** The line is text of a here-document that ends further below. */
const isInside = (lines: readonly string[], row: number): boolean => {
  const opened = lines.slice(0, row).findLastIndex((line) => /(?<!<)<<-?\s*['"]?\w+/.test(line));
  const word = /(?<!<)<<-?\s*['"]?(\w+)/.exec(lines[opened] ?? '')?.[1];
  if (word === undefined) return false;
  return !lines.slice(opened + 1, row).some((line) => line.trim() === word);
};

const gapPattern =
  /<[a-z][\w .-]*>|…|(?<![$\w{])(?:YOUR|MY|THE)_[A-Z_]+\b|(?<![$\w{])[A-Z]{2,}_[A-Z_]+\b(?!=)|\b(NNN+|XXX+)\b/g;

const isGap = (source: string, pos: number): boolean => {
  const line = source.slice(source.lastIndexOf('\n', pos - 1) + 1).split('\n')[0] ?? '';
  return /<[a-z][\w .-]*>/.test(line);
};

const gaps = (block: Block): readonly Finding[] =>
  block.lines.flatMap((line, row) => {
    const assigned = block.lines.join('\n');
    const found = [...line.matchAll(gapPattern)].find(([gap]) => !assigned.includes(`${gap}=`));
    if (!found) return [];
    const [gap] = found;
    return [
      finding(
        'placeholder',
        block.spot(row, found.index),
        `the student cannot paste this: ${gap} stands for something. Prefer $(…), which finds it`,
        `그대로 붙여 넣을 수 없는 명령입니다. ${gap} 대신 값을 찾는 $(…)를 쓰세요`,
      ),
    ];
  });

const width = (block: Block, { lab }: LabSource): readonly Finding[] =>
  block.lines.flatMap((line, row) => {
    const columns = stringWidth(filled(line, { lab }));
    if (columns <= widest) return [];
    return [
      finding(
        'command-width',
        block.spot(row, widest),
        `this line has ${columns} columns; a terminal shows ${widest}. Break it with \\`,
        `이 줄은 ${columns}칸이고 터미널은 ${widest}칸입니다. \\로 줄을 나누세요`,
      ),
    ];
  });
