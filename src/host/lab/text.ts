// A task's Markdown, with the values of the lab's parameters.
import { readFile } from 'node:fs/promises';
import type { LabDefinition } from '../../api/lab.ts';
import { fillText } from './params.ts';

/** @param file the absolute path, from `text` or `debrief` of a task */
export const textOf = async (
  { params, texts }: Pick<LabDefinition, 'params' | 'texts'>,
  file: string,
): Promise<string> => fillText(texts?.[file] ?? (await readFile(file, 'utf8')), params);
