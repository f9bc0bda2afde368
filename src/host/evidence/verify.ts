// Looks whether evidence is unchanged and signed, and whether its facts lead to its report.
import type { KeyObject } from 'node:crypto';
import type * as z from 'zod';
import type { LabDefinition } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import { messageOf } from '../../kit/error.ts';
import { renderJson } from '../grade/report/json.ts';
import { type NamedFile, unpackFiles } from './archive.ts';
import { checkChain } from './chain.ts';
import { aboutSchema, type Content, checksSchema, factSchema, names, reportPart, studentSchema } from './content.ts';
import { parseJson } from './json.ts';
import { isScripted, type Regraded, regrade } from './regrade.ts';
import { checkSignature, type SignatureState } from './sign.ts';

/** What is wrong with evidence. `about` is a file, a check or a detail. */
export interface Problem {
  readonly code:
    | 'damaged'
    | 'changed'
    | 'missing'
    | 'extra'
    | 'moved'
    | 'manifest'
    | 'unreadable'
    | 'signature'
    | 'unsigned'
    | 'definition'
    | 'verdict'
    | 'report';
  readonly about: string;
}

export interface Opened {
  readonly files: readonly NamedFile[];
  readonly problems: readonly Problem[];
  readonly signature: SignatureState;
  /** Another program packed the same files. */
  readonly repacked: boolean;
  /** Absent: what is missing or unreadable is among the problems. */
  readonly content?: Content;
  readonly report?: Report;
}

/** Reads evidence that anybody may have made. Nothing of it is written to a disk. */
export const openEvidence = async (packed: Buffer, key?: KeyObject): Promise<Opened> => {
  const { files, damage, repacked } = await unpackFiles(packed);
  const signature = checkSignature(files, key);
  const chain = checkChain(files, [names.signature]).map(({ code, file }): Problem => ({ code, about: file }));
  const problems: Problem[] = [
    ...(damage === undefined ? [] : [{ code: 'damaged' as const, about: damage }]),
    // Of a damaged archive, the rest is missing anyway.
    ...chain.filter(({ code }) => damage === undefined || code !== 'missing'),
    ...(signature.state === 'wrong' ? [{ code: 'signature' as const, about: names.signature }] : []),
    ...(signature.state === 'unsigned' && key ? [{ code: 'unsigned' as const, about: names.signature }] : []),
  ];
  const opened = { files, signature, repacked };
  try {
    return { ...opened, problems, ...readContent(files) };
  } catch (error) {
    const { file } = error as { readonly file?: string };
    if (file === undefined) throw error;
    const known = damage !== undefined || problems.some(({ about }) => about === file);
    return { ...opened, problems: known ? problems : [...problems, { code: 'unreadable', about: file }] };
  }
};

const readContent = (files: readonly NamedFile[]): { readonly content: Content; readonly report: Report } => {
  const byName = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const read = <S extends z.ZodType>(name: string, schema: S): z.output<S> => {
    try {
      return schema.parse(parseJson(byName.get(name) ?? Buffer.alloc(0)));
    } catch (error) {
      throw Object.assign(new Error(messageOf(error)), { file: name });
    }
  };
  const facts: Content['facts'][number][] = [];
  while (byName.has(names.fact(facts.length + 1))) facts.push(read(names.fact(facts.length + 1), factSchema));
  const content: Content = {
    about: read(names.about, aboutSchema),
    student: read(names.student, studentSchema),
    facts,
    checks: read(names.checks, checksSchema),
  };
  return { content, report: read(names.report, reportPart) };
};

export interface Verification {
  readonly problems: readonly Problem[];
  readonly regraded: Regraded;
  /** Files of the lab that are not as they were. */
  readonly changedFiles: readonly string[];
  /** Checks whose verdict a script of the lab gave. Only the verdict was kept. */
  readonly scripted: readonly string[];
  /** Checks whose verdict was kept, because a fact has a secret. */
  readonly secret: readonly string[];
}

/** Grades again, and compares. @param here the definition at hand, and the hash of each of its files */
export const verifyContent = (
  { content, files }: { readonly content: Content; readonly files: readonly NamedFile[] },
  here: { readonly lab: LabDefinition; readonly files: Readonly<Record<string, string>> },
): Verification => {
  const { about, checks, facts } = content;
  const regraded = regrade(here.lab, content);
  const kept = files.find(({ name }) => name === names.report)?.bytes.toString();
  const all = [...new Set([...Object.keys(about.lab.files), ...Object.keys(here.files)])].sort();
  const problems: Problem[] = [
    ...(about.lab.digest === here.lab.digest ? [] : [{ code: 'definition' as const, about: about.lab.digest }]),
    ...regraded.refused.map((check) => ({ code: 'verdict' as const, about: check })),
    ...(renderJson(regraded.report) === kept ? [] : [{ code: 'report' as const, about: names.report }]),
  ];
  return {
    problems,
    regraded,
    changedFiles: all.filter((file) => about.lab.files[file] !== here.files[file]),
    scripted: checks
      .filter((check) => !check.verdict && check.facts.some((number) => isKeptScript(facts[number - 1])))
      .map(({ check }) => check),
    secret: checks
      .filter(({ check, verdict }) => verdict !== undefined && !regraded.refused.includes(check))
      .map(({ check }) => check),
  };
};

const isKeptScript = (fact: Content['facts'][number] | undefined): boolean => fact !== undefined && isScripted(fact);
